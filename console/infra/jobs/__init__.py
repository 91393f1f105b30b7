"""Our own jobs: the row is the job, the queue is the doorbell.

`@job(…)` names a function that workers may run, `request(fn, *args, by=actor)` asks for it in the caller's transaction.
Jobs run at least once and settle once: write them so that a second run does no harm.
"""

from console.infra.jobs.context import Cancelled, JobContext
from console.infra.jobs.models import FINISHED, Job, JobAttempt, JobLog, JobState
from console.infra.jobs.registry import JobSpec, UnknownJob, job, known_names, spec_named, spec_of
from console.infra.jobs.requests import cancel, keep_going, request, retry, retry_many, retryable

__all__ = [
    "FINISHED",
    "Cancelled",
    "Job",
    "JobAttempt",
    "JobContext",
    "JobLog",
    "JobSpec",
    "JobState",
    "UnknownJob",
    "cancel",
    "job",
    "keep_going",
    "known_names",
    "request",
    "retry",
    "retry_many",
    "retryable",
    "spec_named",
    "spec_of",
]
