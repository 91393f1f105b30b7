"""One thing that another system says: that something fails, or that it is over."""

from dataclasses import dataclass
from datetime import datetime

from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity

# What senders call severities, in the field's own words.
WORDS = {
    Severity.CRITICAL: "critical crit fatal emergency emerg alert page disaster blocker p1 sev1",
    Severity.ERROR: "error err high major p2 sev2",
    Severity.WARNING: "warning warn average medium minor moderate p3 sev3",
    Severity.INFO: "info information informational notice low none ok debug p4 p5 sev4 sev5",
}
_RANKS = {word: severity for severity, words in WORDS.items() for word in words.split()}


class Unreadable(ValueError):
    """A body that is not what the sender should send; the text says why. Sending it again would not help."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`failure` says what it is about, and opens or recurs the alert unless it is `over`.

    `key` names this very message, so that the same one sent again changes nothing; None when it cannot be told from
    another. An ending is `as_of` the failure that it ends: one that the alert has had since is not over by it.
    """

    failure: Failure
    over: bool = False
    key: str | None = None
    as_of: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A whole body, read: its notices, and how many of its parts mean nothing to the console."""

    notices: tuple[Notice, ...]
    ignored: int = 0


def severity(word: object) -> Severity:
    """What a sender's word for how bad it is means; an unknown one is an error."""
    return _RANKS.get(words(word).lower(), Severity.ERROR)


def instant(text: object, *, at: datetime) -> datetime | None:
    """An RFC 3339 time; None when there is none, or when it is a zero or far from the present."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or not 2000 <= found.year <= at.year + 1:  # noqa: PLR2004 - as for failures
        return None
    return found.astimezone(at.tzinfo)


def words(value: object, limit: int = 500) -> str:
    """A text on one line, or nothing."""
    return " ".join(str(value).split())[:limit] if isinstance(value, str | int | float) else ""


def text(value: object, limit: int = 10_000) -> str:
    """A text as it is, or nothing."""
    return str(value).strip()[:limit] if isinstance(value, str | int | float) else ""
