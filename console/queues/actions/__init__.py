"""What changes in this room: what people ask of jobs, and what the scheduler remembers."""

from console.queues.actions.brokers import (
    BrokerWanted,
    delete_broker,
    note_test,
    put_broker,
    refuse_builtin,
    require_writable,
    set_read_only,
)
from console.queues.actions.orders import (
    Result,
    close_orders,
    end_jobs,
    note_results,
    stop_order,
    take_batch,
    write_order,
)
from console.queues.actions.own import ask_for, keep_going, keep_schedule, retry, stop
from console.queues.actions.samples import claim_look, keep_failure, keep_sample, prune_depths
from console.queues.actions.told import forget_told, lock_cursor, note_look, remember_told

__all__ = [
    "BrokerWanted",
    "Result",
    "ask_for",
    "claim_look",
    "close_orders",
    "delete_broker",
    "end_jobs",
    "forget_told",
    "keep_failure",
    "keep_going",
    "keep_sample",
    "keep_schedule",
    "lock_cursor",
    "note_look",
    "note_results",
    "note_test",
    "prune_depths",
    "put_broker",
    "refuse_builtin",
    "remember_told",
    "require_writable",
    "retry",
    "set_read_only",
    "stop",
    "stop_order",
    "take_batch",
    "write_order",
]
