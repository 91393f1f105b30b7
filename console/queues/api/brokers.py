"""Watched brokers over the API."""

from datetime import datetime
from typing import Any, Self

from flask import Response, make_response
from pydantic import BaseModel, ConfigDict, Field

from console.infra import clock
from console.infra.actor import Scope
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT
from console.queues import actions, client, forms, queries
from console.queues.api.blueprint import bp, reply
from console.queues.forms import BrokerIn
from console.queues.queries import Seen
from console.queues.rules.brokers import Kind
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe


class BrokerOut(BaseModel):
    """A broker without its address; `console` is our own RQ and cannot be changed.

    `host`, `port` and `db` say where it is, null for our own. `last_ok_at` is when it last answered, `failing_since`
    and `last_error` since when and why it does not.
    """

    name: str
    builtin: bool
    kind: Kind
    service: str
    environment: str
    host: str | None
    port: int | None
    db: int | None
    read_only: bool
    enabled: bool
    queues: list[str]
    prefix: str
    result_db: int | None
    last_ok_at: datetime | None
    failing_since: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        """As the API shows it."""
        broker, state = seen.broker, seen.state
        same = ("name", "builtin", "kind", "service", "environment", "read_only", "enabled", "prefix", "result_db")
        place = {name: None if broker.builtin else getattr(broker, name) for name in ("host", "port", "db")}
        facts: dict[str, Any] = {name: getattr(broker, name) for name in same} | place
        return cls(
            **facts,
            queues=list(broker.queues),
            last_ok_at=state.ok_at if state else None,
            failing_since=state.failing_since if state else None,
            last_error=state.error if state else None,
        )


class BrokerPage(BaseModel):
    """Our own broker, then others by name."""

    items: list[BrokerOut]
    next_cursor: str | None


class TestOut(BaseModel):
    """What a test found. `milliseconds` is one round trip; counts are null where nothing was reached.

    `said` is the same in a sentence, without credentials.
    """

    model_config = ConfigDict(from_attributes=True)

    ok: bool
    said: str
    version: str | None
    milliseconds: float | None
    rq_queues: int | None
    rq_workers: int | None
    rq_failed: int | None
    celery_queues: int | None
    celery_workers: int | None


class Listing(BaseModel):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


@bp.get("/brokers")
@requires_scope(Scope.READ)
@describe("All watched brokers", query=Listing, reply=BrokerPage)
def brokers() -> Response:
    """A page of brokers."""
    wanted = query(Listing)
    page = queries.brokers_page(limit=wanted.limit, cursor=wanted.cursor)
    seen = queries.seen(page.items)
    return reply(BrokerPage(items=[BrokerOut.of(one) for one in seen], next_cursor=page.next_cursor))


@bp.get("/brokers/<name>")
@requires_scope(Scope.READ)
@describe("One broker", reply=BrokerOut, problems={404: "There is no such broker"})
def broker(name: str) -> Response:
    """One broker."""
    return reply(_one(name))


@bp.put("/brokers/<name>")
@requires_scope(Scope.ADMIN)
@describe(
    "Make or change a broker", body=BrokerIn, reply=BrokerOut,
    problems={409: "It is our own, of another kind, or this place is watched already"},
)  # fmt: skip
def put_broker(name: str) -> Response:
    """Make or change it."""
    actions.refuse_builtin(name)
    wanted = forms.read_broker(body(BrokerIn))
    _, new = actions.put_broker(forms.broker_name(name), wanted, by=current_actor(), at=clock.now())
    return reply(_one(name), 201 if new else 200)


@bp.delete("/brokers/<name>")
@requires_scope(Scope.ADMIN)
@describe("Watch a broker no longer", status=204, problems={404: "No such broker", 409: "It is the console's own"})
def delete_broker(name: str) -> Response:
    """Forget it."""
    actions.refuse_builtin(name)
    actions.delete_broker(queries.get_for_change(name), by=current_actor(), at=clock.now())
    return make_response("", 204)


@bp.post("/brokers/<name>/test")
@requires_scope(Scope.ADMIN)
@describe("Reach a broker now and say what is there", reply=TestOut, problems={404: "There is no such broker"})
def test_broker(name: str) -> Response:
    """Try it out; a broker that is away is an answer too."""
    watched = queries.get_watched(name)
    found = client.test(watched)
    actions.note_test(watched, by=current_actor(), outcome={"ok": found.ok, "said": found.said})
    return reply(TestOut.model_validate(found))


def _one(name: str) -> BrokerOut:
    return BrokerOut.of(queries.seen([queries.get_watched(name)])[0])
