"""Tracebacks as text, read into frames: for grouping, and for the page that folds library frames.

Read are CPython 3.6 to 3.14 (carets, colours, chains, exception groups, repeated lines), what multiprocessing, Celery
and Ray quote inside, syntax errors, Jinja templates, and text that was logged with a prefix, indented or cut. The
reader never raises, and looks at each character a bounded number of times.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from console.alerts.rules.paths import compiled, from_root, place

# Longer text keeps its head (the innermost cause is printed first) and its tail (what was raised at last).
MAX_TEXT = 262_144
MAX_GROUP_DEPTH = 12
# Source lines of a frame that lost their indentation: the code and its carets.
_LOST_CODE = 2


class Frame(NamedTuple):
    """One call; `code`: its source lines; `repeated`: how many more times Python says that it recurs."""

    file: str
    line: int | None
    function: str
    code: str = ""
    repeated: int = 0

    @property
    def own(self) -> bool:
        """Whether the file lies outside the folders of libraries and was not generated."""
        return place(self.file).own

    @property
    def short(self) -> str:
        """The file from its package root."""
        return from_root(self.file)


class Raised(NamedTuple):
    """One exception of a chain. `link` says how it came about after the one before it: "", "cause" or "context"."""

    type: str
    message: str
    frames: tuple[Frame, ...]
    link: str = ""
    children: tuple[tuple["Raised", ...], ...] = ()


class Traceback(NamedTuple):
    """A chain of exceptions, innermost first as Python prints them."""

    raised: tuple[Raised, ...]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """All frames of the chain, without those of a group's children."""
        return tuple(frame for one in self.raised for frame in one.frames)


_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)(?:, in (.+))?')
_NOTEBOOK_FRAME = re.compile(r"^File ([^\s:][^\n:]*(?::[\\/][^\n:]*)?):(\d+)(?:, in ([\w.<>]+).*)?$")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TYPE = re.compile(r"^([A-Za-z_][\w.]*(?:\.<locals>[\w.]+)?(?:\([A-Za-z_][\w.]*\))?)(?:: ?(.*))?$", re.DOTALL)
_REPEATED = re.compile(r"\[Previous line repeated (\d+) more")
_CHILD = re.compile(r"\+-{4,}(?: (\d+|\.\.\.) -{4,})?")
_LINKS = (
    ("The above exception was the direct cause of the following", "cause"),
    ("During handling of the above exception, another exception", "context"),
)
_HEADER = "Traceback (most recent call last)"
_MARKS = frozenset("^~ \t-")


def parse_traceback(text: str) -> Traceback:
    """What `text` says was raised; a chain without frames, or nothing, when it is no traceback."""
    lines = _clean(text).split("\n")
    margin = next((c for c in (line.find("+-+--") for line in lines) if c >= 0), None) if "+-+--" in text else None
    return Traceback(tuple(_Reader(margin).read(lines)))


def _clean(text: str) -> str:
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT // 2]}\n{text[-MAX_TEXT // 2 :]}"
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\\n  File " in text and "\n  File " not in text:  # encoded once too often on its way
        text = text.replace("\\n", "\n").replace('\\"', '"')
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _unprefixed(text) if "\n  File " not in text and "  File " in text else text


def _unprefixed(text: str) -> str:
    """Lines without what a logger put before each of them."""
    lines = text.split("\n")
    if not any(_prefix(line).strip(" |+>") for line in lines):
        return text
    width = next(len(p) for p in map(_prefix, lines) if p.strip(" |+>"))
    return "\n".join(line[(len(_prefix(line)) or width) :] for line in lines)


def _prefix(line: str) -> str:
    at = line.find('  File "')
    return line[:at] if at > 0 else ""


class _Reader:
    """Reads the lines of one chain; `margin` is the column of a group's `|`, None where there is no group."""

    def __init__(self, margin: int | None, depth: int = 0) -> None:
        self.margin, self.depth = margin, depth
        self.done: list[Raised] = []
        self.frames: list[Frame] = []
        self.open: tuple[str, int, str] | None = None  # the frame whose source lines are being read
        self.code: list[str] = []
        self.tail: list[str] = []  # what follows the frames: the exception, and its message
        self.link = ""
        self.repeated = self.indent = self.header_indent = 0
        self.inside = False  # a quoted traceback: a cause of what was read before it

    def read(self, lines: list[str]) -> list[Raised]:
        margin, at = self.margin, 0
        while at < len(lines):
            line = lines[at]
            if margin is not None:
                if line.startswith("+-+--", margin) and self.depth < MAX_GROUP_DEPTH:
                    at = self._group(lines, at)
                    continue
                if line[margin : margin + 1] in {"|", "+"}:
                    line = line[margin + 2 :]
            self._line(line)
            at += 1
        self._finish()
        return self.done

    def _line(self, line: str) -> None:
        """One line; the order of the tests is that of how often they hold."""
        bare = line.lstrip()
        indent = len(line) - len(bare)
        if 'File "' in line and (frame := _FRAME.search(line)) and (frame[3] or not self._quoting()):
            self._frame(frame, frame.start())
        elif self.open and indent > self.indent and bare and not self.tail:
            self._below_frame(bare)
        elif not bare:
            if self.tail:
                self.tail.append("")
        elif _HEADER in line:
            self._header(indent)
        elif bare.startswith("File ") and (frame := _NOTEBOOK_FRAME.match(bare.rstrip())):
            self._frame(frame, indent)
        elif bare.startswith(("The above", "During handling")) and (link := _link(bare)):
            self._finish()
            self.link = link
        else:
            self.tail.append(line)

    def _below_frame(self, bare: str) -> None:
        if bare.startswith("[Previous line repeated") and (again := _REPEATED.match(bare)):
            self.repeated = int(again[1][:9])
        elif not _MARKS.issuperset(bare):
            self.code.append(bare)

    def _header(self, indent: int) -> None:
        if self.open and self._is_exception():  # a second traceback that no sentence links: quoted in a message
            self._finish()
            self.inside = True
        elif self.open:
            self._finish()
        self.tail = []
        self.header_indent = indent

    def _frame(self, found: "re.Match[str]", indent: int) -> None:
        if self.open:
            if self.tail:
                self._interrupted(indent)
            self._close_frame()
        self.tail = []
        self.indent = indent
        file, line, function = found.groups()
        self.open = (file, int(line[:9]), function.rstrip() if function else "")

    def _interrupted(self, indent: int) -> None:
        """A frame after lines that were no code: code that lost its indentation, a cut, or a quoted traceback."""
        if indent <= self.header_indent and len(self.tail) <= _LOST_CODE:
            self.code = ["\n".join(self.tail).strip()]
        elif self._is_exception():
            self._finish()
            self.inside = True

    def _quoting(self) -> bool:
        """Whether a message is being read, in which a file and a line are no frame."""
        return bool(self.tail and self.open) and self._is_exception()

    def _close_frame(self) -> None:
        if self.open:
            self.frames.append(Frame(*self.open, "\n".join(self.code), self.repeated))
            self.open, self.code, self.repeated = None, [], 0

    def _is_exception(self) -> bool:
        return any(_TYPE.match(line.strip()) for line in self.tail[:1])

    def _finish(self, children: tuple[tuple[Raised, ...], ...] = ()) -> None:
        """Closes the exception that was being read."""
        self._close_frame()
        kind, message = _type_and_message(self.tail)
        if self.frames or children or (kind and not kind.endswith("RemoteTraceback")):
            raised = Raised(kind, message, tuple(self.frames), self.link, children)
            self.done.insert(len(self.done) - self.inside, raised)
        self.frames, self.tail, self.link, self.inside = [], [], "", False

    def _group(self, lines: list[str], at: int) -> int:
        """Reads the children of a group that begin at line `at`; the index of the line after them."""
        column = (self.margin or 0) + 2
        children: list[list[str]] = []
        first = at
        while at < len(lines) and (at == first or (not lines[at][:column].strip() and lines[at][column:].strip())):
            mark = _CHILD.match(lines[at], column)
            if mark:
                children += [[]] if mark[1] else []
            elif children:
                children[-1].append(lines[at])
            at += 1
        self._finish(tuple(tuple(_Reader(column, self.depth + 1).read(child)) for child in children))
        return at


def _link(bare: str) -> str:
    return next((link for start, link in _LINKS if bare.startswith(start)), "")


def _type_and_message(tail: list[str]) -> tuple[str, str]:
    """The exception's own line and what follows it."""
    for at, line in enumerate(tail[:4]):
        found = _TYPE.match(line.strip())
        if found:
            rest = "\n".join([found[2] or "", *tail[at + 1 :]])
            return found[1], rest.strip().removesuffix('"""').rstrip()
    return "", "\n".join(tail).strip()


def own_frames(raised: Raised) -> Iterator[Frame]:
    """The frames that count for grouping: own, and no comprehension, lambda or generated function."""
    for frame in raised.frames:
        function = frame.function
        if not place(frame.file).own or (function.endswith(">") and function != "<module>"):
            continue
        if "." not in function or not compiled(frame.file, function):
            yield frame
