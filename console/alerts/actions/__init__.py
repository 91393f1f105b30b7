"""What changes alerts."""

from console.alerts.actions.several import move_all
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
    "move_all",
    "note",
    "resolve",
    "snooze",
    "unacknowledge",
    "unassign",
    "unresolve",
    "unsnooze",
    "wake",
]
