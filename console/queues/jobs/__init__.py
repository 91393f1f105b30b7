"""The jobs of this room, and what the scheduler does for it between them."""

from console.queues.jobs.follow import Follower
from console.queues.jobs.own import practice_failure, prune_jobs
from console.queues.jobs.settled import answer_retry, hear_settled, requeue_failed, settle_retries

__all__ = [
    "Follower",
    "answer_retry",
    "hear_settled",
    "practice_failure",
    "prune_jobs",
    "requeue_failed",
    "settle_retries",
]
