"""The helpdesks that tickets are read from (a secret is opened here, used, and shown nowhere), and holidays."""

from console.tickets.client import sql
from console.tickets.client.errors import Trouble
from console.tickets.rules.sources.feed import Batch, Feed, Kind

__all__ = ["Trouble", "fetch", "place_of", "preview"]


def place_of(kind: Kind, url: str) -> str:
    """Where an address leads, as far as that may be shown; raises Trouble when it may not be reached or read."""
    assert kind is Kind.SQL
    return sql.place_of(url)


def fetch(feed: Feed) -> Batch:
    """The next rows after the feed's cursor; raises Trouble."""
    return sql.fetch(feed)


def preview(feed: Feed) -> Batch:
    """A few rows, from the beginning, for people to look at; raises Trouble with a fault per column."""
    return sql.preview(feed)
