"""The tables of alerts: the alert, its details, occurrences, history, counts, merges; heartbeats; noise."""

from console.alerts.models.alert import Alert, AlertDetail
from console.alerts.models.bulk import BulkChange, BulkEntry
from console.alerts.models.heartbeat import PULSE, Heartbeat, HeartbeatPing, PingKey, pulse_of, rhythm_of
from console.alerts.models.history import AlertCount, AlertHistory, AlertRetry, Grain
from console.alerts.models.merge import AlertMerge, AlertTrait, Trait
from console.alerts.models.noise import (
    ALL,
    AlertOpening,
    FlappingSpell,
    NoiseCount,
    NoiseSettings,
    NoiseTop,
    ResponseWeek,
    SourceDrop,
    SourceLimit,
)
from console.alerts.models.occurrence import FailureEvent, Occurrence
from console.alerts.models.silence import Silence, SilenceKind
from console.alerts.models.view import SavedView

__all__ = [
    "ALL",
    "PULSE",
    "Alert",
    "AlertCount",
    "AlertDetail",
    "AlertHistory",
    "AlertMerge",
    "AlertOpening",
    "AlertRetry",
    "AlertTrait",
    "BulkChange",
    "BulkEntry",
    "FailureEvent",
    "FlappingSpell",
    "Grain",
    "Heartbeat",
    "HeartbeatPing",
    "NoiseCount",
    "NoiseSettings",
    "NoiseTop",
    "Occurrence",
    "PingKey",
    "ResponseWeek",
    "SavedView",
    "Silence",
    "SilenceKind",
    "SourceDrop",
    "SourceLimit",
    "Trait",
    "pulse_of",
    "rhythm_of",
]
