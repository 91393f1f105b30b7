"""Reads of this room."""

from console.queues.queries.board import CAP, Board, QueueNow, board, schedules
from console.queues.queries.brokers import (
    Seen,
    brokers_page,
    everything,
    find_broker,
    get_broker,
    get_for_change,
    get_watched,
    same_place,
    seen,
    watched,
)
from console.queues.queries.listing import Filters, list_jobs
from console.queues.queries.one import attempts, get, log_lines
from console.queues.queries.told import awaited_jobs, rows_among, told_jobs, told_scores

__all__ = [
    "CAP",
    "Board",
    "Filters",
    "QueueNow",
    "Seen",
    "attempts",
    "awaited_jobs",
    "board",
    "brokers_page",
    "everything",
    "find_broker",
    "get",
    "get_broker",
    "get_for_change",
    "get_watched",
    "list_jobs",
    "log_lines",
    "rows_among",
    "same_place",
    "schedules",
    "seen",
    "told_jobs",
    "told_scores",
    "watched",
]
