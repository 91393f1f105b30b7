"""The JSON API of this room."""

from console.queues.api import brokers, jobs, orders, queues
from console.queues.api.blueprint import bp

__all__ = ["bp", "brokers", "jobs", "orders", "queues"]
