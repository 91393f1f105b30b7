"""What changes while a Celery broker is followed: who holds it, what is remembered, what is told to alerts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, CursorResult, Text, any_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from console.alerts import actions as alerts
from console.infra import events
from console.infra.db import db
from console.infra.scrub import scrub_text
from console.queues.models import CeleryFollower, CeleryRetry, CeleryTask, CeleryWorker
from console.queues.queries.celery import ancestors, values_of
from console.queues.rules.celery import Task, WorkerEvent, instant

LEASE: Final = timedelta(seconds=10)
# A task that nobody heard of for so long is forgotten; one that has ended is kept for what comes late.
FORGET: Final = timedelta(days=7)
FORGET_DONE: Final = timedelta(hours=1)
FORGET_WORKER: Final = timedelta(days=1)
MOST: Final = 1_000_000
BATCH: Final = 5_000
ROOM: Final = "queues"


def _upsert() -> Insert:
    line = insert(CeleryTask)
    same = {
        column.name: line.excluded[column.name] for column in CeleryTask.__table__.columns if not column.primary_key
    }
    return line.on_conflict_do_update(index_elements=["broker", "uuid"], set_=same)


_REMEMBER: Final = _upsert()


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard since the last note: numbers of events, of messages that were none, and of events thrown away."""

    events: int = 0
    rubbish: int = 0
    rubbish_why: str | None = None
    dropped: int = 0
    last_at: datetime | None = None
    of_tasks: bool = False


def hold(session: Session, broker: str, *, owner: str, now: datetime) -> bool:
    """Take or keep the right to follow a broker; False while somebody else has it. The row stays locked."""
    mine = insert(CeleryFollower).values(
        broker=broker, owner=owner, lease_until=now + LEASE, events=0, rubbish=0, dropped=0, events_on=False
    )
    free = or_(CeleryFollower.owner == owner, CeleryFollower.lease_until.is_(None), CeleryFollower.lease_until < now)
    # Whoever was killed could not say when it ended: it was at the last time that it held on.
    taken = case(
        (CeleryFollower.owner == owner, CeleryFollower.deaf_since),
        else_=func.coalesce(CeleryFollower.deaf_since, CeleryFollower.lease_until - LEASE),
    )
    since = case((CeleryFollower.owner == owner, CeleryFollower.listening_since), else_=None)
    kept = mine.on_conflict_do_update(
        index_elements=["broker"],
        set_={"owner": owner, "lease_until": now + LEASE, "deaf_since": taken, "listening_since": since},
        where=free,
    )
    return session.scalar(kept.returning(CeleryFollower.broker)) is not None


def listens(session: Session, broker: str, *, at: datetime) -> None:
    """From now on events are heard; `deaf_since` stays, as the beginning of the gap that has just ended."""
    _set(session, broker, listening_since=at, error=None)


def deaf(session: Session, broker: str, *, owner: str, at: datetime, error: str | None, give_up: bool = False) -> None:
    """Nobody hears events from now on; `error` says why. `give_up` lets another take over at once."""
    row = update(CeleryFollower).where(CeleryFollower.broker == broker, CeleryFollower.owner == owner)
    # Of two reasons in a row the first instant counts.
    began = case((CeleryFollower.listening_since.is_not(None), at), else_=func.coalesce(CeleryFollower.deaf_since, at))
    over = {"lease_until": None, "owner": None} if give_up else {}
    session.execute(row.values(deaf_since=began, listening_since=None, error=error, **over))
    events.touch(ROOM)


def note(session: Session, broker: str, heard: Heard) -> None:
    """Add to the counts of what was heard."""
    _set(
        session,
        broker,
        events=CeleryFollower.events + heard.events,
        rubbish=CeleryFollower.rubbish + heard.rubbish,
        rubbish_why=heard.rubbish_why or CeleryFollower.rubbish_why,
        dropped=CeleryFollower.dropped + heard.dropped,
        last_event_at=heard.last_at or CeleryFollower.last_event_at,
        events_on=or_(CeleryFollower.events_on, literal(heard.of_tasks)),
    )


def note_results(session: Session, broker: str, *, found: int, at: datetime) -> None:
    """The results in Redis have been read from end to end."""
    _set(session, broker, results=found, results_read_at=at)


def see_workers(session: Session, broker: str, heard: Mapping[str, WorkerEvent | None], *, now: datetime) -> None:
    """These workers live, or said good-bye; None for one that was heard through its tasks only."""
    rows = [_worker(broker, name, event, now) for name, event in sorted(heard.items())]
    for row in rows:
        line = insert(CeleryWorker).values(**{"offline": False, **row})
        same = {name: value for name, value in row.items() if name not in {"broker", "hostname"}}
        session.execute(line.on_conflict_do_update(index_elements=["broker", "hostname"], set_=same))
    if any(event is not None and event.kind != "worker-heartbeat" for event in heard.values()):
        events.touch(ROOM)


def remember(session: Session, broker: str, tasks: Iterable[Task], *, now: datetime) -> None:
    """Keep what is known of these tasks, without the secrets in their texts."""
    known = sorted(tasks, key=lambda task: task.uuid)
    rows = [{"broker": broker, "seen_at": now, **values_of(_scrubbed(task))} for task in known]
    if rows:
        # One statement of one shape for any number: thousands of values in it would cost more to write than to run.
        session.connection().execute(_REMEMBER, rows)


def lay_down(session: Session, broker: str, uuids: Sequence[str]) -> None:
    """Nobody runs these tasks now; one that Redis delivers again begins anew."""
    if uuids:
        these = update(CeleryTask).where(CeleryTask.broker == broker, CeleryTask.uuid == _texts(uuids))
        session.execute(these.values(started_at=None, hostname=None))


def forget(session: Session, broker: str, uuids: Sequence[str]) -> None:
    """These tasks succeeded."""
    if uuids:
        session.execute(delete(CeleryTask).where(CeleryTask.broker == broker, CeleryTask.uuid == _texts(uuids)))


def forget_workers(session: Session, broker: str, hostnames: Sequence[str]) -> None:
    """These workers are gone and the tasks they left were told."""
    gone = delete(CeleryWorker).where(CeleryWorker.broker == broker, CeleryWorker.hostname == _texts(hostnames))
    session.execute(gone)
    events.touch(ROOM)


def prune(session: Session, broker: str, *, now: datetime) -> int:
    """Forget a batch of tasks of which nothing more will come, and the oldest beyond the bound; returns how many."""
    of_broker = CeleryTask.broker == broker
    old = (CeleryTask.done & (CeleryTask.seen_at < now - FORGET_DONE)) | (CeleryTask.seen_at < now - FORGET)
    bound = select(CeleryTask.seen_at).where(of_broker).order_by(CeleryTask.seen_at.desc()).offset(MOST).limit(1)
    beyond = session.scalar(bound)
    if beyond is not None:
        old |= CeleryTask.seen_at <= beyond
    some = select(CeleryTask.uuid).where(of_broker, old).limit(BATCH)
    gone = session.execute(delete(CeleryTask).where(of_broker, CeleryTask.uuid.in_(some)))
    assert isinstance(gone, CursorResult)
    return gone.rowcount


def end_sent(session: Session, broker: str, uuids: Sequence[str], *, succeeded: bool, at: datetime) -> None:
    """Of these tasks that ended some had been sent again: the alerts that waited for them hear it."""
    stands_for = ancestors(session, broker, uuids)
    ended: dict[int, list[str]] = {}
    for row in stands_for:
        if succeeded:
            row.succeeded_at = row.succeeded_at or at
        ended.setdefault(row.alert_id, []).append(row.uuid)
    session.flush()
    for alert_id, ids in sorted(ended.items()):
        if succeeded:
            alerts.settle_retries(alert_id, succeeded=ids, at=at)
        else:
            alerts.settle_retries(alert_id, failed=ids, at=at)


def _texts(values: Sequence[str]) -> Any:
    return any_(literal(list(values), ARRAY(Text)))


def _set(session: Session, broker: str, **values: Any) -> None:
    session.execute(update(CeleryFollower).where(CeleryFollower.broker == broker).values(**values))


def _worker(broker: str, hostname: str, event: WorkerEvent | None, now: datetime) -> dict[str, Any]:
    seen = {"broker": broker, "hostname": hostname, "seen_at": now}
    if event is None:
        return seen
    told = {"pid": event.pid, "freq": event.freq, "active": event.active, "processed": event.processed}
    at = instant(event.at, now=now)
    return {**seen, **told, "software": event.software, "heartbeat_at": at, "offline": event.kind == "worker-offline"}


def _scrubbed(task: Task) -> Task:
    pending = tuple(
        replace(event, exception=_clean(event.exception), traceback=_clean(event.traceback)) for event in task.pending
    )
    return replace(task, args=_clean(task.args), kwargs=_clean(task.kwargs), pending=pending)


def _clean(text: str | None) -> str | None:
    return None if text is None else scrub_text(text)


def ask_again(broker: str, alert_id: int, sent_as: Mapping[str, str], *, at: datetime) -> None:
    """These failed tasks are to be sent again under new ids; one that was refused before may be asked for anew."""
    rows = [
        {"broker": broker, "uuid": uuid, "alert_id": alert_id, "sent_as": new, "requested_at": at}
        for uuid, new in sorted(sent_as.items())
    ]
    line = insert(CeleryRetry).values(rows)
    again = {name: line.excluded[name] for name in ("alert_id", "sent_as", "requested_at")} | {"refused": None}
    refused = CeleryRetry.refused.is_not(None)
    db.session.execute(line.on_conflict_do_update(index_elements=["broker", "uuid"], set_=again, where=refused))


def note_sent(broker: str, uuid: str, *, at: datetime) -> None:
    """The task lies in its queue again."""
    _update_retry(broker, uuid, sent_at=at)


def refuse_again(broker: str, refused: Mapping[str, str]) -> None:
    """These could not be sent after all, each with why."""
    for uuid, why in refused.items():
        _update_retry(broker, uuid, refused=why)


def _update_retry(broker: str, uuid: str, **values: Any) -> None:
    of_task = update(CeleryRetry).where(CeleryRetry.broker == broker, CeleryRetry.uuid == uuid)
    db.session.execute(of_task.values(**values))
