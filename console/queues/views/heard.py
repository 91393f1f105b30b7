"""What Celery's workers tell of themselves by events, as a page shows it beside what the broker holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.queues.models import CeleryTask, CeleryWorker
from console.queues.queries import celery
from console.queues.queries.celery import Following
from console.queues.rules.samples import LostJob, WorkerNow

# Workers beat every two seconds by default; this many times the beat without one is silence.
MISSED: Final = 15
BEAT: Final = 2.0
FATE: Final = (
    "With acks_late Redis hands it out again after the visibility time-out, an hour by default; otherwise it is lost, "
    "and an alert says so."
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Workers, tasks whose worker is gone, and how well we hear."""

    workers: Sequence[WorkerNow]
    lost: Sequence[LostJob]
    notes: Sequence[str]
    following: Following


def heard_of(broker: str, at: datetime) -> Heard:
    """Everything heard of a Celery broker."""
    running = celery.running(broker)
    workers = [_worker(row, running) for row in celery.workers(broker)]
    gone = {one.name for one in workers if one.stale(at)}
    lost = [_lost(task) for task in running if task.hostname in gone]
    following = celery.following(broker)
    return Heard(workers, lost, _notes(following), following)


def _worker(row: CeleryWorker, running: Sequence[CeleryTask]) -> WorkerNow:
    mine = [task for task in running if task.hostname == row.hostname]
    return WorkerNow(
        name=row.hostname,
        state=f"{row.active} running" if row.active else "idle",
        current_job=mine[0].uuid if mine else None,
        task=mine[0].name if mine else None,
        host=row.hostname.rpartition("@")[2],
        pid=row.pid,
        heartbeat=row.seen_at,
        succeeded=row.processed,
        gone=row.offline,
        silent_after=(row.freq or BEAT) * MISSED,
    )


def _lost(task: CeleryTask) -> LostJob:
    return LostJob(
        job_id=task.uuid, queue=task.queue or "unknown", task=task.name or "unknown",
        worker=task.hostname or "unknown", fate=FATE, started_at=task.started_at,
    )  # fmt: skip


def _notes(following: Following) -> list[str]:
    if not following.listens:
        return ["Nobody listens to its events now: workers, and failures as they happen, are not seen until then."]
    if not following.events_on:
        return ["No worker sends events of its tasks: start workers with -E, or see what is documented for failures."]
    return []
