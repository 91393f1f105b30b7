"""Orders, and what became of their jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Text, any_, literal, select, tuple_
from sqlalchemy.orm import Session

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.jobs import Job
from console.infra.paging import Page, decode, page_of
from console.queues.models import RqOrder, RqOrderJob
from console.queues.rules.orders import Ended, Outcome


@dataclass(frozen=True, slots=True)
class OrderNow:
    """An order as it stands, and its job while the row is kept."""

    order: RqOrder
    job: Job | None

    @property
    def outcomes(self) -> dict[str, int]:
        """How many of its jobs had which outcome."""
        waiting = {"waiting": self.left} if self.left else {}
        return {**self.order.outcomes, **waiting}

    @property
    def ends(self) -> dict[str, int]:
        """How many of those that run again ended how."""
        return self.order.ends

    @property
    def left(self) -> int:
        """Jobs whose turn has not come."""
        tried: int = sum(self.order.outcomes.values())
        return self.order.jobs - tried

    @property
    def awaited(self) -> int:
        """Requeued jobs that have not ended."""
        return self.outcomes.get(Outcome.REQUEUED, 0) - sum(self.ends.values())

    @property
    def succeeded(self) -> int:
        """Requeued jobs that have succeeded."""
        return self.ends.get(Ended.SUCCEEDED, 0)


@dataclass(frozen=True, slots=True)
class Awaited:
    """A requeued job whose end is not known."""

    order_id: int
    job_id: str
    traceless: bool


def get_order(order_id: int) -> OrderNow:
    """One order; raises NotFound."""
    found = db.session.get(RqOrder, order_id) if 0 < order_id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no order {order_id}.")
    return _now([found])[0]


def orders_page(*, limit: int, cursor: str | None, alert_id: int | None = None) -> Page[OrderNow]:
    """A page of orders, newest first; of one alert, or of all. Raises Invalid for a bad cursor."""
    rows = select(RqOrder).order_by(RqOrder.id.desc()).limit(limit + 1)
    if alert_id is not None:
        rows = rows.where(RqOrder.alert_id == alert_id)
    if cursor:
        rows = rows.where(RqOrder.id < decode(cursor, int)[0])
    page = page_of(list(db.session.scalars(rows)), limit, lambda one: (one.id,))
    return Page(_now(page.items), page.next_cursor)


def order_jobs(order_id: int, *, limit: int, cursor: str | None, outcome: str | None = None) -> Page[RqOrderJob]:
    """A page of an order's jobs by broker and id; raises Invalid for a bad cursor."""
    rows = select(RqOrderJob).where(RqOrderJob.order_id == order_id)
    rows = rows.order_by(RqOrderJob.broker, RqOrderJob.job_id).limit(limit + 1)
    if outcome == "waiting":
        rows = rows.where(RqOrderJob.outcome.is_(None))
    elif outcome:
        rows = rows.where(RqOrderJob.outcome == outcome)
    if cursor:
        rows = rows.where(tuple_(RqOrderJob.broker, RqOrderJob.job_id) > decode(cursor, str, str))
    return page_of(list(db.session.scalars(rows)), limit, lambda one: (one.broker, one.job_id))


def open_elsewhere(broker: str, job_ids: Sequence[str]) -> dict[str, int]:
    """Those of the jobs that another order is about to move, and its number."""
    ids = RqOrderJob.job_id == any_(literal(list(job_ids), ARRAY(Text)))
    waiting = RqOrderJob.outcome.is_(None) | (RqOrderJob.outcome == Outcome.TRYING.value)
    rows = select(RqOrderJob.job_id, RqOrderJob.order_id).where(RqOrderJob.broker == broker, ids, waiting)
    return {row.job_id: row.order_id for row in db.session.execute(rows)}


def begun(session: Session, order_id: int) -> list[tuple[str, str]]:
    """Jobs of an order that somebody began to move and did not tell the end of: (broker, job id)."""
    rows = select(RqOrderJob.broker, RqOrderJob.job_id).where(RqOrderJob.order_id == order_id)
    rows = rows.where(RqOrderJob.outcome == Outcome.TRYING.value)
    return [(row.broker, row.job_id) for row in session.execute(rows.order_by(RqOrderJob.broker, RqOrderJob.job_id))]


def brokers_awaited(session: Session) -> set[str]:
    """Brokers that have requeued jobs whose end is not known."""
    rows = select(RqOrderJob.broker).where(RqOrderJob.outcome == Outcome.REQUEUED.value, RqOrderJob.ended.is_(None))
    return set(session.scalars(rows.distinct()))


def awaited(session: Session, broker: str, *, after: tuple[int, str], limit: int) -> list[Awaited]:
    """Requeued jobs of a broker that have not ended, as far as known, after one of them."""
    rows = select(RqOrderJob.order_id, RqOrderJob.job_id, RqOrderJob.traceless).where(
        RqOrderJob.broker == broker,
        RqOrderJob.outcome == Outcome.REQUEUED.value,
        RqOrderJob.ended.is_(None),
        tuple_(RqOrderJob.order_id, RqOrderJob.job_id) > after,
    )
    rows = rows.order_by(RqOrderJob.order_id, RqOrderJob.job_id).limit(limit)
    return [Awaited(row.order_id, row.job_id, row.traceless) for row in session.execute(rows)]


def _now(orders: Sequence[RqOrder]) -> list[OrderNow]:
    jobs = {job.id: job for job in db.session.scalars(select(Job).where(Job.id.in_([o.job_id for o in orders])))}
    return [OrderNow(order, jobs.get(order.job_id) if order.job_id else None) for order in orders]
