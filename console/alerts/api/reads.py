"""Alerts, their failures and their history."""

from flask import Response

from console.alerts import queries
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import (
    AlertOut,
    AlertPage,
    HistoryOut,
    HistoryPage,
    ListIn,
    OccurrenceOut,
    OccurrencePage,
    PageIn,
)
from console.alerts.queries import Sort
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import requires_scope
from console.web.inputs import query
from console.web.openapi import describe


@bp.get("/alerts")
@requires_scope(Scope.READ)
@describe("Alerts in any state, the one seen last first", query=ListIn, reply=AlertPage)
def index() -> Response:
    """A page of alerts."""
    asked, now = query(ListIn), clock.now()
    page = queries.recent(asked.filter(), now, limit=asked.limit, cursor=asked.cursor, sort=Sort(asked.sort))
    items = AlertOut.all(page.items, now)
    return reply(AlertPage.model_construct(items=items, next_cursor=page.next_cursor))


@bp.get("/alerts/<int:alert_id>")
@requires_scope(Scope.READ)
@describe("One alert", reply=AlertOut)
def show(alert_id: int) -> Response:
    """One alert."""
    return reply(AlertOut.of(queries.get(alert_id), clock.now()))


@bp.get("/alerts/<int:alert_id>/occurrences")
@requires_scope(Scope.READ)
@describe("The failures of an alert, newest first", query=PageIn, reply=OccurrencePage)
def occurrences(alert_id: int) -> Response:
    """A page of failures."""
    asked, alert = query(PageIn), queries.get(alert_id)
    page = queries.occurrences(alert.id, limit=asked.limit, cursor=asked.cursor)
    items = [OccurrenceOut.of(found) for found in page.items]
    return reply(OccurrencePage.model_construct(items=items, next_cursor=page.next_cursor))


@bp.get("/alerts/<int:alert_id>/history")
@requires_scope(Scope.READ)
@describe("What happened to an alert and who noted what, newest first", query=PageIn, reply=HistoryPage)
def history(alert_id: int) -> Response:
    """A page of history."""
    asked, alert = query(PageIn), queries.get(alert_id)
    page = queries.history(alert.id, limit=asked.limit, cursor=asked.cursor)
    return reply(HistoryPage(items=[HistoryOut.of(row) for row in page.items], next_cursor=page.next_cursor))
