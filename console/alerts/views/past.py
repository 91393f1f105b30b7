"""All of an alert's history and all of its failures, a page at a time."""

from typing import Any

from flask import Response, request, url_for

from console.alerts import queries
from console.alerts.queries import merges
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import reader
from console.infra.actor import Role
from console.web import htmx
from console.web.auth import requires

PAGE = 50


@bp.get("/alerts/<int:alert_id>/history")
@requires(Role.VIEWER)
def history(alert_id: int) -> Response:
    """What happened to it and who noted what, newest first; of a merged alert its own."""
    alert = queries.get(alert_id)
    page = queries.history(alert.id, limit=PAGE, cursor=request.args.get("cursor"))
    given: dict[str, Any] = {"first_failed": merges.own_span(alert)[0], **reader()}
    return htmx.page("alerts/history.html", (), alert=alert, history=page, older=_older(page.next_cursor), **given)


@bp.get("/alerts/<int:alert_id>/occurrences")
@requires(Role.VIEWER)
def occurrences(alert_id: int) -> Response:
    """Its failures, the one that occurred last first."""
    alert = queries.get(alert_id)
    page = queries.occurrences(alert.id, limit=PAGE, cursor=request.args.get("cursor"))
    return htmx.page("alerts/occurrences.html", (), alert=alert, page=page, older=_older(page.next_cursor))


def _older(cursor: str | None) -> str:
    view_args: dict[str, Any] = {**(request.view_args or {}), "cursor": cursor}
    return url_for(str(request.endpoint), **view_args) if cursor else ""
