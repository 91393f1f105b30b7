"""What people are told of an alert that flaps: that it does, once, and that it has settled, once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class News(StrEnum):
    """What a delivery tells instead of the alert itself."""

    FLAPPING = "flapping"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Special:
    """One such thing, with the sentence that says why."""

    news: News
    why: str


def flaps(words: str) -> Special:
    """`words` is how often it changed: "changed state 7 times in 30 minutes"."""
    return Special(News.FLAPPING, f"It {words}.")


def settled(changes: int, since: datetime, until: datetime) -> Special:
    """How often it changed in all, from the change that was one too many to the last."""
    span = f"between {since:%H:%M} and {until:%H:%M} UTC" if until > since else f"up to {until:%H:%M} UTC"
    return Special(News.SETTLED, f"It changed state {changes:,} times {span} and has been quiet since.")
