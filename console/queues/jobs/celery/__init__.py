"""Celery brokers as a source of failures: events as they come, results for what nobody heard, tasks sent again."""

from console.queues.jobs.celery.resending import answer_celery_retry, resend_tasks
from console.queues.jobs.celery.supervising import CeleryWatch

__all__ = ["CeleryWatch", "answer_celery_retry", "resend_tasks"]
