"""Views of the queue that everybody has from the start, and who may share one."""

from console.alerts.rules.views import ME, Listing, Wanted

BUILT_IN = (
    Wanted("Mine", {"assignee": ME}, "due", None),
    Wanted("Of nobody", {"assignee": "none"}, "due", None),
    Wanted("Waiting", {"state": "paused"}, "due", None),
)
TICKETS = Listing(
    "tickets", ("due",), frozenset({"Next to break", *(view.name for view in BUILT_IN)}), ("manager", "responder")
)
