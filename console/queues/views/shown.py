"""What the pages make of a stored look: rows with their past hour, words for how the broker is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.infra import clock
from console.infra.queue import PREFIX
from console.queues import queries
from console.queues.queries import BrokerNow
from console.queues.queries.celery import Following
from console.queues.rules.brokers import Kind, Watched
from console.queues.rules.samples import LostJob, QueueSeen, Sample, WorkerNow
from console.queues.views.heard import heard_of
from console.web import charts
from console.web.charts import Spark
from console.web.filters import plural

# What these pages show: the menu beside them counts the alerts.
ROOMS = ("queues", "alerts")


@dataclass(frozen=True, slots=True)
class Row:
    """A queue and how deep it was in the last hour; `ours` when its jobs are rows with pages of their own."""

    queue: QueueSeen
    spark: Spark | None
    ours: bool

    @property
    def label(self) -> str:
        """By the name that the pages use."""
        return self.queue.name.removeprefix(PREFIX) if self.ours else self.queue.name


@dataclass(frozen=True, slots=True)
class Shown:
    """A broker as a page shows it."""

    now: BrokerNow
    at: datetime
    rows: Sequence[Row]
    workers: Sequence[WorkerNow]
    lost: Sequence[LostJob]
    notes: Sequence[str]
    following: Following | None = None

    @property
    def broker(self) -> Watched:
        """The broker."""
        return self.now.broker

    @property
    def sample(self) -> Sample | None:
        """What was last seen."""
        return self.now.sample

    @property
    def state(self) -> str:
        """One of: off, away, unseen, fine."""
        if not self.broker.enabled:
            return "off"
        if self.now.away:
            return "away"
        return "unseen" if self.now.unseen(self.at) else "fine"

    @property
    def waiting(self) -> int:
        """Jobs that wait in all its queues."""
        return sum(row.queue.waiting for row in self.rows)

    @property
    def celery(self) -> bool:
        """Whether it is Celery's, which tells less."""
        return self.broker.kind is Kind.CELERY


def board_of(now: BrokerNow) -> Shown:
    """One broker with the past hour of its queues."""
    at = clock.now()
    past = queries.depths(now.broker.name, at=at) if now.sample else {}
    rows = [_row(now.broker, queue, past.get(queue.name)) for queue in (now.sample.queues if now.sample else ())]
    if now.broker.kind is Kind.CELERY:
        heard = heard_of(now.broker.name, at)
        notes = [*heard.notes, *(now.sample.notes if now.sample else ())]
        return Shown(now, at, rows, heard.workers, heard.lost, notes, heard.following)
    seen = now.sample
    return Shown(now, at, rows, seen.workers if seen else (), seen.lost if seen else (), seen.notes if seen else ())


def strangers(shown: Shown) -> Shown:
    """Our own Redis without our own queues: what other services keep there."""
    return replace(shown, rows=[row for row in shown.rows if not row.ours])


def _row(broker: Watched, queue: QueueSeen, past: list[int] | None) -> Row:
    most = max(past, default=0) if past else 0
    label = f"{queue.name}: at most {plural(most, 'job')} waiting in the last hour"
    spark = charts.spark(past, label) if past and most else None
    return Row(queue, spark, broker.builtin and queue.name.startswith(PREFIX))
