"""What a saved view may say, and those that everybody has from the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SORTS = ("worst", "recent", "oldest")
MAX_NAME = 60
# Each is a tab on the page; more would be a list to search in.
MOST = 50
# In the filter of a view: whoever looks at it.
ME = "me"


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


def fault(wanted: Wanted) -> tuple[str, str] | None:
    """The field that is wrong and a sentence, or None."""
    if not wanted.name or len(wanted.name) > MAX_NAME:
        return "name", f"A name has 1 to {MAX_NAME} characters."
    if wanted.name in {view.name for view in BUILT_IN}:
        return "name", "A view that everybody has is called so."
    if wanted.sort not in SORTS:
        return "sort", f"Choose one of {', '.join(SORTS)}."
    if not wanted.filter and wanted.sort == SORTS[0]:
        return "filter", "Narrow or sort the list first: this would be the list itself."
    return None
