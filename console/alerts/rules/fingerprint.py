"""What makes two failures one alert: the default fingerprint and what it was made of.

One cause is a type and the own frames that led to it, or a type and its normalised message where no own frame is seen.
The rules are CONTRACTS' paragraph "Grouping"; line numbers, library frames and messages beside own frames never count.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from console.alerts.rules.messages import normalise_message
from console.alerts.rules.once import without_message
from console.alerts.rules.paths import from_root, place, root_of
from console.alerts.rules.tracebacks import Frame, Raised, own_frames, parse_traceback
from console.alerts.rules.wrappings import unwrapped

# Hashed with everything: a new number groups anew, on purpose.
VERSION = "3"
DEFAULT = "{{ default }}"

Chain = Sequence[Raised]


class Fingerprint(NamedTuple):
    """`value`: 16 hex digits, the same in every process and release. `basis`: what it is made of, for people."""

    value: str
    basis: tuple[str, ...]


def fingerprint(
    *,
    task: str,
    exception_type: str | None = None,
    message: str | None = None,
    traceback: str | None = None,
    override: str | Sequence[str] | None = None,
) -> Fingerprint:
    """The fingerprint of a failure; `override` (a word or a list) replaces the default.

    In a list, `{{ default }}` stands for the default, so that a sender can split a group further. Never raises.
    """
    words = [override] if isinstance(override, str) else list(override or ())
    if not any(word.strip() for word in words):
        return _default(task, exception_type or "", message or "", traceback or "")
    basis: list[str] = ["sent with the failure"]
    for word in words:
        if re.fullmatch(r"\{\{\s*default\s*\}\}", word.strip()):
            basis += _default(task, exception_type or "", message or "", traceback or "").basis
        else:
            basis.append(word)
    return _hashed(tuple(basis), _home(task))


def _home(task: str) -> str:
    """The task's own package as a folder. It never counts: some deployments put the project's folder in its place."""
    return f"{_task(task).replace(':', '.').partition('.')[0]}/"


def _hashed(basis: tuple[str, ...], home: str) -> Fingerprint:
    at_home = f"frame {home}"
    parts = (f"frame {part[len(at_home) :]}" if part.startswith(at_home) else part for part in basis)
    material = "\x1f".join((VERSION, *parts)).encode("utf-8", "backslashreplace")
    return Fingerprint(blake2b(material, digest_size=8).hexdigest(), basis)


# A storm repeats the same few texts, so remembering the last ones pays; long ones would cost more memory than time.
_REMEMBERED = 16_384


def _default(task: str, kind: str, message: str, traceback: str) -> Fingerprint:
    if len(message) + len(traceback) > _REMEMBERED:
        return _compute(task, kind, message, traceback)
    template = without_message(traceback)
    found = _by_frames(task, kind, template) if template else None
    return found or _remembered(task, kind, message, traceback)


def _compute(task: str, kind: str, message: str, traceback: str) -> Fingerprint:
    chain = parse_traceback(traceback).raised if traceback else ()
    if not any(one.frames or one.children for one in chain):
        chain = (Raised(_type_of_text(chain), traceback, ()),) if traceback and not message else ()
    kind = plain_type(kind)
    roots = _roots(task, kind, chain)
    causes = _causes(chain, kind, message, roots) if chain else {(f"type {kind}", f"message {_message(kind, message)}")}
    return _hashed((f"task {_task(task)}", *(part for cause in sorted(causes) for part in cause)), _home(task))


_remembered = lru_cache(maxsize=1024)(_compute)


@lru_cache(maxsize=1024)
def _by_frames(task: str, kind: str, template: str) -> Fingerprint | None:
    """Where frames decide, messages do not count: failures that differ in their message only are read once."""
    found = _compute(task, kind, "", template)
    return None if any(part.startswith("message ") for part in found.basis) else found


def _type_of_text(chain: Chain) -> str:
    return chain[-1].type if chain else ""


def _task(task: str) -> str:
    """The task's name; some senders add the arguments of the call."""
    return task.split("(", 1)[0].strip() if task.endswith(")") else task.strip()


_CLASS = re.compile(r"<(?:class|type|enum) '([^']+)'>")


def plain_type(kind: str) -> str:
    """A type's name with its module, however it was sent: `<class 'x.Y'>`, `builtins.Y`, `Y(2, 'no')`."""
    kind = kind.strip()
    if found := _CLASS.fullmatch(kind):
        kind = found[1]
    kind = kind.split(":", 1)[0].replace("<locals>.", "")
    if "(" in kind and not re.fullmatch(r"[\w.]+\([A-Za-z_][\w.]*\)", kind):
        kind = kind.split("(", 1)[0]
    return kind.strip().removeprefix("builtins.").removeprefix("exceptions.")


def _qualified(sent: str, printed: str) -> str:
    """The type of what was raised last: as printed, which has the module, unless another one was sent with it."""
    if not sent or not printed:
        return sent or printed
    if sent.rpartition(".")[2] != printed.rpartition(".")[2]:
        return f"{sent} printed as {printed}"
    # Celery's JSON results rebuild a type they cannot import under this module.
    known = [k for k in (printed, sent) if not k.startswith("celery.backends.base.")] or [printed]
    return max(known, key=lambda k: k.count("."))


class Roots(NamedTuple):
    """What a failure says about where its files are imported from: top-level packages, and the task's own root."""

    packages: tuple[str, ...]
    root: str


def _roots(task: str, kind: str, chain: Chain) -> Roots:
    name = _task(task).replace(":", ".")
    names = [name, kind, *(one.type for one in chain)]
    packages = tuple(sorted({first for n in names if (first := n.partition(".")[0]) != n and first}))
    found = (root_of(frame.file, name, packages) for one in chain for frame in own_frames(one))
    return Roots(packages, next((root for root in found if root), ""))


_TIMEOUT = re.compile(r"time_?d?_?(?:out|limit)|deadline", re.IGNORECASE)
_CANCELLED = frozenset({"CancelledError", "Cancelled", "GreenletExit"})


def _last_part(kind: str) -> str:
    return kind.rpartition(".")[2]


def _waited_in_library(one: Raised) -> bool:
    """Whether this is a time-out that a library raised while own code waited for it."""
    if not _TIMEOUT.search(_last_part(one.type)) or not one.frames:
        return False
    return not place(one.frames[-1].file).own


def _owns(one: Raised) -> bool:
    if any(True for _ in own_frames(one)):
        return True
    return any(_owns(inner) for child in one.children for inner in child)


def _decisive(chain: Chain) -> Raised:
    """The exception of a chain that tells its cause: the innermost with own frames.

    A time-out in a library counts where it was awaited: what it interrupted or cancelled is chance.
    """
    last = chain[-1]
    if len(chain) == 1:
        return last
    owners = [one for one in chain if _owns(one)]
    if not owners or (last is owners[-1] and _waited_in_library(last)):
        return last
    return next((one for one in owners if _last_part(one.type) not in _CANCELLED), owners[0])


def _causes(chain: Chain, kind: str, message: str, roots: Roots) -> set[tuple[str, ...]]:
    """The causes of a chain: one, or those of a group's children, whatever their number and order."""
    one = _decisive(chain)
    if one.children:
        return {cause for child in _failed(one.children) for cause in _causes(child, "", "", roots)}
    printed = plain_type(one.type)
    kind = _qualified(kind, printed) if one is chain[-1] else printed
    frames = _path(one, roots)
    if frames:
        return {(f"type {kind}", *(f"frame {frame}" for frame in frames))}
    return {(f"type {kind}", f"message {_message(kind, message or one.message)}")}


def _failed(children: Sequence[Chain]) -> list[Chain]:
    """The children that failed themselves, without siblings that were cancelled because of them."""
    some = [child for child in children if child]
    return [child for child in some if _last_part(child[-1].type) not in _CANCELLED] or some


def _message(kind: str, message: str) -> str:
    """A type with a module names its library, and so the kind of server; a built-in one does not."""
    return normalise_message(unwrapped(kind, message), servers="." not in kind)


def _path(one: Raised, roots: Roots) -> list[str]:
    """The own frames that count, each as `file in function`."""
    frames = list(own_frames(one))
    if not frames:
        return []
    names = [_name(frame, roots) for frame in frames]
    if _waited_in_library(one):
        return names[-1:]
    if _last_part(one.type) == "RecursionError":
        return _recursion(names, frames)
    return _without_loops(names)


def _name(frame: Frame, roots: Roots) -> str:
    function = frame.function.replace("<locals>.", "")
    return f"{from_root(frame.file, roots.packages, roots.root)} in {function or '<syntax>'}"


def _without_loops(names: list[str]) -> list[str]:
    """The way without its detours: where a frame comes again, what lay between was recursion."""
    way: list[str] = []
    at: dict[str, int] = {}
    for name in names:
        if name in at:
            for dropped in way[at[name] + 1 :]:
                del at[dropped]
            del way[at[name] + 1 :]
        else:
            at[name] = len(way)
            way.append(name)
    return way


def _recursion(names: list[str], frames: list[Frame]) -> list[str]:
    """The way into a recursion that met its limit, and its cycle; where in it the limit was met is chance."""
    counts = Counter(names)
    for name, frame in zip(names, frames, strict=True):
        counts[name] += frame.repeated
    cycle = [name for name in dict.fromkeys(names) if counts[name] > 1]
    return names[: names.index(cycle[0])] + cycle if cycle else names
