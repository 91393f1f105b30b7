"""The pages of tickets."""

from console.tickets.views import (
    assigning,
    calendar_changes,
    calendars,
    dry_runs,
    exports,
    imports,
    menu,
    one,
    policies,
    policy_changes,
    queue,
    reports,
    saved,
    sharing,
    sources,
)
from console.tickets.views.blueprint import bp

__all__ = [
    "assigning",
    "bp",
    "calendar_changes",
    "calendars",
    "dry_runs",
    "exports",
    "imports",
    "menu",
    "one",
    "policies",
    "policy_changes",
    "queue",
    "reports",
    "saved",
    "sharing",
    "sources",
]
