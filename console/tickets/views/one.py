"""One ticket: how it stands, why its deadline is where it is, what happened, who can take it."""

from typing import Any, Final

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.tickets.actions import alarms
from console.tickets.models import Ticket
from console.tickets.queries import one as facts
from console.tickets.queries import tickets as reads
from console.tickets.rules.beside import beside as differences
from console.tickets.views import shares, story, why
from console.tickets.views.beside import beside
from console.tickets.views.blueprint import ROOMS, bp
from console.tickets.views.rows import CLOCK_NAMES, row_of
from console.web import htmx, live
from console.web.auth import requires

# Of what happened to a ticket so much is shown at first.
LINES: Final = 100


@bp.get("/tickets/<int:ticket_id>")
@requires(Role.VIEWER)
def show(ticket_id: int) -> Response:
    """How a ticket stands."""
    unchanged = live.not_modified(*ROOMS)
    return unchanged or htmx.page("tickets/show.html", "ticket_page", **shown(reads.get_by_id(ticket_id)))


def shown(ticket: Ticket) -> dict[str, Any]:
    """Everything that the page of a ticket shows."""
    now, around = clock.now(), beside()
    sla, events = reads.sla_of(ticket, now=now), reads.events_of([ticket.id]).get(ticket.id, [])
    row, broken = row_of(ticket, sla, now=now), facts.breaches(ticket.id)
    chosen, whole = request.args.get("clock", ""), request.args.get("timeline") == "all"
    lines = story.of(ticket, events, broken, sla)
    return {
        "ticket": ticket,
        "sla": sla,
        "row": row,
        "why": why.of(ticket, sla, events, chosen, now),
        "here": url_for(".show", ticket_id=ticket.id, clock=chosen or None, timeline="all" if whole else None),
        "story": lines if whole else lines[:LINES],
        "earlier": 0 if whole else max(0, len(lines) - LINES),
        "whole_story": url_for(".show", ticket_id=ticket.id, clock=chosen or None, timeline="all"),
        "broken": broken,
        "beside": differences(
            ticket.source_deadlines, {name: standing.due_at for name, standing in sla.clocks.items()}
        ),
        "alerts": facts.alerts(ticket.source, alarms.ENVIRONMENT, alarms.fingerprint(ticket)),
        "load": around.told.get(ticket.assignee),
        "free": [load for load in around.free if load.owner != ticket.assignee][:3],
        "may_assign": shares.may_assign(),
        "clock_names": CLOCK_NAMES,
    }
