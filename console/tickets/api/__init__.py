"""The JSON API of tickets, business calendars and SLA policies."""

from console.tickets.api import (
    batches,
    calendars,
    edits,
    explanations,
    holidays,
    imports,
    policies,
    reports,
    sharing,
    sources,
    tickets,
    views,
    webhooks,
)
from console.tickets.api.shared import bp

__all__ = [
    "batches",
    "bp",
    "calendars",
    "edits",
    "explanations",
    "holidays",
    "imports",
    "policies",
    "reports",
    "sharing",
    "sources",
    "tickets",
    "views",
    "webhooks",
]
