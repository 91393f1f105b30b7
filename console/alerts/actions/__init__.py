"""What changes alerts."""

from console.alerts.actions.triage import (
    acknowledge,
    assign,
    note,
    resolve,
    snooze,
    unacknowledge,
    unassign,
    unresolve,
    unsnooze,
    wake,
)

__all__ = [
    "acknowledge",
    "assign",
    "note",
    "resolve",
    "snooze",
    "unacknowledge",
    "unassign",
    "unresolve",
    "unsnooze",
    "wake",
]
