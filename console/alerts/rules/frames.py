"""A Python traceback taken apart for reading: own frames, runs of library frames, what was raised.

Nothing is lost: text that is no frame comes through as it stands. Grouping reads tracebacks for itself, more closely.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from console.alerts.rules.paths import place

_FRAME = re.compile(r'\s*File "(?P<file>.+?)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_GROUP_RULE = re.compile(r"^\s*(?:\| ?|\+ (?=Exception Group)|\+-+.*$)")
_HEADS = ("Traceback (most recent call last)", "Exception Group Traceback (most recent call last)")
_CARETS = re.compile(r"^\s*[~^]+\s*$")
_LIBRARY = re.compile(r"(?:^|(?<=[/\\]))(?:site-packages|dist-packages|lib[/\\]python\d[^/\\]*)[/\\]|^<", re.IGNORECASE)
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_PARTS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One call: `file` as it is shown, the line's number and, if it was sent, its source."""

    file: str
    line: int
    function: str
    source: tuple[str, ...] = ()
    own: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a traceback.

    `kind`: "own" (one frame), "library" (frames), "raised" (what was raised, or any other text) or "chained" (the
    sentence between two tracebacks).
    """

    kind: str
    frames: tuple[Frame, ...] = ()
    lines: tuple[str, ...] = ()


def read(traceback: str) -> list[Part]:
    """The parts of `traceback`, in its order; empty for an empty text."""
    items = list(_items(traceback.splitlines()))
    parts: list[Part] = []
    for kind, run in groupby(items, key=_kind):
        found = list(run)
        if kind == "own":
            parts.extend(Part("own", frames=(frame,)) for frame in found if isinstance(frame, Frame))
        elif kind == "library":
            parts.append(Part("library", frames=tuple(frame for frame in found if isinstance(frame, Frame))))
        else:
            parts.append(Part(kind, lines=tuple(text for text in found if isinstance(text, str))))
    return parts


def is_own(path: str) -> bool:
    """Whether a file belongs to the team: by where it lies, never by its name."""
    return place(path).own


def shown(path: str) -> str:
    """A path short enough to read: a library's from its package on, otherwise its last three parts."""
    tail = _LIBRARY.split(path.replace("\\", "/"))[-1] if not path.startswith("<") else path
    return "/".join([part for part in tail.split("/") if part][-_PARTS_SHOWN:])


def _kind(item: Frame | str) -> str:
    if isinstance(item, str):
        return "chained" if item.lstrip().startswith(_CHAINED) else "raised"
    return "own" if item.own else "library"


def _items(lines: list[str]) -> Iterator[Frame | str]:
    at = 0
    while at < len(lines):
        line = _GROUP_RULE.sub("", lines[at])
        match = _FRAME.match(line)
        at += 1
        if match is not None:
            frame, at = _frame(match, lines, at)
            yield frame
        elif line.strip() and not line.lstrip().startswith(_HEADS):
            yield line.rstrip()


def _frame(match: re.Match[str], lines: list[str], at: int) -> tuple[Frame, int]:
    """The frame with the source lines that follow it, and where to read on."""
    source: list[str] = []
    indent = len(match.group(0)) - len(match.group(0).lstrip())
    while at < len(lines):
        line = _GROUP_RULE.sub("", lines[at])
        if not line.strip() or len(line) - len(line.lstrip()) <= indent or _FRAME.match(line):
            break
        if not _CARETS.match(line):
            source.append(line.strip())
        at += 1
    path = match["file"]
    function = match["function"] or "<module>"
    return Frame(shown(path), int(match["line"]), function, tuple(source), own=is_own(path)), at
