"""The jobs of this room, and what the scheduler does for it between them."""

from console.queues.jobs.celery import CeleryWatch, answer_celery_retry, resend_tasks
from console.queues.jobs.follow import Follower
from console.queues.jobs.own import practice_failure, prune_jobs
from console.queues.jobs.settled import answer_retry, hear_settled, requeue_failed, settle_retries

__all__ = [
    "CeleryWatch",
    "Follower",
    "answer_celery_retry",
    "answer_retry",
    "hear_settled",
    "practice_failure",
    "prune_jobs",
    "requeue_failed",
    "resend_tasks",
    "settle_retries",
]
