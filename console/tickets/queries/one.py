"""What the page of one ticket shows beside its clocks: its broken promises and its alert."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from console.alerts.models import Alert
from console.infra.db import db
from console.tickets.models import CalendarVersion, PolicyVersion, SlaBreach, SlaCalendar, SlaPolicy


@dataclass(frozen=True, slots=True)
class Broken:
    """A breach with the names and numbers of the versions that it was counted under."""

    breach: SlaBreach
    policy: str
    policy_number: int
    calendar: str
    calendar_number: int


def breaches(ticket_id: int) -> list[Broken]:
    """The record of a ticket's broken promises, the oldest first."""
    rows = (
        select(SlaBreach, SlaPolicy.name, PolicyVersion.number, SlaCalendar.name, CalendarVersion.number)
        .join(PolicyVersion, PolicyVersion.id == SlaBreach.policy_version_id)
        .join(SlaPolicy, SlaPolicy.id == PolicyVersion.policy_id)
        .join(CalendarVersion, CalendarVersion.id == SlaBreach.calendar_version_id)
        .join(SlaCalendar, SlaCalendar.id == CalendarVersion.calendar_id)
        .where(SlaBreach.ticket_id == ticket_id)
        .order_by(SlaBreach.due_at, SlaBreach.id)
    )
    return [Broken(*row) for row in db.session.execute(rows)]


def alerts(service: str, environment: str, fingerprint: str) -> Sequence[Alert]:
    """The alert that tells of a ticket, if one was raised."""
    mine = (Alert.service == service, Alert.environment == environment, Alert.fingerprint == fingerprint)
    return db.session.scalars(select(Alert).where(*mine)).all()
