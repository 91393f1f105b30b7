"""The helpdesks that tickets are read from. A secret is opened here, used, and shown nowhere."""

from types import ModuleType
from typing import Final

from console.tickets.client import sql, zammad
from console.tickets.client.errors import Trouble
from console.tickets.rules.sources.feed import Batch, Feed, SourceKind

__all__ = ["Trouble", "fetch", "place_of", "preview"]

READERS: Final[dict[SourceKind, ModuleType]] = {SourceKind.SQL: sql, SourceKind.ZAMMAD: zammad}


def place_of(kind: SourceKind, url: str) -> str:
    """Where an address leads, as far as that may be shown; raises Trouble when it may not be reached or read."""
    found: str = READERS[kind].place_of(url)
    return found


def fetch(feed: Feed) -> Batch:
    """The next rows after the feed's cursor; raises Trouble."""
    found: Batch = READERS[feed.kind].fetch(feed)
    return found


def preview(feed: Feed) -> Batch:
    """A few rows, from the beginning, for people to look at; raises Trouble with a fault per column."""
    found: Batch = READERS[feed.kind].preview(feed)
    return found
