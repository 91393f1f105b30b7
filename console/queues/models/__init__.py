"""The tables of this room."""

from console.queues.models.brokers import Broker, BrokerDepth, BrokerState
from console.queues.models.celery import CeleryFollower, CeleryRetry, CeleryTask, CeleryWorker
from console.queues.models.foreign import RqCursor, RqOrder, RqOrderJob, RqSeen
from console.queues.models.own import Schedule

__all__ = [
    "Broker",
    "BrokerDepth",
    "BrokerState",
    "CeleryFollower",
    "CeleryRetry",
    "CeleryTask",
    "CeleryWorker",
    "RqCursor",
    "RqOrder",
    "RqOrderJob",
    "RqSeen",
    "Schedule",
]
