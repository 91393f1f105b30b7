"""Reads of this room."""

from console.queues.queries.board import CAP, Board, QueueNow, board, schedules
from console.queues.queries.listing import Filters, list_jobs
from console.queues.queries.one import attempts, get, log_lines
from console.queues.queries.told import awaited_jobs, rows_among, told_jobs, told_scores

__all__ = [
    "CAP",
    "Board",
    "Filters",
    "QueueNow",
    "attempts",
    "awaited_jobs",
    "board",
    "get",
    "list_jobs",
    "log_lines",
    "rows_among",
    "schedules",
    "told_jobs",
    "told_scores",
]
