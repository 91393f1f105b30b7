"""What a search is made of: its fields and the parts of its tree."""

from dataclasses import dataclass

MAX_LENGTH = 2_000
MAX_DEPTH = 20
MAX_TERMS = 50

TEXTS = frozenset({
    "service", "environment", "task", "exception_type", "title", "message", "source", "fingerprint", "assignee",
    "acknowledged_by",
})  # fmt: skip
WORDS = frozenset({"status", "severity"})
NUMBERS = frozenset({"id", "count", "count_since_open", "reopened_count"})
TIMES = frozenset({"first_seen", "last_seen", "opened_at", "acknowledged_at", "snoozed_until", "resolved_at"})
FLAGS = frozenset({"silenced"})
FIELDS = TEXTS | WORDS | NUMBERS | TIMES | FLAGS
TAG = "tags."


class SearchError(ValueError):
    """Bad grammar; `position` counts characters from 0."""

    def __init__(self, detail: str, position: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.position = position


@dataclass(frozen=True, slots=True)
class Words:
    """Text to find in title, task or message, `*` standing for anything unless it was `quoted`.

    `hints` are parts of it by which it is looked for first, where some are known to be rare.
    """

    text: str
    quoted: bool
    at: int
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """`field:value`; `operator` is one of `=`, `<`, `<=`, `>`, `>=`."""

    field: str
    operator: str
    value: str
    quoted: bool
    at: int


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"


Node = Words | Match | All | Any | Not


def like(text: str, *, quoted: bool) -> str:
    r"""The LIKE pattern (escape `\`) for a text, `*` standing for anything unless quoted."""
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped if quoted else escaped.replace("*", "%")
