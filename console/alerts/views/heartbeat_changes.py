"""What people do to heartbeats: make, change, pause, resume and delete them."""

from typing import Any
from zoneinfo import available_timezones

from flask import Response, make_response, redirect, request, url_for

from console.alerts import actions, forms
from console.alerts.models import Heartbeat
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats.wanted import DAY, DEFAULT_SERVICE, HOUR
from console.alerts.views.heartbeats import ONE, bp, showing
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict, Invalid
from console.web import filters, htmx
from console.web.auth import current_actor, requires

SEVERITIES = [("critical", "Critical"), ("error", "Error"), ("warning", "Warning"), ("info", "Info")]
FIRST = {"service": DEFAULT_SERVICE, "environment": "production", "severity": "error", "timezone": "UTC"}


@bp.get("/heartbeats/new")
@requires(Role.ADMIN)
def new() -> Response:
    """The empty form."""
    zone = filters.zone().key
    return _form(None, _lengths(DAY, HOUR) | FIRST | {"timezone": zone})


@bp.post("/heartbeats")
@requires(Role.ADMIN)
def create() -> Response:
    """Make one, or show the form again with its faults."""
    try:
        wanted = forms.parse_heartbeat(request.form, {})
        made = actions.create_heartbeat(wanted, by=current_actor(), at=clock.now())
    except (Invalid, Conflict) as error:
        return _again(None, error)
    return _to(made, f"{made.name} waits for its first ping.")


@bp.get("/heartbeats/<int:heartbeat_id>/edit")
@requires(Role.ADMIN)
def edit(heartbeat_id: int) -> Response:
    """The form with what is stored."""
    found = reads.heartbeat(heartbeat_id)
    typed = {name: getattr(found, name) for name in ("name", "slug", "cron", "timezone", "service", "environment")}
    typed |= {"runbook_url": found.runbook_url, "severity": found.severity.word}
    return _form(found, typed | _lengths(found.period_seconds, found.grace_seconds))


@bp.post("/heartbeats/<int:heartbeat_id>")
@requires(Role.ADMIN)
def change(heartbeat_id: int) -> Response:
    """Make it so, or show the form again with its faults."""
    found = reads.heartbeat_for_change(heartbeat_id)
    try:
        wanted = forms.parse_heartbeat(request.form, found.tags)
        actions.change_heartbeat(found, wanted, by=current_actor(), at=clock.now())
    except (Invalid, Conflict) as error:
        return _again(found, error)
    return _to(found, f"{found.name} is changed.")


@bp.post("/heartbeats/<int:heartbeat_id>/pause")
@requires(Role.RESPONDER)
def pause(heartbeat_id: int) -> Response:
    """Watch it no more for now."""
    found = reads.heartbeat_for_change(heartbeat_id)
    actions.pause_heartbeat(found, by=current_actor(), at=clock.now())
    undo = url_for("heartbeats.resume", heartbeat_id=found.id)
    return _changed(found, f"{found.name} is paused until it is resumed or succeeds.", undo)


@bp.post("/heartbeats/<int:heartbeat_id>/pause/delete")
@requires(Role.RESPONDER)
def resume(heartbeat_id: int) -> Response:
    """Watch it again, from now on."""
    found = reads.heartbeat_for_change(heartbeat_id)
    actions.resume_heartbeat(found, by=current_actor(), at=clock.now())
    return _changed(found, f"{found.name} is watched again.")


@bp.get("/heartbeats/<int:heartbeat_id>/deletion")
@requires(Role.ADMIN)
def ask_deletion(heartbeat_id: int) -> Response:
    """Ask before."""
    return htmx.page("alerts/heartbeat_deletion.html", "question", heartbeat=reads.heartbeat(heartbeat_id))


@bp.post("/heartbeats/<int:heartbeat_id>/deletion")
@requires(Role.ADMIN)
def delete(heartbeat_id: int) -> Response:
    """Delete it with its pings."""
    found = reads.heartbeat_for_change(heartbeat_id)
    name = found.name
    actions.remove_heartbeat(found, by=current_actor(), at=clock.now())
    htmx.toast(f"{name} is deleted.")
    return make_response(redirect(url_for("heartbeats.index"), 303))


def _changed(heartbeat: Heartbeat, said: str, undo: str = "") -> Response:
    to = url_for("heartbeats.show", heartbeat_id=heartbeat.id)
    return htmx.done("alerts/heartbeat.html", ONE, to=to, said=said, undo=undo, **showing(heartbeat))


def _to(heartbeat: Heartbeat, said: str) -> Response:
    htmx.toast(said)
    return make_response(redirect(url_for("heartbeats.show", heartbeat_id=heartbeat.id), 303))


def _again(heartbeat: Heartbeat | None, error: Invalid | Conflict) -> Response:
    faults = {fault.pointer.removeprefix("/"): fault.detail for fault in error.errors}
    return _form(heartbeat, request.form.to_dict(), faults or {"name": error.detail}, status=422)


def _form(
    heartbeat: Heartbeat | None, typed: dict[str, Any], faults: dict[str, str] | None = None, *, status: int = 200
) -> Response:
    return htmx.page(
        "alerts/heartbeat_form.html",
        status=status,
        heartbeat=heartbeat,
        typed=typed,
        faults=faults or {},
        units=[(unit, unit) for unit in forms.UNITS],
        severities=SEVERITIES,
        zones=[(name, name) for name in sorted(available_timezones())],
    )


def _lengths(period: int | None, grace: int) -> dict[str, Any]:
    every, within = forms.units_of(period), forms.units_of(grace)
    return {"period": every[0], "period_unit": every[1], "grace": within[0], "grace_unit": within[1]}
