"""The JSON API of alerts: failures in, alerts and their history out, triage; heartbeats and their pings; silences."""

from console.alerts.api import (
    bulk,
    failures,
    heartbeats,
    insights,
    merges,
    noise,
    pings,
    reads,
    silences,
    views,
    webhooks,
    windows,
    writes,
)
from console.alerts.api.blueprint import bp

__all__ = [
    "bp",
    "bulk",
    "failures",
    "heartbeats",
    "insights",
    "merges",
    "noise",
    "pings",
    "reads",
    "silences",
    "views",
    "webhooks",
    "windows",
    "writes",
]
