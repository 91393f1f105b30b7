"""What a saved view may say, which lists have them, and those that everybody has from the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_NAME = 60
# Each is a tab on the page; more would be a list to search in.
MOST = 50
# In the filter of a view: whoever looks at it.
ME = "me"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with saved views. The first of its orders is the usual one.

    `taken` are the names of views that everybody has, `sharers` the roles that may share one.
    """

    name: str
    sorts: tuple[str, ...]
    taken: frozenset[str]
    sharers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A view as somebody wants it; `filter` holds the list's own parameters; `owner` None means shared."""

    name: str
    filter: Mapping[str, Any]
    sort: str
    owner: str | None


BUILT_IN = (
    Wanted("Mine", {"assignee": ME}, "worst", None),
    Wanted("Open critical", {"status": "open", "severity": "critical"}, "worst", None),
    Wanted("Unacknowledged over 1 h", {"status": "open", "q": "opened_at:>1h"}, "worst", None),
    Wanted("Oldest acknowledged", {"status": "acknowledged"}, "oldest", None),
)
ALERTS = Listing(
    "alerts", ("worst", "recent", "oldest"), frozenset(view.name for view in BUILT_IN), sharers=("responder",)
)


def fault(listing: Listing, wanted: Wanted) -> tuple[str, str] | None:
    """The field that is wrong and a sentence, or None."""
    if not wanted.name or len(wanted.name) > MAX_NAME:
        return "name", f"A name has 1 to {MAX_NAME} characters."
    if wanted.name in listing.taken:
        return "name", "A view that everybody has is called so."
    if wanted.sort not in listing.sorts:
        return "sort", f"Choose one of {', '.join(listing.sorts)}."
    if not wanted.filter and wanted.sort == listing.sorts[0]:
        return "filter", "Narrow or sort the list first: this would be the list itself."
    return None
