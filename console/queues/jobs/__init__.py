"""The jobs of this room, and what the scheduler does for it between them."""

from console.queues.jobs.celery import CeleryWatch, answer_celery_retry, resend_tasks
from console.queues.jobs.follow import Follower
from console.queues.jobs.following import Followers
from console.queues.jobs.orders import Ends, Survey, carry_out, close_orders, place, survey
from console.queues.jobs.own import practice_failure, prune_jobs
from console.queues.jobs.sample import Sampler
from console.queues.jobs.settled import JobsOf, answer_retry, hear_settled, jobs_of

__all__ = [
    "CeleryWatch",
    "Ends",
    "Follower",
    "Followers",
    "JobsOf",
    "Sampler",
    "Survey",
    "answer_celery_retry",
    "answer_retry",
    "carry_out",
    "close_orders",
    "hear_settled",
    "jobs_of",
    "place",
    "practice_failure",
    "prune_jobs",
    "resend_tasks",
    "survey",
]
