"""RQ as our doorbell: bells in Redis carry a row's id and nothing that is ever executed.

The only part of `infra` that knows RQ. Queues carry the prefix `console-`, so that another service may use the same
Redis and its own queue names without our workers taking its jobs.
"""

from console.infra.queue.bells import PREFIX, QUEUES, Bell, Doorbell, Refused, rq_name
from console.infra.queue.sweeper import Sweeper
from console.infra.queue.workers import BellWorker, SimpleBellWorker, host_of, make_worker

__all__ = [
    "PREFIX",
    "QUEUES",
    "Bell",
    "BellWorker",
    "Doorbell",
    "Refused",
    "SimpleBellWorker",
    "Sweeper",
    "host_of",
    "make_worker",
    "rq_name",
]
