"""The outside of this room: brokers, and RQ's registries in their Redis."""

from console.queues.client.attempts import Looked
from console.queues.client.brokers import connect, guard_of, is_console, read_address, url_of
from console.queues.client.moves import Done, Outcome
from console.queues.client.reading import CHUNK, FIELDS, Entry
from console.queues.client.registries import ForeignJob, Raw, Registries, RqRegistries, WorkerSeen

__all__ = [
    "CHUNK",
    "FIELDS",
    "Done",
    "Entry",
    "ForeignJob",
    "Looked",
    "Outcome",
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
