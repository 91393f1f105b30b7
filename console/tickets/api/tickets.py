"""Tickets over the API: kept by their sources, read as they stand."""

from flask import Response, make_response

from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import Fault, Invalid
from console.tickets import forms
from console.tickets.actions import assigning, forgetting
from console.tickets.actions import tickets as actions
from console.tickets.api.schemas import AssignmentOut, QueueIn, TicketAssignmentIn, TicketDetail, TicketOut, TicketPage
from console.tickets.api.shared import bp, reply
from console.tickets.forms import TicketIn
from console.tickets.models import Ticket
from console.tickets.queries import lists
from console.tickets.queries import tickets as reads
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe


@bp.get("/tickets")
@requires_scope(Scope.READ)
@describe("Tickets by their nearest deadline, those without one last", query=QueueIn, reply=TicketPage)
def list_tickets() -> Response:
    """A page of the queue."""
    wanted, now = query(QueueIn), clock.now()
    page = lists.queue(wanted.filters(), limit=wanted.limit, cursor=wanted.cursor)
    slas = reads.slas_of(page.items, now=now)
    items = [TicketOut.of(ticket, sla) for ticket, sla in zip(page.items, slas, strict=True)]
    return reply(TicketPage(items=items, next_cursor=page.next_cursor))


@bp.post("/tickets/assignments")
@requires_scope(Scope.WRITE)
@describe(
    "Give open tickets to somebody, or to nobody; their helpdesk is not told",
    body=TicketAssignmentIn,
    reply=AssignmentOut,
)
def assign_tickets() -> Response:
    """Those that are resolved, gone or theirs already are left."""
    wanted = body(TicketAssignmentIn)
    done = assigning.assign(wanted.ids, wanted.assignee, by=current_actor(), at=clock.now())
    return reply(AssignmentOut(assigned=done.changed, left=done.left))


@bp.get("/tickets/<source>/<path:external_id>")
@requires_scope(Scope.READ)
@describe("One ticket, its events and how it stands", reply=TicketDetail)
def get_ticket(source: str, external_id: str) -> Response:
    """One ticket."""
    return reply(_shown(reads.get(source, external_id)))


@bp.put("/tickets/<source>/<path:external_id>")
@requires_scope(Scope.INGEST)
@describe("Keep a ticket: fields that are left out stay, events add up", body=TicketIn, reply=TicketDetail)
def put_ticket(source: str, external_id: str) -> Response:
    """Its clocks are counted when this answers."""
    now = clock.now()
    wanted = body(TicketIn).wanted(forms.name(source, "source"), _external(external_id), now=now)
    (kept,) = actions.put([wanted], at=now)
    return reply(_shown(kept.ticket), 201 if kept.new else 200)


@bp.delete("/tickets/<source>/<path:external_id>")
@requires_scope(Scope.ADMIN)
@describe("Forget a ticket, its events and the record of its breaches; its alert resolves", status=204)
def delete_ticket(source: str, external_id: str) -> Response:
    """Sent again by its source, it is a new one."""
    forgetting.delete(reads.get(source, external_id), by=current_actor(), at=clock.now())
    return make_response("", 204)


def _shown(ticket: Ticket) -> TicketDetail:
    events = reads.events_of([ticket.id]).get(ticket.id, [])
    return TicketDetail.whole(ticket, reads.sla_of(ticket, now=clock.now()), events)


def _external(text: str) -> str:
    if not text.strip() or len(text) > forms.ID_MOST or not text.isprintable():
        raise Invalid(
            "This is no key of a ticket.", errors=[Fault("/external_id", "1 to 200 printable characters, no more.")]
        )
    return text
