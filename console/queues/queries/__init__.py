"""Reads of this room."""

from console.queues.queries.board import Board, QueueNow, board, schedules
from console.queues.queries.listing import Filters, job_names, list_jobs
from console.queues.queries.one import attempts, get, log_lines
from console.queues.queries.told import rows_among, told_jobs, told_scores

__all__ = [
    "Board",
    "Filters",
    "QueueNow",
    "attempts",
    "board",
    "get",
    "job_names",
    "list_jobs",
    "log_lines",
    "rows_among",
    "schedules",
    "told_jobs",
    "told_scores",
]
