"""The text of a search cut into tokens, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from console.alerts.rules.search.nodes import FIELDS, TAG, SearchError


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is the name of its group in the pattern, or AND, OR, NOT; `at` its first character."""

    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<open>\()
      | (?P<close>\))
      | (?P<field>[A-Za-z_][\w.-]*:)
      | (?P<phrase>"(?:[^"\\]|\\.)*")
      | (?P<minus>-(?=[^\s)]))
      | (?P<word>[^\s()"]+)
      | (?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """Everything but the spaces; raises SearchError at a quotation mark without its twin."""
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind == "bad":
            raise SearchError("This quotation mark is never closed.", found.start())
        if kind == "word" and found.group() in {"AND", "OR", "NOT"}:
            kind = found.group()
        if kind == "field" and text[found.end() : found.end() + 1].strip() == "" and not known(found.group()[:-1]):
            # "KeyError: 'margins'", pasted from a log, is two words; "status:" is a field without its value.
            kind = "word"
        if kind != "space":
            yield Token(kind, found.group(), found.start())


def known(name: str) -> bool:
    """Whether a search may name this field."""
    return name in FIELDS or name.startswith(TAG)
