"""What the scheduler keeps of each look at a broker."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from console.infra import events
from console.infra.db import db
from console.queues import queries
from console.queues.actions import absence
from console.queues.models import BrokerDepth, BrokerState
from console.queues.rules.samples import QueueSeen, Sample, per_minute

ROOM: Final = "queues"
KEEP: Final = timedelta(hours=24)
# What rates compare with: the youngest minute that lies this far back at least.
SPAN: Final = timedelta(minutes=5)
LEAST: Final = timedelta(minutes=1)


def claim_look(broker: str, *, at: datetime, every: timedelta) -> bool:
    """Make the caller the one scheduler that looks at a broker now; False when another has just done so."""
    row = insert(BrokerState).values(broker=broker, tried_at=at)
    fresh = row.on_conflict_do_update(
        index_elements=["broker"], set_={"tried_at": at}, where=BrokerState.tried_at <= at - every
    )
    return db.session.scalar(fresh.returning(BrokerState.broker)) is not None


def keep_sample(broker: str, sample: Sample, *, seconds: float, at: datetime) -> None:
    """It answered: keep what was seen, with the rates that follow from what was kept before."""
    told = replace(sample, queues=[_rated(broker, queue, at) for queue in sample.queues])
    _keep_depths(broker, told.queues, at)
    packed = told.packed()
    state = db.session.get_one(BrokerState, broker, with_for_update=True)
    if _differs(state, packed):
        events.touch(ROOM)
    state.ok_at, state.failing_since, state.error = at, None, None
    state.seconds, state.sample = seconds, packed
    absence.answered(state, at=at)
    db.session.flush()


def keep_failure(broker: str, error: str, *, at: datetime) -> None:
    """It did not answer: since when and why is kept, and what was seen before stays."""
    state = db.session.get_one(BrokerState, broker, with_for_update=True)
    if state.error != error:
        events.touch(ROOM)
    state.failing_since, state.error = state.failing_since or at, error
    absence.failed(state, at=at)
    db.session.flush()


def prune_depths(*, at: datetime) -> None:
    """Forget depths that no chart shows."""
    db.session.execute(delete(BrokerDepth).where(BrokerDepth.at < at - KEEP))


def _rated(broker: str, queue: QueueSeen, at: datetime) -> QueueSeen:
    """What came in follows from what ended and how the queue grew; nothing ended when no counter moved."""
    before = queries.depth_before(broker, queue.name, at=at, span=SPAN, least=LEAST)
    if before is None:
        return queue
    out = queue.out_rate
    if out is None and queue.ended is not None and queue.ended == before.ended:
        out = 0.0
    if out is None or queue.held is None or before.held is None:
        return replace(queue, out_rate=out)
    grown = per_minute(queue.held - before.held, at - before.at)
    return replace(queue, out_rate=out, in_rate=max(0.0, round(out + grown, 2)))


def _keep_depths(broker: str, queues: Sequence[QueueSeen], at: datetime) -> None:
    if not queues:
        return
    minute = at.replace(second=0, microsecond=0)
    rows = [
        {"broker": broker, "queue": q.name, "at": minute, "waiting": q.waiting, "held": q.held, "ended": q.ended}
        for q in queues
    ]
    told = insert(BrokerDepth).values(rows)
    newer = {name: told.excluded[name] for name in ("waiting", "held", "ended")}
    db.session.execute(told.on_conflict_do_update(index_elements=["broker", "queue", "at"], set_=newer))


def _differs(state: BrokerState, packed: dict[str, Any]) -> bool:
    """Whether a page would show something else; the instant of the look alone is told by the page's own clock."""
    if state.sample is None or state.error is not None:
        return True
    return {**state.sample, "at": ""} != {**packed, "at": ""}
