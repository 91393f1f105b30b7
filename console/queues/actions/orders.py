"""Orders: what somebody asked to be done with failed jobs of others, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, ColumnElement, Text, any_, case, func, literal, select, text, update
from sqlalchemy.orm import Session

from console.alerts import actions as alerts
from console.audit.actions import record
from console.infra import events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict
from console.infra.jobs import Job, JobState
from console.queues.actions import own
from console.queues.models import RqOrder, RqOrderJob
from console.queues.queries import OrderNow
from console.queues.rules.orders import Action, Ended, Outcome

# Of two people who ask for the same job at once, the second finds it taken.
_ITEMS: Final = text("""
    INSERT INTO rq_order_jobs (order_id, broker, job_id)
    SELECT :order_id, :broker, job_id FROM unnest(CAST(:ids AS text[])) AS job_id
    ON CONFLICT DO NOTHING
    RETURNING job_id
""")
_OUTCOMES: Final = text("""
    UPDATE rq_order_jobs AS j SET outcome = r.outcome, why = r.why, traceless = r.traceless, at = :at
    FROM unnest(CAST(:ids AS text[]), CAST(:outcomes AS text[]), CAST(:whys AS text[]), CAST(:traceless AS boolean[]))
        AS r (job_id, outcome, why, traceless)
    WHERE j.order_id = :order_id AND j.broker = :broker AND j.job_id = r.job_id
""")
# Counted anew with each batch: an order has ten thousand jobs at most.
_TALLY: Final = text("""
    UPDATE rq_orders SET
        outcomes = coalesce((SELECT jsonb_object_agg(outcome, n) FROM (
            SELECT outcome, count(*) AS n FROM rq_order_jobs
            WHERE order_id = :order_id AND outcome <> 'trying' GROUP BY outcome) AS o), '{}'),
        ends = coalesce((SELECT jsonb_object_agg(ended, n) FROM (
            SELECT ended, count(*) AS n FROM rq_order_jobs
            WHERE order_id = :order_id AND ended IS NOT NULL GROUP BY ended) AS e), '{}')
    WHERE id = :order_id
""")
STOPPED: Final = "the order was stopped before its turn"
UNANSWERED: Final = "the order failed before its turn; its job says why"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one job: `outcome`, why if it is not what was asked, and whether its success leaves no trace."""

    outcome: Outcome
    why: str | None = None
    traceless: bool = False


def write_order(
    action: Action, jobs: Mapping[str, Sequence[str]], *, alert_id: int | None, by: Actor, at: datetime
) -> tuple[RqOrder, list[str]]:
    """Write an order for these jobs (broker to ids) down; returns it with the ids that no other order has."""
    order = RqOrder(action=action.value, alert_id=alert_id, jobs=0, asked_by=by.label, asked_at=at)
    db.session.add(order)
    db.session.flush()
    taken = {
        broker: list(db.session.scalars(_ITEMS, {"order_id": order.id, "broker": broker, "ids": sorted(set(ids))}))
        for broker, ids in sorted(jobs.items())
    }
    order.jobs = sum(map(len, taken.values()))
    details = {"jobs": order.jobs, "brokers": {name: len(ids) for name, ids in taken.items()}, "alert": alert_id}
    record(f"rq.{action.value}", by=by, object=("rq_order", str(order.id), f"order {order.id}"), details=details)
    events.touch("queues")
    return order, [job_id for ids in taken.values() for job_id in ids]


def stop_order(now: OrderNow, *, by: Actor) -> None:
    """Stop an order: what was not moved yet stays where it is. Raises Conflict once it has finished."""
    if now.job is None:
        raise Conflict("This order finished long ago; there is nothing to stop.")
    own.stop(now.job.id, by=by)


def take_batch(session: Session, order_id: int, *, limit: int) -> list[tuple[str, str]]:
    """The next jobs of an order that nobody has tried, marked as being tried: (broker, job id)."""
    waiting = select(RqOrderJob.broker, RqOrderJob.job_id).where(
        RqOrderJob.order_id == order_id, RqOrderJob.outcome.is_(None)
    )
    found = [
        (row.broker, row.job_id)
        for row in session.execute(waiting.order_by(RqOrderJob.broker, RqOrderJob.job_id).limit(limit))
    ]
    for broker in sorted({broker for broker, _ in found}):
        ids = [job_id for name, job_id in found if name == broker]
        mine = _items(order_id, broker, ids)
        session.execute(update(RqOrderJob).where(*mine).values(outcome=Outcome.TRYING.value))
    return found


def note_results(session: Session, order: RqOrder, broker: str, results: Mapping[str, Result], *, at: datetime) -> None:
    """What became of some jobs; the order's alert no longer waits for those that do not run again."""
    ids = sorted(results)
    session.execute(
        _OUTCOMES,
        {
            "order_id": order.id,
            "broker": broker,
            "at": at,
            "ids": ids,
            "outcomes": [results[job_id].outcome.value for job_id in ids],
            "whys": [results[job_id].why for job_id in ids],
            "traceless": [results[job_id].traceless for job_id in ids],
        },
    )
    session.execute(_TALLY, {"order_id": order.id})
    events.touch("queues")
    idle = [job_id for job_id in ids if results[job_id].outcome is not Outcome.REQUEUED]
    if order.alert_id is not None and order.action == Action.REQUEUE and idle:
        alerts.settle_retries(order.alert_id, dropped=idle, at=at)


def end_jobs(session: Session, order: RqOrder, broker: str, ends: Mapping[str, Ended], *, at: datetime) -> None:
    """How some requeued jobs ended; with the last one the order's alert resolves itself, or says how many failed."""
    words = case({job_id: end.value for job_id, end in ends.items()}, value=RqOrderJob.job_id)
    session.execute(update(RqOrderJob).where(*_items(order.id, broker, list(ends))).values(ended=words, ended_at=at))
    session.execute(_TALLY, {"order_id": order.id})
    events.touch("queues")
    if order.alert_id is not None:
        ways: dict[Ended, list[str]] = {}
        for job_id, end in ends.items():
            ways.setdefault(end, []).append(job_id)
        lost = [*ways.get(Ended.STOPPED, ()), *ways.get(Ended.UNKNOWN, ())]
        done, failed = ways.get(Ended.SUCCEEDED, ()), ways.get(Ended.FAILED, ())
        alerts.settle_retries(order.alert_id, succeeded=done, failed=failed, lost=lost, at=at)


def close_orders(session: Session, *, at: datetime) -> None:
    """Jobs of orders that were stopped or failed are not tried any more, and say so."""
    left = RqOrderJob.outcome.is_(None) | (RqOrderJob.outcome == Outcome.TRYING.value)
    ended = select(RqOrder, Job.state).join(Job, Job.id == RqOrder.job_id)
    ended = ended.where(Job.state.in_([JobState.CANCELLED, JobState.FAILED]))
    ended = ended.where(select(RqOrderJob.job_id).where(RqOrderJob.order_id == RqOrder.id, left).exists())
    for order, state in session.execute(ended).all():
        why = STOPPED if state is JobState.CANCELLED else UNANSWERED
        rows = session.execute(
            select(RqOrderJob.broker, func.array_agg(RqOrderJob.job_id))
            .where(RqOrderJob.order_id == order.id, left)
            .group_by(RqOrderJob.broker)
        ).all()
        for broker, ids in rows:
            result = Result(Outcome.NOT_TRIED, why)
            note_results(session, order, broker, dict.fromkeys(ids, result), at=at)


def _items(order_id: int, broker: str, job_ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    ids = literal(list(job_ids), ARRAY(Text))
    return RqOrderJob.order_id == order_id, RqOrderJob.broker == broker, RqOrderJob.job_id == any_(ids)
