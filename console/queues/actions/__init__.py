"""What changes in this room: what people ask of jobs, and what the scheduler remembers."""

from console.queues.actions.brokers import (
    BrokerWanted,
    delete_broker,
    note_test,
    put_broker,
    refuse_builtin,
    require_writable,
)
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
    "BrokerWanted",
    "ask_for",
    "delete_broker",
    "forget_told",
    "keep_going",
    "keep_schedule",
    "lock_cursor",
    "note_test",
    "put_broker",
    "refuse_builtin",
    "remember_told",
    "require_writable",
    "retry",
    "stop",
]
