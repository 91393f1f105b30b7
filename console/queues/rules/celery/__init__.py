"""What Celery says in Redis, read without Celery: events, results, arguments, and how they join to failures."""

from console.queues.rules.celery.arguments import Call, exact_call, exact_literal
from console.queues.rules.celery.errors import Raised, read_raised
from console.queues.rules.celery.events import EARLIEST, Rubbish, TaskEvent, WorkerEvent, instant, read_message
from console.queues.rules.celery.joining import Joined, Outcome, Task, join, lost
from console.queues.rules.celery.results import HEAD, Result, is_final, read_result

__all__ = [
    "EARLIEST",
    "HEAD",
    "Call",
    "Joined",
    "Outcome",
    "Raised",
    "Result",
    "Rubbish",
    "Task",
    "TaskEvent",
    "WorkerEvent",
    "exact_call",
    "exact_literal",
    "instant",
    "is_final",
    "join",
    "lost",
    "read_message",
    "read_raised",
    "read_result",
]
