"""One ticket: its clocks and what happened to it."""

from typing import Any

from flask import Response

from console.infra import clock
from console.infra.actor import Role
from console.tickets.models import Ticket
from console.tickets.queries import tickets as reads
from console.tickets.views.blueprint import ROOMS, bp
from console.web import live
from console.web.auth import requires
from console.web.htmx import page


@bp.get("/tickets/<int:ticket_id>")
@requires(Role.VIEWER)
def show(ticket_id: int) -> Response:
    """How a ticket stands."""
    return live.not_modified(*ROOMS) or page("tickets/show.html", "ticket_page", **shown(reads.get_by_id(ticket_id)))


def shown(ticket: Ticket) -> dict[str, Any]:
    """Everything that the page of a ticket shows."""
    events = reads.events_of([ticket.id]).get(ticket.id, [])
    return {
        "ticket": ticket,
        "sla": reads.sla_of(ticket, now=clock.now()),
        "events": sorted(events, key=lambda event: event.order, reverse=True),
    }
