"""RQ's workers, taught that the row is the truth."""

import ctypes
import logging
import os
import signal
import socket
import uuid
from collections.abc import Sequence
from time import monotonic
from traceback import format_exception
from typing import Any, Final

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker import WorkerStatus
from sqlalchemy.exc import DBAPIError

from console.infra.db import db
from console.infra.jobs import run
from console.infra.jobs.timing import timing
from console.infra.queue.bells import Bell, Refused, rq_name

# Seconds between RQ's own cleanings; its default of ten minutes leaves abandoned jobs unseen for as long.
MAINTENANCE_SECONDS: Final = 30
# RQ tells four lines a job; ours are in the row.
logging.getLogger("rq.worker").setLevel(logging.WARNING)
# An idle worker shows a sign of life 15 seconds before this runs out, and is forgotten a minute after it.
WORKER_TTL: Final = 45
PR_SET_PDEATHSIG: Final = 1


class SimpleBellWorker(SimpleWorker):
    """Runs short jobs in its own process, without a fork for each.

    RQ's books of a running job (execution, registries, results) are left out: the row keeps them, and they cost more
    than the job.
    """

    _beaten = 0.0
    # Until when Redis remembers this worker, by the last beat.
    _kept_until = 0.0

    def execute_job(self, job: RqJob, queue: Queue) -> None:
        """Run the row with two calls to Redis: one before, one after."""
        with self.connection.pipeline(transaction=False) as pipe:
            self.set_state(WorkerStatus.BUSY, pipeline=pipe)
            self.set_current_job_id(job.id, pipeline=pipe)
            self.heartbeat(int(job.timeout or 0) + MAINTENANCE_SECONDS, pipeline=pipe)
            pipe.lrem(queue.intermediate_queue_key, 1, job.id)
            pipe.execute()
        job.worker_name = self.name
        try:
            with self.death_penalty_class(job.timeout, JobTimeoutException, job_id=job.id):
                job.perform()
        except (Refused, DBAPIError, JobTimeoutException) as error:
            job.ended_at = now()
            self.handle_job_failure(job, queue, exc_string="".join(format_exception(error)))
        else:
            self._close(job)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """As RQ's, but at most once a second, unless Redis is to remember for longer: RQ beats several times a job."""
        at, lasts = monotonic(), timeout or self.worker_ttl + 60
        if at - self._beaten < 1.0 and at + lasts <= self._kept_until + 1.0:
            return
        self._beaten, self._kept_until = at, at + lasts
        super().heartbeat(timeout, pipeline)

    def _close(self, job: RqJob) -> None:
        with self.connection.pipeline(transaction=False) as pipe:
            pipe.delete(job.key)
            self.set_current_job_id(None, pipeline=pipe)
            self.increment_successful_job_count(pipeline=pipe)
            self.set_state(WorkerStatus.IDLE, pipeline=pipe)
            pipe.execute()

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """As RQ's, without telling Redis what it knows."""
        if state != self.get_state():
            super().set_state(state, pipeline)


class BellWorker(Worker):
    """Forks a work-horse for each job and settles the row at once when the horse is killed."""

    def main_work_horse(self, job: RqJob, queue: Queue) -> None:
        """In the child: die with the parent, and share no connection with it."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def maintain_heartbeats(self, job: RqJob) -> None:
        """In the parent, every few seconds: end a horse whose own clock cannot (a loop in C holds it)."""
        super().maintain_heartbeats(job)
        if job.timeout and self.current_job_working_time > job.timeout + timing().grace:
            self.log.error("Worker %s: job %s is past its time-out and does not end, killing it", self.name, job.id)
            self.kill_horse()

    def handle_work_horse_killed(self, job: RqJob, retpid: int, ret_val: int, rusage: Any) -> None:
        """In the parent: RQ calls no callback here, so the row is settled from the wait status."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]
        self._settle(job, _death(ret_val))

    def handle_job_failure(
        self, job: RqJob, queue: Queue, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        """In parent or child: a stop command ends here, after the horse was killed."""
        stopped = self._stopped_job_id == job.id
        super().handle_job_failure(job, queue, started_job_registry, exc_string)
        if stopped:
            self._settle(job, "Stopped: its process was ended because it did not stop by itself.")

    def _settle(self, job: RqJob, reason: str) -> None:
        run.settle_lost(uuid.UUID(job.id), reason, worker=self.name)
        # The parent keeps no connection that the next horse would inherit.
        db.engine.dispose()


def make_worker(connection: "Redis", queues: Sequence[str], *, simple: bool) -> "BellWorker | SimpleBellWorker":
    """A worker on "fast", "default" or "long", in that order of preference."""
    kind = SimpleBellWorker if simple else BellWorker
    return kind(
        [Queue(rq_name(name), connection=connection, serializer=JSONSerializer, job_class=Bell) for name in queues],
        name=_name(),
        connection=connection,
        job_class=Bell,
        serializer=JSONSerializer,
        default_result_ttl=0,
        maintenance_interval=MAINTENANCE_SECONDS,
        worker_ttl=WORKER_TTL,
        job_monitoring_interval=max(1, round(timing().beat)),
        log_job_description=False,
    )


def _name() -> str:
    # Where to look, for people; the last part tells a worker from the one before it in the same process.
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:4]}"


def host_of(worker: str) -> str:
    """The host in the name of one of our workers."""
    return worker.rsplit("-", 2)[0]


def _death(status: int | None) -> str:
    if status is None:
        return "The work-horse vanished."
    number = status & 0x7F
    if not number:
        return f"The work-horse ended with exit code {status >> 8}."
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    return f"The work-horse was killed by signal {number} ({name})."
