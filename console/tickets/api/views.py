"""Saved views of the queue for programs: shared ones, and those kept for a person."""

from typing import Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from console.alerts import actions
from console.alerts.api.schemas import Word
from console.alerts.api.views import TAKEN, NamedIn, SavedOut
from console.alerts.models import SavedView
from console.alerts.queries import views as reads
from console.alerts.rules.views import Wanted
from console.infra import clock
from console.infra.actor import Scope
from console.tickets.api.shared import Ahead, Part, bp, reply
from console.tickets.rules.standing import State
from console.tickets.rules.views import TICKETS
from console.web.auth import current_actor, requires_scope
from console.web.inputs import Utc, body, query
from console.web.openapi import describe


class QueueFilterIn(BaseModel):
    """The queue's parameters. `assignee`: "none" is nobody, "me" whoever looks at the view."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = None
    assignee: Word | None = None
    priority: Word | None = None
    organization: Word | None = None
    policy: Word | None = None
    source: Word | None = None
    due_before: Utc | None = None
    due_within: Ahead | None = None


class TicketViewIn(NamedIn):
    """A name for a filter of the queue; `owner`: for this person alone, by e-mail address; null: shared."""

    filter: QueueFilterIn = Field(default_factory=QueueFilterIn)

    def wanted(self) -> Wanted:
        """What the action takes; raises Invalid for an owner whom nobody knows."""
        return self.of(self.filter, TICKETS.sorts[0])


class TicketViewOut(SavedOut):
    """A saved view of the queue; `url` is the queue narrowed by it."""

    @classmethod
    def of(cls, view: SavedView) -> Self:
        """A stored view."""
        return cls.told(view, "tickets.index", **view.filter)


class TicketViewPage(BaseModel):
    """Saved views, the newest first."""

    items: list[TicketViewOut]
    next_cursor: str | None


@bp.get("/ticket-views")
@requires_scope(Scope.READ)
@describe("Saved views of the queue of tickets", query=Part, reply=TicketViewPage)
def list_views() -> Response:
    """A page of views."""
    asked = query(Part)
    page = reads.views(TICKETS, limit=asked.limit, cursor=asked.cursor)
    return reply(TicketViewPage(items=[TicketViewOut.of(view) for view in page.items], next_cursor=page.next_cursor))


@bp.post("/ticket-views")
@requires_scope(Scope.WRITE)
@describe("Save a view of the queue", body=TicketViewIn, reply=TicketViewOut, status=201, problems=TAKEN)
def create_view() -> Response:
    """A new view."""
    made = actions.create_view(body(TicketViewIn).wanted(), by=current_actor(), at=clock.now(), listing=TICKETS)
    return reply(TicketViewOut.of(made), 201)


@bp.get("/ticket-views/<int:view_id>")
@requires_scope(Scope.READ)
@describe("One saved view of the queue", reply=TicketViewOut)
def get_view(view_id: int) -> Response:
    """One view."""
    return reply(TicketViewOut.of(reads.view_of(view_id, TICKETS)))


@bp.put("/ticket-views/<int:view_id>")
@requires_scope(Scope.WRITE)
@describe("Make a saved view of the queue so", body=TicketViewIn, reply=TicketViewOut, problems=TAKEN)
def put_view(view_id: int) -> Response:
    """Name, filter and owner anew: what is left out takes its default."""
    view, wanted = reads.view_of(view_id, TICKETS), body(TicketViewIn).wanted()
    actions.change_view(view, wanted, by=current_actor(), at=clock.now(), listing=TICKETS)
    return reply(TicketViewOut.of(view))


@bp.delete("/ticket-views/<int:view_id>")
@requires_scope(Scope.WRITE)
@describe("Delete a saved view of the queue", status=204)
def delete_view(view_id: int) -> Response:
    """The tickets that it showed stay as they are."""
    actions.remove_view(reads.view_of(view_id, TICKETS), by=current_actor(), listing=TICKETS)
    return Response(status=204)
