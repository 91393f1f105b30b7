"""Reads of this room."""

from console.queues.queries.board import CAP, RATE_WINDOW, Board, QueueNow, board, schedules
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
from console.queues.queries.match import due_rows, live_rows, silent_runs, without_ringer
from console.queues.queries.now import BrokerNow, broker_now, brokers_now
from console.queues.queries.one import attempts, get, log_lines
from console.queues.queries.orders import (
    Awaited,
    OrderNow,
    awaited,
    begun,
    brokers_awaited,
    get_order,
    open_elsewhere,
    order_jobs,
    orders_page,
)
from console.queues.queries.samples import depth_before, depths
from console.queues.queries.told import (
    brokers_of_jobs,
    cursor_of,
    progress_of,
    rows_among,
    told_jobs,
    told_scores,
)

__all__ = [
    "CAP",
    "RATE_WINDOW",
    "Awaited",
    "Board",
    "BrokerNow",
    "Filters",
    "OrderNow",
    "QueueNow",
    "Seen",
    "attempts",
    "awaited",
    "begun",
    "board",
    "broker_now",
    "brokers_awaited",
    "brokers_now",
    "brokers_of_jobs",
    "brokers_page",
    "cursor_of",
    "depth_before",
    "depths",
    "due_rows",
    "everything",
    "find_broker",
    "get",
    "get_broker",
    "get_for_change",
    "get_order",
    "get_watched",
    "list_jobs",
    "live_rows",
    "log_lines",
    "open_elsewhere",
    "order_jobs",
    "orders_page",
    "progress_of",
    "rows_among",
    "same_place",
    "schedules",
    "seen",
    "silent_runs",
    "told_jobs",
    "told_scores",
    "watched",
    "without_ringer",
]
