"""What is merged into an alert by hand: put in by POST, taken out by DELETE."""

from datetime import datetime
from typing import Annotated, Self

from flask import Response
from pydantic import BaseModel, Field

from console.alerts import actions, queries
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import AlertOut, SeverityWord, StatusWord
from console.alerts.models import Alert, AlertMerge
from console.alerts.queries import merges
from console.infra import clock
from console.infra.actor import Scope
from console.infra.paging import MAX_LIMIT
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body
from console.web.openapi import describe

ONE_OF_THEM = {404: "There is no such alert", 409: "Itself, merged already, or too many; nothing was merged"}
Id = Annotated[int, Field(gt=0, lt=2**63)]


class MergesIn(BaseModel):
    """Which alerts to merge into this one; they must be of its environment."""

    alerts: list[Id] = Field(min_length=1, max_length=MAX_LIMIT)


class MergeOut(BaseModel):
    """One merged alert; its counts and times are its own, and `status` is what taking it out gives back."""

    alert: int
    into: int
    service: str
    environment: str
    title: str
    fingerprint: str
    severity: SeverityWord
    status: StatusWord
    count: int
    first_seen: datetime
    last_seen: datetime
    merged_at: datetime
    merged_by: str

    @classmethod
    def of(cls, row: AlertMerge, alert: Alert) -> Self:
        """A merge with the merged alert's own row."""
        told = {name: getattr(alert, name) for name in _OF_ALERT} | {name: getattr(row, name) for name in _OF_ROW}
        told |= {"alert": alert.id, "into": row.target_id}
        return cls.model_construct(**told, severity=alert.severity.word, status=row.status.word)


_OF_ROW = ("merged_at", "merged_by")
_OF_ALERT = ("service", "environment", "title", "fingerprint", "count", "first_seen", "last_seen")


class MergePage(BaseModel):
    """All that is merged into an alert, the one seen last first."""

    items: list[MergeOut]
    next_cursor: str | None


@bp.get("/alerts/<int:alert_id>/merges")
@requires_scope(Scope.READ)
@describe("What is merged into an alert", reply=MergePage)
def list_merges(alert_id: int) -> Response:
    """At most 200, which is as many as can be merged into one alert."""
    return _page(queries.get(alert_id).id)


@bp.post("/alerts/<int:alert_id>/merges")
@requires_scope(Scope.WRITE)
@describe("Merge alerts into this one", body=MergesIn, reply=MergePage, status=201, problems=ONE_OF_THEM)
def merge(alert_id: int) -> Response:
    """All of them or none."""
    asked, target = body(MergesIn), queries.get(alert_id)
    actions.merge(target.id, asked.alerts, by=current_actor(), at=clock.now())
    return _page(target.id, 201)


@bp.get("/alerts/<int:alert_id>/merges/<int:merged_id>")
@requires_scope(Scope.READ)
@describe("One merged alert", reply=MergeOut)
def show_merge(alert_id: int, merged_id: int) -> Response:
    """Its own figures."""
    return reply(MergeOut.of(*merges.one(queries.get(alert_id).id, merged_id)))


@bp.delete("/alerts/<int:alert_id>/merges/<int:merged_id>")
@requires_scope(Scope.WRITE)
@describe("Take an alert out again: its own failures, counts and state", reply=AlertOut)
def unmerge(alert_id: int, merged_id: int) -> Response:
    """The alert that stands on its own again."""
    row, _ = merges.one(queries.get(alert_id).id, merged_id)
    now = clock.now()
    return reply(AlertOut.of(actions.unmerge(row.target_id, merged_id, by=current_actor(), at=now), now))


def _page(target_id: int, status: int = 200) -> Response:
    items = [MergeOut.of(row, alert) for row, alert in merges.shown(target_id)]
    return reply(MergePage.model_construct(items=items, next_cursor=None), status)
