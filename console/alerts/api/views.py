"""Saved views for programs: shared ones, and those kept for a person."""

from datetime import datetime
from typing import Any, Literal, Self

from flask import Response, url_for
from pydantic import BaseModel, Field

from console.alerts import actions
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import FilterIn, PageIn, Word
from console.alerts.api.writes import known
from console.alerts.models import SavedView
from console.alerts.queries import views as reads
from console.alerts.rules.views import Wanted
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe

SortWord = Literal["worst", "recent", "oldest"]
TAKEN = {409: "Another view has this name"}


class NamedIn(BaseModel):
    """A name for a list; `owner`: for this person alone, by e-mail address; null: shared."""

    name: Word
    owner: Word | None = None

    def of(self, filtered: BaseModel, sort: str) -> Wanted:
        """What the action takes; raises Invalid for an owner whom nobody knows."""
        kept = filtered.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        owner = known(self.owner, "/owner") if self.owner is not None else None
        return Wanted(self.name, {name: value for name, value in kept.items() if value != []}, sort, owner)


class ViewIn(NamedIn):
    """A name for a filter and an order of the list; `owner`: for this person alone, by e-mail address; null: shared."""

    filter: FilterIn = Field(default_factory=lambda: FilterIn.model_validate({}))
    sort: SortWord = "worst"

    def wanted(self) -> Wanted:
        """What the action takes; raises Invalid for an owner whom nobody knows."""
        return self.of(self.filter, self.sort)


class SavedOut(BaseModel):
    """A saved view; `url` is the list narrowed by it."""

    id: int
    name: str
    filter: dict[str, Any]
    owner: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    url: str

    @classmethod
    def told(cls, view: SavedView, endpoint: str, **narrowing: Any) -> Self:
        """A stored view of the list at an endpoint."""
        told = {name: getattr(view, name) for name in cls.model_fields if name != "url"}
        return cls.model_validate(told | {"url": url_for(endpoint, _external=True, **narrowing)})


class ViewOut(SavedOut):
    """A saved view; `url` is the list narrowed and sorted by it."""

    sort: SortWord

    @classmethod
    def of(cls, view: SavedView) -> Self:
        """A stored view."""
        return cls.told(view, "alerts.index", **view.filter, sort=view.sort)


class ViewPage(BaseModel):
    """Saved views, the newest first."""

    items: list[ViewOut]
    next_cursor: str | None


@bp.get("/views")
@requires_scope(Scope.READ)
@describe("Saved views of the list of alerts", query=PageIn, reply=ViewPage)
def list_views() -> Response:
    """A page of views."""
    asked = query(PageIn)
    page = reads.views(limit=asked.limit, cursor=asked.cursor)
    return reply(ViewPage(items=[ViewOut.of(view) for view in page.items], next_cursor=page.next_cursor))


@bp.post("/views")
@requires_scope(Scope.WRITE)
@describe("Save a view", body=ViewIn, reply=ViewOut, status=201, problems=TAKEN)
def create_view() -> Response:
    """A new view."""
    made = actions.create_view(body(ViewIn).wanted(), by=current_actor(), at=clock.now())
    return reply(ViewOut.of(made), 201)


@bp.get("/views/<int:view_id>")
@requires_scope(Scope.READ)
@describe("One saved view", reply=ViewOut)
def get_view(view_id: int) -> Response:
    """One view."""
    return reply(ViewOut.of(reads.view_of(view_id)))


@bp.put("/views/<int:view_id>")
@requires_scope(Scope.WRITE)
@describe("Make a saved view so: what is left out takes its default", body=ViewIn, reply=ViewOut, problems=TAKEN)
def put_view(view_id: int) -> Response:
    """Name, filter, order and owner anew."""
    view = reads.view_of(view_id)
    actions.change_view(view, body(ViewIn).wanted(), by=current_actor(), at=clock.now())
    return reply(ViewOut.of(view))


@bp.delete("/views/<int:view_id>")
@requires_scope(Scope.WRITE)
@describe("Delete a saved view", status=204)
def delete_view(view_id: int) -> Response:
    """The alerts that it showed stay as they are."""
    actions.remove_view(reads.view_of(view_id), by=current_actor())
    return Response(status=204)
