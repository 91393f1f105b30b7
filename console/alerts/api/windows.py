"""Maintenance windows for programs: as silences, for a service, and by the week."""

from flask import Response

from console.alerts import actions
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.silence_schemas import (
    SilenceListIn,
    SilencePreviewOut,
    WindowIn,
    WindowOut,
    WindowPage,
    WindowPreviewIn,
)
from console.alerts.models import SilenceKind
from console.alerts.queries import silences as reads
from console.alerts.rules.silences.spans import SilenceState
from console.alerts.rules.silences.wanted import of_service
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe

KIND = SilenceKind.MAINTENANCE


@bp.get("/maintenance-windows")
@requires_scope(Scope.READ)
@describe("Maintenance windows, the newest first", query=SilenceListIn, reply=WindowPage)
def list_windows() -> Response:
    """A page of windows."""
    asked, now = query(SilenceListIn), clock.now()
    state = SilenceState(asked.state) if asked.state else None
    page = reads.listed(KIND, state, now, limit=asked.limit, cursor=asked.cursor)
    return reply(WindowPage(items=[WindowOut.of(one, now) for one in page.items], next_cursor=page.next_cursor))


@bp.post("/maintenance-windows")
@requires_scope(Scope.WRITE)
@describe(
    "Make a maintenance window", body=WindowIn, reply=WindowOut, status=201, problems={409: "Too many hold already"}
)
def create_window() -> Response:
    """Up to 1,000 alerts are marked before the reply, more soon after; nobody is told of any from now on."""
    wanted, now = body(WindowIn).wanted(), clock.now()
    made = actions.create_silence(KIND, wanted, by=current_actor(), at=now)
    return reply(WindowOut.of(made, now), 201)


@bp.post("/maintenance-windows/preview")
@requires_scope(Scope.WRITE)
@describe("What a window of a service would hide now", body=WindowPreviewIn, reply=SilencePreviewOut)
def preview_window() -> Response:
    """Nothing is stored."""
    asked = body(WindowPreviewIn)
    return reply(SilencePreviewOut.of(reads.preview(of_service(asked.service, asked.environment)), clock.now()))


@bp.get("/maintenance-windows/<int:window_id>")
@requires_scope(Scope.READ)
@describe("One maintenance window", reply=WindowOut)
def get_window(window_id: int) -> Response:
    """One maintenance window."""
    return reply(WindowOut.of(reads.get(window_id, KIND), clock.now()))


@bp.put("/maintenance-windows/<int:window_id>")
@requires_scope(Scope.WRITE)
@describe(
    "Make a maintenance window so",
    body=WindowIn,
    reply=WindowOut,
    problems={409: "It has expired, or it holds and its start would move"},
)
def put_window(window_id: int) -> Response:
    """Without `starts_at` the start stays."""
    wanted, now = body(WindowIn).wanted(), clock.now()
    found = reads.get_for_change(window_id, KIND)
    actions.change_silence(found, wanted, by=current_actor(), at=now)
    return reply(WindowOut.of(found, now))


@bp.delete("/maintenance-windows/<int:window_id>")
@requires_scope(Scope.WRITE)
@describe("End a maintenance window now; it stays as history", status=204, problems={409: "It has expired"})
def delete_window(window_id: int) -> Response:
    """Whoever was not told of what is still open is told now."""
    actions.expire_silence(reads.get_for_change(window_id, KIND), by=current_actor(), at=clock.now())
    return Response(status=204)
