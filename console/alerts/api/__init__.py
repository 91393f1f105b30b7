"""The JSON API of alerts: failures in, alerts and their history out, triage; heartbeats and their pings."""

from console.alerts.api import bulk, failures, heartbeats, merges, pings, reads, webhooks, writes
from console.alerts.api.blueprint import bp

__all__ = ["bp", "bulk", "failures", "heartbeats", "merges", "pings", "reads", "webhooks", "writes"]
