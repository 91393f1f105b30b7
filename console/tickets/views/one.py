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
    counted, broken = reads.counted(ticket, now=now, book=around.book), facts.breaches(ticket.id)
    sla, row = counted.sla, row_of(ticket, counted.sla, now=now)
    chosen, whole = request.args.get("clock", ""), request.args.get("timeline") == "all"
    told = story.of(ticket, counted.events, broken, sla, most=None if whole else LINES)
    return {
        "ticket": ticket,
        "sla": sla,
        "row": row,
        "why": why.of(counted, chosen, now),
        "here": url_for(".show", ticket_id=ticket.id, clock=chosen or None, timeline="all" if whole else None),
        "story": told.lines,
        "earlier": told.earlier,
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
