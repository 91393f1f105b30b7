"""What people do to one alert.

Each noun is made by POST and taken back by POST to `…/delete`, so that no page needs JavaScript.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for

from console.alerts import actions, forms, queries
from console.alerts.models import Alert
from console.alerts.views.blueprint import bp
from console.alerts.views.one import BLOCKS, showing, view
from console.infra import clock
from console.infra.actor import Role
from console.web import filters, htmx
from console.web.auth import current_actor, requires


@bp.post("/alerts/<int:alert_id>/acknowledgement")
@requires(Role.RESPONDER)
def acknowledge(alert_id: int) -> Response:
    """Say that you are on it."""
    return _do(alert_id, actions.acknowledge, "#{} is acknowledged.", undo="unacknowledge")


@bp.post("/alerts/<int:alert_id>/acknowledgement/delete")
@requires(Role.RESPONDER)
def unacknowledge(alert_id: int) -> Response:
    """Nobody is on it after all."""
    return _do(alert_id, actions.unacknowledge, "#{} is open again.")


@bp.get("/alerts/<int:alert_id>/snooze")
@requires(Role.VIEWER)
def ask_snooze(alert_id: int) -> Response:
    """Ask until when."""
    return htmx.page("alerts/snooze.html", "question", alert=queries.get(alert_id), snoozes=forms.SNOOZES, view=view())


@bp.post("/alerts/<int:alert_id>/snooze")
@requires(Role.RESPONDER)
def snooze(alert_id: int) -> Response:
    """Quiet until an instant."""
    until = forms.parse_snooze(request.form, clock.now(), filters.zone())
    return _do(alert_id, actions.snooze, "#{} is snoozed.", undo="unsnooze", until=until)


@bp.post("/alerts/<int:alert_id>/snooze/delete")
@requires(Role.RESPONDER)
def unsnooze(alert_id: int) -> Response:
    """Wake it early."""
    return _do(alert_id, actions.unsnooze, "#{} is awake again.")


@bp.post("/alerts/<int:alert_id>/resolution")
@requires(Role.RESPONDER)
def resolve(alert_id: int) -> Response:
    """It is over."""
    return _do(alert_id, actions.resolve, "#{} is resolved. The same failure would open it again.", undo="unresolve")


@bp.post("/alerts/<int:alert_id>/resolution/delete")
@requires(Role.RESPONDER)
def unresolve(alert_id: int) -> Response:
    """It was not over."""
    return _do(alert_id, actions.unresolve, "#{} is open again.")


@bp.post("/alerts/<int:alert_id>/notes")
@requires(Role.RESPONDER)
def note(alert_id: int) -> Response:
    """Write a note into the history."""
    return _do(alert_id, actions.note, "The note on #{} is kept.", text=request.form.get("text", ""))


def _do(alert_id: int, action: Callable[..., Any], said: str, *, undo: str = "", **given: Any) -> Response:
    """One verb on the locked alert, then the page's own blocks, or a redirect to it."""
    alert = queries.get_for_change(alert_id)
    action(alert, by=current_actor(), at=clock.now(), **given)
    back = url_for(f"alerts.{undo}", alert_id=alert_id) if undo else ""
    return reply(alert, said.format(alert_id), back)


def reply(alert: Alert, said: str, undo: str = "") -> Response:
    """The page of the alert after a change, with a toast."""
    context = showing(alert)
    to = url_for("alerts.show", alert_id=alert.id, **context["view"])
    return htmx.done("alerts/show.html", BLOCKS, to=to, said=said, undo=undo, **context)
