"""The pages of tickets."""

from console.tickets.views import assigning, calendars, one, queue
from console.tickets.views.blueprint import bp

__all__ = ["assigning", "bp", "calendars", "one", "queue"]
