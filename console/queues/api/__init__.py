"""The JSON API of this room."""

from console.queues.api import brokers, following, imports, jobs, orders, queues
from console.queues.api.blueprint import bp

__all__ = ["bp", "brokers", "following", "imports", "jobs", "orders", "queues"]
