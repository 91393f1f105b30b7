"""The outside of this room: RQ's registries in somebody's Redis."""

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

__all__ = ["CHUNK", "FIELDS", "Entry", "ForeignJob", "Raw", "Registries", "RqRegistries", "WorkerSeen"]
