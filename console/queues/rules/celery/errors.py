"""What was raised, from what Celery tells of it.

An event tells its repr, which may be of a wrapper, the result backend its type and arguments, both the traceback.
Neither a repr nor arguments are the text of an exception with a `__str__` of its own. So the traceback tells, wherever
one of its exceptions is of that type, and both ways lead to one alert. Measured with Celery 5.7: a killed child and a
hard time limit come as "ExceptionWithTraceback()", a retry without a cause as "None"; then only the traceback names
what happened.
"""

import re
from dataclasses import dataclass
from typing import Final

_REPR: Final = re.compile(r"^([A-Za-z_][\w.]*)\((.*)\)$", re.DOTALL)
# A class made in a function is called `module.function.<locals>.Name`.
_LINE: Final = re.compile(r"^([A-Za-z_]\w*(?:\.\w+|\.<locals>)*)(?:: ?(.*))?$")
_NEXT: Final = ("During handling", "The above exception", "Traceback (most", "  + Exception Group Traceback")
_MEMBER: Final = "  +-+-"
_WRAPPERS: Final = frozenset({"ExceptionWithTraceback", "ExceptionInfo", "UnpickleableExceptionWrapper"})


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception by its type, with its module where that is known, and its text."""

    kind: str | None
    message: str


def read_raised(exception: str | None, traceback: str | None) -> Raised:
    """The exception that an event or a result tells of."""
    name, inside = _named(exception or "")
    told = _told(name, traceback)
    if told is not None:
        return told
    return Raised(name, _unquoted(inside) if name else (exception or "").strip() or "Celery kept no error text")


def read_kept(kind: str, arguments: str, traceback: str | None) -> Raised:
    """The exception that the result backend keeps as a type, with its module, and its arguments as text."""
    return _told(None if kind.rpartition(".")[2] in _WRAPPERS else kind, traceback) or Raised(kind, arguments)


def _told(name: str | None, traceback: str | None) -> Raised | None:
    """What the traceback tells of it; its last exception, where nobody knows the type."""
    blocks = _raised_in(traceback or "")
    if name is None:
        return _unwrapped(blocks[-1]) if blocks else None
    return next((raised for raised in reversed(blocks) if _is(raised.kind, name)), None)


def _unwrapped(raised: Raised) -> Raised:
    """What a wrapper's text, the repr of what it holds, tells of that."""
    if raised.kind is None or raised.kind.rpartition(".")[2] not in _WRAPPERS:
        return raised
    name, inside = _named(raised.message)
    return Raised(name, _unquoted(inside)) if name else raised


def _named(exception: str) -> tuple[str | None, str]:
    found = _REPR.match(exception.strip())
    if found is None or found[1] in _WRAPPERS:
        return None, ""
    return found[1], found[2]


def _is(kind: str | None, name: str | None) -> bool:
    return kind is not None and name is not None and kind.rpartition(".")[2] == name.rpartition(".")[2]


def _raised_in(traceback: str) -> list[Raised]:
    """Each exception of a chain, in the order printed: its line is the first unindented one after frames.

    Of a group itself: its members are indented further than the bar that stands before its own lines.
    """
    found: list[Raised] = []
    lines = [line.removeprefix("  | ") for line in traceback.splitlines()]
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
        if (not line and after.startswith(_NEXT)) or line.startswith(_MEMBER):
            break
        rest.append(line)
    return rest


def _unquoted(inside: str) -> str:
    """The text of `KeyError('margins')`'s one argument, as near as a repr allows."""
    text = inside.strip().rstrip(",")
    quoted = len(text) > 1 and text[0] in "'\"" and text[-1] == text[0] and text[0] not in text[1:-1]
    return text[1:-1] if quoted else text
