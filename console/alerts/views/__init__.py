"""The pages of alerts: the list, one alert, and what people do to them."""

from console.alerts.views import (
    completions,
    export,
    first,
    heartbeat_changes,
    heartbeats,
    index,
    insights,
    limits,
    lists,
    merging,
    one,
    past,
    people,
    retries,
    saved,
    selection,
    silence_changes,
    silences,
    triage,
)
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import open_count

__all__ = [
    "bp",
    "completions",
    "export",
    "first",
    "heartbeat_changes",
    "heartbeats",
    "index",
    "insights",
    "limits",
    "lists",
    "merging",
    "one",
    "open_count",
    "past",
    "people",
    "retries",
    "saved",
    "selection",
    "silence_changes",
    "silences",
    "triage",
]
