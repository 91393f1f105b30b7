"""Looking at a broker: everything the board shows, in a few round trips. Nothing is changed there."""

from console.queues.client.look.celery import look_at_celery
from console.queues.client.look.probe import Found, probe
from console.queues.client.look.rq import look_at_rq

__all__ = ["Found", "look_at_celery", "look_at_rq", "probe"]
