"""Reads of alerts: lists, one alert, charts."""

from console.alerts.queries.charts import Bucket, Window, chart, sparklines
from console.alerts.queries.filters import AlertFilter
from console.alerts.queries.lists import (
    CAP,
    Capped,
    choices,
    counts,
    in_state,
    matching_ids,
    next_waking,
    open_count,
    recent,
)
from console.alerts.queries.one import (
    Facts,
    facts,
    failed_jobs,
    failed_since,
    get,
    get_for_change,
    history,
    neighbours,
    newest_occurrence,
    occurrence,
    occurrences,
)

__all__ = [
    "CAP",
    "AlertFilter",
    "Bucket",
    "Capped",
    "Facts",
    "Window",
    "chart",
    "choices",
    "counts",
    "facts",
    "failed_jobs",
    "failed_since",
    "get",
    "get_for_change",
    "history",
    "in_state",
    "matching_ids",
    "neighbours",
    "newest_occurrence",
    "next_waking",
    "occurrence",
    "occurrences",
    "open_count",
    "recent",
    "sparklines",
]
