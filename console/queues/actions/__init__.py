"""What changes in this room: what people ask of jobs, and what the scheduler remembers."""

from console.queues.actions.own import (
    ask_for,
    forget_told,
    keep_going,
    keep_schedule,
    lock_cursor,
    remember_told,
    retry,
    stop,
)

__all__ = [
    "ask_for",
    "forget_told",
    "keep_going",
    "keep_schedule",
    "lock_cursor",
    "remember_told",
    "retry",
    "stop",
]
