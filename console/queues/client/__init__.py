"""The outside of this room: brokers, and RQ's registries in their Redis."""

from console.queues.client.brokers import connect, guard_of, is_console, read_address, url_of
from console.queues.client.registries import (
    CHUNK,
    FIELDS,
    Entry,
    ForeignJob,
    Raw,
    Registries,
    RqRegistries,
    WorkerSeen,
)

__all__ = [
    "CHUNK",
    "FIELDS",
    "Entry",
    "ForeignJob",
    "Raw",
    "Registries",
    "RqRegistries",
    "WorkerSeen",
    "connect",
    "guard_of",
    "is_console",
    "read_address",
    "url_of",
]
