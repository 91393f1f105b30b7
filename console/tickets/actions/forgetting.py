"""Tickets that are to be forgotten."""

from datetime import datetime

from console.audit.actions import record
from console.infra import events as hooks
from console.infra.actor import Actor
from console.infra.db import db
from console.tickets.actions import alarms
from console.tickets.actions.tickets import ROOM
from console.tickets.models import Ticket


def delete(ticket: Ticket, *, by: Actor, at: datetime) -> None:
    """Forget a ticket with its events, its promises and breaches; its alert resolves."""
    alarms.resolve_all([ticket], at=at, why="the ticket was deleted")
    record("ticket.deleted", by=by, object=("ticket", ticket.id, f"{ticket.source} {ticket.external_id}"))
    db.session.delete(ticket)
    db.session.flush()
    hooks.touch(ROOM)
