"""Tickets that are to be forgotten."""

from datetime import datetime

from console.audit.actions import record
from console.infra import events as hooks
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import NotFound
from console.tickets.actions import alarms
from console.tickets.actions.tickets import ROOM
from console.tickets.models import Ticket
from console.tickets.queries import tickets as reads


def delete(ticket: Ticket, *, by: Actor, at: datetime) -> None:
    """Forget a ticket with its events, its promises and breaches; its alert resolves.

    Raises NotFound when somebody else was faster.
    """
    # Before its alert, as whoever tells of it locks them.
    if not reads.locked({(ticket.source, ticket.external_id)}):
        raise NotFound("This ticket has just been deleted.")
    alarms.resolve_all([ticket], at=at, why="the ticket was deleted")
    record("ticket.deleted", by=by, object=("ticket", ticket.id, f"{ticket.source} {ticket.external_id}"))
    db.session.delete(ticket)
    db.session.flush()
    hooks.touch(ROOM)
