"""Requeueing and deleting failed jobs of RQ brokers over the API: an order, and what became of each job."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from flask import Response, url_for
from pydantic import BaseModel, Field, model_validator

from console.infra.actor import Scope
from console.infra.jobs import JobState
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT
from console.queues import actions, queries
from console.queues.api.blueprint import bp, reply
from console.queues.jobs.asking import Target, look, order
from console.queues.models import RqOrderJob
from console.queues.queries import OrderNow
from console.queues.rules.orders import Action, Ended, Outcome
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe

MOST = 10_000
NO_NUL = r"^[^\x00]*$"
# Reasons told one by one in a dry run.
REASONS = 1_000
BIGGEST = 2**63 - 1


class OrderIn(BaseModel):
    """Either `alert`, for all its failed jobs, or a `broker` and its `jobs`. `expect` refuses another number (409)."""

    action: Action
    alert: int | None = Field(default=None, ge=1, le=BIGGEST)
    broker: str | None = Field(default=None, max_length=200, pattern=NO_NUL)
    jobs: list[Annotated[str, Field(min_length=1, max_length=500, pattern=NO_NUL)]] = Field(
        default_factory=list, max_length=MOST
    )
    expect: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.alert is None) == (self.broker is None) or bool(self.jobs) != (self.broker is not None):
            raise ValueError("Give either an alert, or a broker with its jobs.")
        return self

    @property
    def target(self) -> Target:
        """Whose jobs are meant."""
        return Target(self.alert, self.broker or "", tuple(self.jobs))


class LeftAlone(BaseModel):
    """A job that would not be moved, and why."""

    broker: str
    job_id: str
    why: str


class Preview(BaseModel):
    """What would be done now: `jobs` of them; `refused` names the first 1,000 that would be left alone.

    `forbidden` says why nothing may be done at all, where that is so.
    """

    action: Action
    jobs: int
    refused: list[LeftAlone]
    forbidden: str | None


class OrderOut(BaseModel):
    """An order. `outcomes` counts what became of the moves, `ended` how the jobs that run again ended."""

    id: int
    action: Action
    alert: int | None
    jobs: int
    asked_by: str
    asked_at: datetime
    job: UUID | None
    state: JobState | None
    progress: float | None
    outcomes: dict[str, int]
    ended: dict[str, int]
    url: str

    @classmethod
    def of(cls, now: OrderNow) -> Self:
        """As the API shows it."""
        one = now.order
        facts: dict[str, Any] = {name: getattr(one, name) for name in ("id", "jobs", "asked_by", "asked_at")}
        return cls(
            **facts,
            action=Action(one.action),
            alert=one.alert_id,
            job=one.job_id,
            state=now.job.state if now.job else None,
            progress=now.job.progress if now.job else None,
            outcomes=now.outcomes,
            ended=now.ends,
            url=url_for("queues.order", order_id=one.id, _external=True),
        )


class OrderList(BaseModel):
    """A page of orders, newest first."""

    items: list[OrderOut]
    next_cursor: str | None


class OrderQuery(BaseModel):
    """What to list."""

    alert: int | None = Field(default=None, ge=1, le=BIGGEST)
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


class OrderJobOut(BaseModel):
    """One job of an order; `outcome` null before its turn, `ended` null while it waits or runs, or did not run."""

    broker: str
    job_id: str
    outcome: Outcome | None
    why: str | None
    at: datetime | None
    ended: Ended | None
    ended_at: datetime | None

    @classmethod
    def of(cls, row: RqOrderJob) -> Self:
        """As the API shows it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class OrderJobList(BaseModel):
    """A page of an order's jobs, by broker and id."""

    items: list[OrderJobOut]
    next_cursor: str | None


class OrderJobQuery(BaseModel):
    """What to list."""

    outcome: Outcome | None = None
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


@bp.post("/job-orders")
@requires_scope(Scope.WRITE)
@describe(
    "Requeue or delete failed jobs of RQ brokers",
    body=OrderIn, reply=OrderOut, status=202,
    problems={404: "No such alert or broker", 409: "None may be moved, or their number is not the one expected"},
)  # fmt: skip
def ask_order() -> Response:
    """Order it."""
    asked = body(OrderIn)
    made = order(asked.action, asked.target, by=current_actor(), expect=asked.expect)
    return reply(OrderOut.of(queries.get_order(made.id)), 202)


@bp.post("/job-orders/dry-runs")
@requires_scope(Scope.WRITE)
@describe(
    "Count what an order would do now, and change nothing",
    body=OrderIn, reply=Preview, problems={404: "No such alert or broker"},
)  # fmt: skip
def preview_order() -> Response:
    """Only look."""
    asked = body(OrderIn)
    found = look(asked.target)
    alone = [LeftAlone(broker=b, job_id=j, why=w) for b, j, w in found.refused[:REASONS]]
    return reply(Preview(action=asked.action, jobs=found.count, refused=alone, forbidden=found.forbidden))


@bp.get("/job-orders")
@requires_scope(Scope.READ)
@describe("What was asked to be done with failed jobs", reply=OrderList, query=OrderQuery)
def list_orders() -> Response:
    """A page of orders."""
    asked = query(OrderQuery)
    found = queries.orders_page(limit=asked.limit, cursor=asked.cursor, alert_id=asked.alert)
    return reply(OrderList(items=[OrderOut.of(one) for one in found.items], next_cursor=found.next_cursor))


@bp.get("/job-orders/<int:order_id>")
@requires_scope(Scope.READ)
@describe("One order and how far it is", reply=OrderOut)
def show_order(order_id: int) -> Response:
    """One order."""
    return reply(OrderOut.of(queries.get_order(order_id)))


@bp.get("/job-orders/<int:order_id>/jobs")
@requires_scope(Scope.READ)
@describe("What became of each job of an order", reply=OrderJobList, query=OrderJobQuery)
def order_jobs(order_id: int) -> Response:
    """A page of its jobs."""
    found, asked = queries.get_order(order_id).order, query(OrderJobQuery)
    page = queries.order_jobs(found.id, limit=asked.limit, cursor=asked.cursor, outcome=asked.outcome)
    return reply(OrderJobList(items=[OrderJobOut.of(row) for row in page.items], next_cursor=page.next_cursor))


@bp.post("/job-orders/<int:order_id>/cancellation")
@requires_scope(Scope.WRITE)
@describe("Stop an order: what was not moved yet stays", reply=OrderOut, problems={409: "It has finished"})
def stop_order(order_id: int) -> Response:
    """Stop it."""
    actions.stop_order(queries.get_order(order_id), by=current_actor())
    return reply(OrderOut.of(queries.get_order(order_id)))
