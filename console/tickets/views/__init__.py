"""The pages of tickets."""

from console.tickets.views import one, queue
from console.tickets.views.blueprint import bp

__all__ = ["bp", "one", "queue"]
