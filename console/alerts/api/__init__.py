"""The JSON API of alerts: failures in, alerts and their history out, triage."""

from console.alerts.api import bulk, failures, reads, writes
from console.alerts.api.blueprint import bp

__all__ = ["bp", "bulk", "failures", "reads", "writes"]
