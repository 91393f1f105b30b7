"""The room's tables."""

from console.tickets.models.outcome import OutcomeChange, SlaOutcome, SlaSum
from console.tickets.models.promise import CalendarVersion, PolicyVersion, SlaCalendar, SlaPolicy
from console.tickets.models.rebuild import Rebuild
from console.tickets.models.source import ImportReject, SourceWant, TicketImport, TicketSource
from console.tickets.models.ticket import SlaBreach, Ticket, TicketEvent

__all__ = [
    "CalendarVersion",
    "ImportReject",
    "OutcomeChange",
    "PolicyVersion",
    "Rebuild",
    "SlaBreach",
    "SlaCalendar",
    "SlaOutcome",
    "SlaPolicy",
    "SlaSum",
    "SourceWant",
    "Ticket",
    "TicketEvent",
    "TicketImport",
    "TicketSource",
]
