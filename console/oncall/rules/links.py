"""What a one-tap link carries, before it is signed."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Link:
    """For which delivery, for whom (ids), and until when, to the second."""

    delivery: int
    user: int
    until: datetime


def written(link: Link) -> str:
    """As short text: links are typed off screens now and then."""
    return f"{link.delivery}.{link.user}.{int(link.until.timestamp())}"


def read(text: str) -> Link | None:
    """The link that `written` made; None for anything else."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):  # noqa: PLR2004
        return None
    delivery, user, until = (int(part) for part in parts)
    return Link(delivery, user, datetime.fromtimestamp(min(until, 2**40), UTC))
