"""Reads of alerts: lists, one alert, charts."""

from console.alerts.queries.beside import beside
from console.alerts.queries.bulk import bulk_change, bulk_for_change, under_way
from console.alerts.queries.charts import Bucket, Window, chart, sparklines
from console.alerts.queries.counts import CAP, Capped, Tally, choices, counts, open_count, tally
from console.alerts.queries.failures import (
    failed_jobs,
    failed_since,
    neighbours,
    occurrence,
    occurrences,
    received,
)
from console.alerts.queries.filters import AlertFilter, TooSlow
from console.alerts.queries.gather import Reading
from console.alerts.queries.glance import Facts, facts
from console.alerts.queries.lists import every, in_state, matching_ids, recent
from console.alerts.queries.one import get, get_for_change, get_locked, history
from console.alerts.queries.walk import Sort

__all__ = [
    "CAP",
    "AlertFilter",
    "Bucket",
    "Capped",
    "Facts",
    "Reading",
    "Sort",
    "Tally",
    "TooSlow",
    "Window",
    "beside",
    "bulk_change",
    "bulk_for_change",
    "chart",
    "choices",
    "counts",
    "every",
    "facts",
    "failed_jobs",
    "failed_since",
    "get",
    "get_for_change",
    "get_locked",
    "history",
    "in_state",
    "matching_ids",
    "neighbours",
    "occurrence",
    "occurrences",
    "open_count",
    "received",
    "recent",
    "sparklines",
    "tally",
    "under_way",
]
