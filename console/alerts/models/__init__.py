"""The tables of alerts: the alert and what is told of it, its occurrences, its history, its counts; heartbeats."""

from console.alerts.models.alert import Alert, AlertDetail
from console.alerts.models.heartbeat import PULSE, Heartbeat, HeartbeatPing, PingKey, pulse_of, rhythm_of
from console.alerts.models.history import AlertCount, AlertHistory, AlertRetry, Grain
from console.alerts.models.occurrence import FailureEvent, Occurrence
from console.alerts.models.silence import Silence, SilenceKind

__all__ = [
    "PULSE",
    "Alert",
    "AlertCount",
    "AlertDetail",
    "AlertHistory",
    "AlertRetry",
    "FailureEvent",
    "Grain",
    "Heartbeat",
    "HeartbeatPing",
    "Occurrence",
    "PingKey",
    "Silence",
    "SilenceKind",
    "pulse_of",
    "rhythm_of",
]
