"""The pages of tickets."""

from console.tickets.views import calendars, one, queue
from console.tickets.views.blueprint import bp

__all__ = ["bp", "calendars", "one", "queue"]
