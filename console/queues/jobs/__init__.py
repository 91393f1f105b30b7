"""The jobs of this room, and what the scheduler does for it between them."""

from console.queues.jobs.own import practice_failure, prune_jobs

__all__ = ["practice_failure", "prune_jobs"]
