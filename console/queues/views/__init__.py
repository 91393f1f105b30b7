"""The pages of this room."""

from console.queues.views import brokers, orders, own
from console.queues.views.blueprint import bp

__all__ = ["bp", "brokers", "orders", "own"]
