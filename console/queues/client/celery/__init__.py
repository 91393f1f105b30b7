"""Celery on Redis as it lies there: events, results, queues, and a message put into a queue. Never through its pickles.

Kombu's own consumer would write bindings into a broker that may be read-only, reconnect in its own time and load what
it is told to; so Redis is read directly. What is sent is made by Celery itself.
"""

from console.queues.client.celery.events import EventStream
from console.queues.client.celery.queues import Queues
from console.queues.client.celery.results import Results
from console.queues.client.celery.sending import Message, Sender

__all__ = ["EventStream", "Message", "Queues", "Results", "Sender"]
