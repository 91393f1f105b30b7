"""The outside of this room: brokers, and RQ's registries in their Redis."""

from console.queues.client.attempts import Looked
from console.queues.client.brokers import connect, guard_of, is_console, read_address, test, url_of
from console.queues.client.failed import FailedJob, FailedPage, failed_jobs
from console.queues.client.look import Found, look_at_celery, look_at_rq, probe
from console.queues.client.moves import Done, Outcome
from console.queues.client.reading import CHUNK, FIELDS, Entry
from console.queues.client.registries import ForeignJob, Raw, Registries, RqRegistries, WorkerSeen

__all__ = [
    "CHUNK",
    "FIELDS",
    "Done",
    "Entry",
    "FailedJob",
    "FailedPage",
    "ForeignJob",
    "Found",
    "Looked",
    "Outcome",
    "Raw",
    "Registries",
    "RqRegistries",
    "WorkerSeen",
    "connect",
    "failed_jobs",
    "guard_of",
    "is_console",
    "look_at_celery",
    "look_at_rq",
    "probe",
    "read_address",
    "test",
    "url_of",
]
