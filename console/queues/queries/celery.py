"""What is remembered of Celery brokers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Text, and_, any_, literal, or_, select
from sqlalchemy.orm import Session

from console.alerts.models import Alert, FailureEvent, Occurrence
from console.infra.db import db
from console.queues.models import CeleryFollower, CeleryRetry, CeleryTask, CeleryWorker
from console.queues.rules.celery import Task, TaskEvent

COLUMNS: Final = (
    "uuid", "name", "args", "kwargs", "queue", "root_id", "parent_id", "hostname", "retries", "settled",
    "received_at", "started_at", "done",
)  # fmt: skip
# Attempts whose ids are looked for when an event does not say which one it tells of.
ATTEMPTS: Final = 32
ORPHANS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """An attempt of a task that is an occurrence already."""

    attempt: int
    will_retry: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """What an alert's newest occurrence of a task tells of how to send it again. `task` is its name."""

    uuid: str
    task: str
    args: Any
    kwargs: Any
    queue: str | None
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Following:
    """Whether somebody listens to a broker, since when, and what was missed; counts are since it was added.

    `deaf_since` is the beginning of the gap before `listening_since`, or of the one that lasts. `results` is how many
    were in Redis when they were last read from end to end.
    """

    listening_since: datetime | None = None
    deaf_since: datetime | None = None
    last_event_at: datetime | None = None
    events_on: bool = False
    events: int = 0
    rubbish: int = 0
    rubbish_why: str | None = None
    dropped: int = 0
    results_read_at: datetime | None = None
    results: int | None = None
    error: str | None = None

    @property
    def listens(self) -> bool:
        """Whether events are heard now."""
        return self.listening_since is not None

    @property
    def made_up(self) -> bool | None:
        """Whether the results have been read since the last gap; None without a gap."""
        if self.listening_since is None or self.deaf_since is None:
            return None
        return self.results_read_at is not None and self.results_read_at >= self.listening_since


def _texts(values: Sequence[str]) -> Any:
    return any_(literal(list(values), ARRAY(Text)))


def tasks(session: Session, broker: str, uuids: Sequence[str]) -> dict[str, Task]:
    """Those of the tasks that are remembered."""
    rows = select(CeleryTask).where(CeleryTask.broker == broker, CeleryTask.uuid == _texts(uuids))
    return {row.uuid: task_of(row) for row in session.scalars(rows)}


def waiting_since(session: Session, broker: str, before: datetime, *, limit: int = 1_000) -> list[str]:
    """Tasks whose end has waited for their name since before an instant."""
    rows = select(CeleryTask.uuid).where(
        CeleryTask.broker == broker, CeleryTask.pending.is_not(None), CeleryTask.seen_at < before
    )
    return list(session.scalars(rows.order_by(CeleryTask.seen_at).limit(limit)))


def orphans(session: Session, broker: str, hostnames: Sequence[str], *, limit: int = ORPHANS) -> list[Task]:
    """Tasks that were started by these workers and have not ended."""
    rows = select(CeleryTask).where(
        CeleryTask.broker == broker,
        CeleryTask.hostname == _texts(hostnames),
        CeleryTask.started_at.is_not(None),
        ~CeleryTask.done,
    )
    return [task_of(row) for row in session.scalars(rows.order_by(CeleryTask.uuid).limit(limit))]


def gone_workers(session: Session, broker: str, *, silent: datetime, offline: datetime) -> list[str]:
    """Workers not heard since `silent`, or since `offline` where they said good-bye."""
    late = or_(CeleryWorker.seen_at < silent, and_(CeleryWorker.offline, CeleryWorker.seen_at < offline))
    rows = select(CeleryWorker.hostname).where(CeleryWorker.broker == broker, late)
    return list(session.scalars(rows.limit(1_000)))


def told_attempts(session: Session, service: str, uuids: Sequence[str]) -> dict[str, list[Told]]:
    """The first attempts of these tasks that were told before, by the service's own handler or by us."""
    ids = {f"{uuid}-{attempt}": (uuid, attempt) for uuid in uuids for attempt in range(ATTEMPTS)}
    same = and_(Occurrence.id == FailureEvent.occurrence_id, Occurrence.received_at == FailureEvent.received_at)
    rows = (
        select(FailureEvent.event_id, Occurrence.will_retry)
        .join(Occurrence, same)
        .where(FailureEvent.service == service, FailureEvent.event_id == _texts(list(ids)))
    )
    found: dict[str, list[Told]] = {}
    for event_id, will_retry in session.execute(rows):
        uuid, attempt = ids[event_id]
        found.setdefault(uuid, []).append(Told(attempt, will_retry))
    return found


def failed(alert_id: int, uuids: Sequence[str]) -> dict[str, Failed]:
    """What the alert's newest occurrence of each task tells."""
    rows = (
        select(
            Occurrence.job_id, Occurrence.task, Occurrence.args, Occurrence.kwargs, Occurrence.queue, Occurrence.extra
        )
        .where(Occurrence.alert_id == alert_id, Occurrence.job_id == _texts(uuids), ~Occurrence.will_retry)
        .order_by(Occurrence.id)
    )
    return {str(uuid): Failed(str(uuid), *told) for uuid, *told in db.session.execute(rows)}


def place_of(alert_id: int) -> tuple[str, str, str]:
    """An alert's service, environment and source."""
    found = db.session.execute(select(Alert.service, Alert.environment, Alert.source).where(Alert.id == alert_id)).one()
    return found.service, found.environment, found.source


def sent_again(broker: str, uuids: Sequence[str]) -> dict[str, CeleryRetry]:
    """Those of the tasks that were sent again before."""
    rows = select(CeleryRetry).where(CeleryRetry.broker == broker, CeleryRetry.uuid == _texts(uuids))
    return {row.uuid: row for row in db.session.scalars(rows)}


def ancestors(session: Session, broker: str, uuids: Sequence[str]) -> list[CeleryRetry]:
    """The failed tasks in whose place these were sent, and those in whose place they had been sent themselves."""
    found: list[CeleryRetry] = []
    look = list(uuids)
    while look:
        rows = select(CeleryRetry).where(CeleryRetry.broker == broker, CeleryRetry.sent_as == _texts(look))
        some = list(session.scalars(rows))
        found += some
        look = [row.uuid for row in some]
    return found


def unfinished_retries(broker: str, *, limit: int = 1_000) -> list[str]:
    """Ids under which tasks were sent again that have not succeeded yet, the newest first."""
    rows = select(CeleryRetry.sent_as).where(
        CeleryRetry.broker == broker, CeleryRetry.sent_at.is_not(None), CeleryRetry.succeeded_at.is_(None)
    )
    return list(db.session.scalars(rows.order_by(CeleryRetry.sent_at.desc()).limit(limit)))


def following(broker: str) -> Following:
    """How well a broker's events are heard."""
    row = db.session.get(CeleryFollower, broker)
    if row is None:
        return Following()
    return Following(**{name: getattr(row, name) for name in Following.__dataclass_fields__})


def workers(broker: str, *, limit: int = 200) -> list[CeleryWorker]:
    """The workers of a broker, by name."""
    rows = select(CeleryWorker).where(CeleryWorker.broker == broker).order_by(CeleryWorker.hostname)
    return list(db.session.scalars(rows.limit(limit)))


def running(broker: str, *, limit: int = 200) -> list[CeleryTask]:
    """Tasks that were started and have not ended, the oldest first."""
    rows = select(CeleryTask).where(CeleryTask.broker == broker, CeleryTask.started_at.is_not(None), ~CeleryTask.done)
    return list(db.session.scalars(rows.order_by(CeleryTask.started_at).limit(limit)))


def task_of(row: CeleryTask) -> Task:
    """The row as a value."""
    pending = tuple(_event(one) for one in row.pending or ())
    return Task(**{name: getattr(row, name) for name in COLUMNS}, pending=pending)


def values_of(task: Task) -> dict[str, Any]:
    """The value as columns; its pending events as JSON."""
    pending = [{**asdict(event), "at": event.at.isoformat() if event.at else None} for event in task.pending]
    return {**{name: getattr(task, name) for name in COLUMNS}, "pending": pending or None}


def _event(one: dict[str, Any]) -> TaskEvent:
    return TaskEvent(**{**one, "at": datetime.fromisoformat(one["at"]) if one["at"] else None})
