"""What changes alerts: failures that come in, what people do, and time."""

from console.alerts.actions.bulk import BulkResult, Order, bulk, move_all
from console.alerts.actions.ingest import IngestResult, ingest
from console.alerts.actions.retries import await_retries, resolve_by_retry, retry
from console.alerts.actions.system import report_system_alert
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
)
from console.alerts.actions.upkeep import add_weeks, forget_minutes, wake_due

__all__ = [
    "BulkResult",
    "IngestResult",
    "Order",
    "acknowledge",
    "add_weeks",
    "assign",
    "await_retries",
    "bulk",
    "forget_minutes",
    "ingest",
    "move_all",
    "note",
    "report_system_alert",
    "resolve",
    "resolve_by_retry",
    "retry",
    "snooze",
    "unacknowledge",
    "unassign",
    "unresolve",
    "unsnooze",
    "wake_due",
]
