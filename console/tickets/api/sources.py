"""Sources of tickets over the API."""

from datetime import datetime
from typing import Any

from flask import Response, make_response
from pydantic import BaseModel, Field

from console.infra import clock
from console.infra.actor import Scope
from console.tickets.actions import sources as actions
from console.tickets.api.shared import Part, bp, reply
from console.tickets.forms import sources as forms
from console.tickets.forms.sources import TicketSourceIn
from console.tickets.jobs import trying
from console.tickets.models import TicketSource
from console.tickets.queries import sources as reads
from console.tickets.rules.sources.feed import SourceKind, SourceState, state_of
from console.tickets.rules.sources.rows import Row
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import FaultOut, describe


class RejectOut(BaseModel):
    """A row that could not be taken, when it was last read."""

    key: str
    reason: str
    at: datetime


class TicketSourceOut(BaseModel):
    """A source without its secrets. Its name is the `source` of its tickets.

    `rows` were read in all, `last_rows` in the last run; `lag_seconds` is the time since it was read to its end, or
    since the last change that was read while there is more. Of `rejected` rows, `rejects` are the newest.
    """

    name: str
    kind: SourceKind
    place: str
    query: str
    columns: dict[str, str]
    timezone: str
    resolved_statuses: list[str]
    interval_seconds: int
    overlap_seconds: int
    enabled: bool
    has_token: bool
    has_webhook_secret: bool
    state: SourceState
    last_run_at: datetime | None
    last_ok_at: datetime | None
    next_at: datetime | None
    last_rows: int
    rows: int
    lag_seconds: int | None
    failing_since: datetime | None
    failures: int
    error: str | None
    rejected: int
    rejects: list[RejectOut]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: TicketSource) -> "TicketSourceOut":
        """As it is now."""
        same = [name for name in cls.model_fields if hasattr(found, name)]
        told: dict[str, Any] = {name: getattr(found, name) for name in same}
        options = {"query": "", "columns": {}, **found.options}
        more: dict[str, Any] = {"has_token": bool(found.token), "has_webhook_secret": bool(found.webhook_secret)}
        state = state_of(enabled=found.enabled, failing_since=found.failing_since, last_ok_at=found.last_ok_at)
        told |= {"state": state, "next_at": found.next_at if found.enabled else None}
        return cls(**told, **options, **more, lag_seconds=reads.lag_of(found, now=clock.now()))


class TicketSourcePage(BaseModel):
    """Sources by name."""

    items: list[TicketSourceOut]
    next_cursor: str | None


class PreviewRow(BaseModel):
    """A row as it would be taken; the source's own deadlines stand in `source_deadlines`."""

    external_id: str
    created_at: datetime
    updated_at: datetime | None
    resolved: bool | None = Field(description="Whether its status ends the ticket; null when it has none.")
    fields: dict[str, Any]

    @classmethod
    def of(cls, row: Row) -> "PreviewRow":
        """As it was read."""
        plain = dict(row.given)
        return cls(
            external_id=row.external_id, created_at=row.created_at, updated_at=row.updated_at,
            resolved=row.closed, fields=plain,
        )  # fmt: skip


class SourceTestOut(BaseModel):
    """What a test found: up to five rows as they would be taken, and what is wrong."""

    ok: bool
    said: str
    errors: list[FaultOut]
    rows: list[PreviewRow]


@bp.get("/ticket-sources")
@requires_scope(Scope.READ)
@describe("The helpdesks that are followed", query=Part, reply=TicketSourcePage)
def list_ticket_sources() -> Response:
    """A page of them."""
    wanted = query(Part)
    page = reads.listed(limit=wanted.limit, cursor=wanted.cursor)
    return reply(TicketSourcePage(items=[TicketSourceOut.of(one) for one in page.items], next_cursor=page.next_cursor))


@bp.get("/ticket-sources/<name>")
@requires_scope(Scope.READ)
@describe("One source of tickets", reply=TicketSourceOut, problems={404: "There is no such source"})
def get_ticket_source(name: str) -> Response:
    """One of them."""
    return reply(TicketSourceOut.of(reads.get(name)))


@bp.put("/ticket-sources/<name>")
@requires_scope(Scope.ADMIN)
@describe(
    "Make or change a source; with another query, columns or place it is read again from the beginning",
    body=TicketSourceIn, reply=TicketSourceOut, problems={409: "It is of another kind"},
)  # fmt: skip
def put_ticket_source(name: str) -> Response:
    """Make or change it."""
    wanted = forms.read_source(body(TicketSourceIn))
    source, new = actions.put(forms.source_name(name), wanted, by=current_actor(), at=clock.now())
    return reply(TicketSourceOut.of(source), 201 if new else 200)


@bp.delete("/ticket-sources/<name>")
@requires_scope(Scope.ADMIN)
@describe("Follow a source no longer; its tickets stay", status=204, problems={404: "There is no such source"})
def delete_ticket_source(name: str) -> Response:
    """Forget it."""
    actions.delete(reads.get_for_change(name), by=current_actor(), at=clock.now())
    return make_response("", 204)


@bp.post("/ticket-sources/<name>/test")
@requires_scope(Scope.ADMIN)
@describe("Read five rows now and show them mapped; keeps none", reply=SourceTestOut, problems={404: "No such source"})
def test_ticket_source(name: str) -> Response:
    """Try it out; a source that is away is an answer too."""
    found = trying.try_out(reads.get(name), by=current_actor())
    errors = [FaultOut(pointer=fault.pointer, detail=fault.detail) for fault in found.faults]
    return reply(
        SourceTestOut(ok=found.ok, said=found.said, errors=errors, rows=[PreviewRow.of(r) for r in found.rows])
    )


@bp.post("/ticket-sources/<name>/run")
@requires_scope(Scope.ADMIN)
@describe("Read it now instead of at its time", status=202, reply=TicketSourceOut, problems={409: "It is paused"})
def run_ticket_source(name: str) -> Response:
    """A scheduler begins within a second or two."""
    source = reads.get_for_change(name)
    actions.run_now(source, by=current_actor(), at=clock.now())
    return reply(TicketSourceOut.of(source), 202)
