"""Silences for programs: made, previewed, changed, ended; nothing is deleted."""

from flask import Response

from console.alerts import actions
from console.alerts.actions.silences import checked
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.silence_schemas import (
    SilenceIn,
    SilenceListIn,
    SilenceOut,
    SilencePage,
    SilencePreviewIn,
    SilencePreviewOut,
)
from console.alerts.models import SilenceKind
from console.alerts.queries import silences as reads
from console.alerts.rules.silences.spans import SilenceState
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe

KIND = SilenceKind.SILENCE


@bp.get("/silences")
@requires_scope(Scope.READ)
@describe("Silences, the newest first", query=SilenceListIn, reply=SilencePage)
def list_silences() -> Response:
    """A page of silences."""
    asked, now = query(SilenceListIn), clock.now()
    state = SilenceState(asked.state) if asked.state else None
    page = reads.listed(KIND, state, now, limit=asked.limit, cursor=asked.cursor)
    return reply(SilencePage(items=[SilenceOut.of(one, now) for one in page.items], next_cursor=page.next_cursor))


@bp.post("/silences")
@requires_scope(Scope.WRITE)
@describe("Make a silence", body=SilenceIn, reply=SilenceOut, status=201, problems={409: "Too many hold already"})
def create_silence() -> Response:
    """Up to 1,000 alerts are marked before the reply, more soon after; nobody is told of any from now on."""
    wanted, now = body(SilenceIn).wanted(), clock.now()
    made = actions.create_silence(KIND, wanted, by=current_actor(), at=now)
    return reply(SilenceOut.of(made, now), 201)


@bp.post("/silences/preview")
@requires_scope(Scope.WRITE)
@describe("What matchers would hide now", body=SilencePreviewIn, reply=SilencePreviewOut)
def preview_silence() -> Response:
    """Nothing is stored."""
    matchers = [one.matcher() for one in body(SilencePreviewIn).matchers]
    return reply(SilencePreviewOut.of(reads.preview(checked(matchers)), clock.now()))


@bp.get("/silences/<int:silence_id>")
@requires_scope(Scope.READ)
@describe("One silence", reply=SilenceOut)
def get_silence(silence_id: int) -> Response:
    """One silence."""
    return reply(SilenceOut.of(reads.get(silence_id, KIND), clock.now()))


@bp.put("/silences/<int:silence_id>")
@requires_scope(Scope.WRITE)
@describe(
    "Make a silence so",
    body=SilenceIn,
    reply=SilenceOut,
    problems={409: "It has expired, or it holds and its start would move"},
)
def put_silence(silence_id: int) -> Response:
    """Without `starts_at` the start stays."""
    wanted, now = body(SilenceIn).wanted(), clock.now()
    found = reads.get_for_change(silence_id, KIND)
    actions.change_silence(found, wanted, by=current_actor(), at=now)
    return reply(SilenceOut.of(found, now))


@bp.delete("/silences/<int:silence_id>")
@requires_scope(Scope.WRITE)
@describe("End a silence now; it stays as history", status=204, problems={409: "It has expired"})
def delete_silence(silence_id: int) -> Response:
    """Whoever was not told of what is still open is told now."""
    actions.expire_silence(reads.get_for_change(silence_id, KIND), by=current_actor(), at=clock.now())
    return Response(status=204)
