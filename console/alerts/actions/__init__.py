"""What changes alerts: failures that come in, what people do, and time."""

from console.alerts.actions.bulk import MOST, BulkResult, Order, bulk, move_all
from console.alerts.actions.bulk import prepare as prepare_bulk
from console.alerts.actions.bulk import proceed as proceed_bulk
from console.alerts.actions.counting import count_next
from console.alerts.actions.flapping import settle_due as settle_flapping
from console.alerts.actions.heartbeats import change as change_heartbeat
from console.alerts.actions.heartbeats import create as create_heartbeat
from console.alerts.actions.heartbeats import ensure_ping_key
from console.alerts.actions.heartbeats import keep as keep_heartbeat
from console.alerts.actions.heartbeats import pause as pause_heartbeat
from console.alerts.actions.heartbeats import remove as remove_heartbeat
from console.alerts.actions.heartbeats import resume as resume_heartbeat
from console.alerts.actions.ingest import IngestResult, ingest
from console.alerts.actions.merging import merge, unmerge
from console.alerts.actions.misses import sweep as sweep_heartbeats
from console.alerts.actions.muting import settle_due as settle_silences
from console.alerts.actions.noise import delete_limit, note_drops, put_limit, put_noise_rules, reset_noise_rules
from console.alerts.actions.pings import Ping, ping
from console.alerts.actions.retries import await_retries, fail_by_retry, resolve_by_retry, retry, settle_retries
from console.alerts.actions.silences import change as change_silence
from console.alerts.actions.silences import create as create_silence
from console.alerts.actions.silences import expire as expire_silence
from console.alerts.actions.stale import close_stale
from console.alerts.actions.system import report_system_alert
from console.alerts.actions.titles import retitle
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
from console.alerts.actions.undoing import begin_undo, undo_step
from console.alerts.actions.upkeep import add_weeks, drop_week, forget_events, forget_minutes, oldest_kept, wake_due
from console.alerts.actions.views import change as change_view
from console.alerts.actions.views import create as create_view
from console.alerts.actions.views import may_share as may_share_views
from console.alerts.actions.views import remove as remove_view
from console.alerts.actions.webhooks import Taken, take_alertmanager, take_sentry

__all__ = [
    "MOST",
    "BulkResult",
    "IngestResult",
    "Order",
    "Ping",
    "Taken",
    "acknowledge",
    "add_weeks",
    "assign",
    "await_retries",
    "begin_undo",
    "bulk",
    "change_heartbeat",
    "change_silence",
    "change_view",
    "close_stale",
    "count_next",
    "create_heartbeat",
    "create_silence",
    "create_view",
    "delete_limit",
    "drop_week",
    "ensure_ping_key",
    "expire_silence",
    "fail_by_retry",
    "forget_events",
    "forget_minutes",
    "ingest",
    "keep_heartbeat",
    "may_share_views",
    "merge",
    "move_all",
    "note",
    "note_drops",
    "oldest_kept",
    "pause_heartbeat",
    "ping",
    "prepare_bulk",
    "proceed_bulk",
    "put_limit",
    "put_noise_rules",
    "remove_heartbeat",
    "remove_view",
    "report_system_alert",
    "reset_noise_rules",
    "resolve",
    "resolve_by_retry",
    "resume_heartbeat",
    "retitle",
    "retry",
    "settle_flapping",
    "settle_retries",
    "settle_silences",
    "snooze",
    "sweep_heartbeats",
    "take_alertmanager",
    "take_sentry",
    "unacknowledge",
    "unassign",
    "undo_step",
    "unmerge",
    "unresolve",
    "unsnooze",
    "wake_due",
]
