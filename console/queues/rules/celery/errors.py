"""What was raised, from the two texts that Celery tells: a repr, which may be of a wrapper, and a traceback.

Measured with Celery 5.7: a killed child and a hard time limit come as "ExceptionWithTraceback()", a retry without a
cause as "None"; then only the traceback names what happened.
"""

import re
from dataclasses import dataclass
from typing import Final

_REPR: Final = re.compile(r"^([A-Za-z_][\w.]*)\((.*)\)$", re.DOTALL)
_LINE: Final = re.compile(r"^([A-Za-z_][\w.]*)(?:: ?(.*))?$")
_WRAPPERS: Final = frozenset({"ExceptionWithTraceback", "ExceptionInfo", "UnpickleableExceptionWrapper"})


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception by its type, with its module where that is known, and its text."""

    kind: str | None
    message: str


def read_raised(exception: str | None, traceback: str | None) -> Raised:
    """The exception that an event or a result tells of."""
    name, inside = _named(exception or "")
    blocks = _raised_in(traceback or "")
    if name is None and blocks:
        return blocks[-1]
    told = next((raised for raised in reversed(blocks) if _is(raised.kind, name)), None)
    if told is not None:
        return told
    return Raised(name, _unquoted(inside) if name else (exception or "").strip() or "Celery kept no error text")


def _named(exception: str) -> tuple[str | None, str]:
    found = _REPR.match(exception.strip())
    if found is None or found[1] in _WRAPPERS:
        return None, ""
    return found[1], found[2]


def _is(kind: str | None, name: str | None) -> bool:
    return kind is not None and name is not None and kind.rpartition(".")[2] == name.rpartition(".")[2]


def _raised_in(traceback: str) -> list[Raised]:
    """Each exception of a chain, in the order printed: its line is the first unindented one after frames."""
    found: list[Raised] = []
    lines = traceback.splitlines()
    for at, line in enumerate(lines[1:], 1):
        told = _LINE.match(line)
        if told and lines[at - 1].startswith(" "):
            found.append(Raised(told[1], "\n".join([told[2] or "", *_rest(lines, at + 1)]).strip()))
    return found


def _rest(lines: list[str], at: int) -> list[str]:
    """A message may go on in further lines, up to the empty one before the next traceback."""
    rest: list[str] = []
    for number, line in enumerate(lines[at:], at):
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if not line and (after.startswith(("During handling", "The above exception", "Traceback (most"))):
            break
        rest.append(line)
    return rest


def _unquoted(inside: str) -> str:
    """The text of `KeyError('margins')`'s one argument, as near as a repr allows."""
    text = inside.strip().rstrip(",")
    quoted = len(text) > 1 and text[0] in "'\"" and text[-1] == text[0] and text[0] not in text[1:-1]
    return text[1:-1] if quoted else text
