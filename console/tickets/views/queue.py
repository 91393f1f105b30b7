"""The queue: what breaks next, first."""

from typing import Any

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.tickets.queries import lists
from console.tickets.queries import tickets as reads
from console.tickets.queries.lists import Filters
from console.tickets.rules.standing import State
from console.tickets.views.blueprint import ROOMS, bp
from console.web import live
from console.web.auth import requires
from console.web.htmx import page

WORDS = ("assignee", "priority", "organization", "policy", "source")
CHOICES = [
    ("", "Any state"),
    ("breached", "Breached"),
    ("at_risk", "At risk"),
    ("ok", "On track"),
    ("paused", "Paused"),
    ("met", "Met"),
    ("none", "No target"),
]


@bp.get("/tickets")
@requires(Role.VIEWER)
def index() -> Response:
    """Tickets by their nearest deadline."""
    return live.not_modified(*ROOMS) or page("tickets/index.html", "ticket_list", **_queue())


def read_filters() -> Filters:
    """What the address asks for; words that are no state ask nothing."""
    state = request.args.get("state", "")
    words: dict[str, Any] = {name: request.args.get(name, "").replace("\0", "").strip() or None for name in WORDS}
    return Filters(state=State(state) if state in {each.value for each in State} else None, **words)


def _queue() -> dict[str, Any]:
    filters, now = read_filters(), clock.now()
    found = lists.queue(filters, cursor=request.args.get("cursor"))
    asked: dict[str, Any] = {name: getattr(filters, name) for name in ("state", *WORDS) if getattr(filters, name)}
    return {
        "rows": list(zip(found.items, reads.slas_of(found.items, now=now), strict=True)),
        "filters": filters,
        "asked": asked,
        "choices": CHOICES,
        "later": url_for(".index", **asked, cursor=found.next_cursor) if found.next_cursor else "",
    }
