"""Heartbeats for programs: kept by PUT, paused, deleted; their pings."""

from flask import Response

from console.alerts import actions
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.heartbeat_schemas import HeartbeatIn, HeartbeatOut, HeartbeatPage, PingPage
from console.alerts.api.schemas import PageIn
from console.alerts.queries import heartbeats as reads
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe

SHARED = {409: "Several heartbeats share this slug; use the name"}


@bp.get("/heartbeats")
@requires_scope(Scope.READ)
@describe("Heartbeats, by name", query=PageIn, reply=HeartbeatPage)
def list_heartbeats() -> Response:
    """A page of heartbeats."""
    asked, now = query(PageIn), clock.now()
    page = reads.heartbeats(limit=asked.limit, cursor=asked.cursor)
    return reply(HeartbeatPage(items=[HeartbeatOut.of(h, now) for h in page.items], next_cursor=page.next_cursor))


@bp.put("/heartbeats/<name>")
@requires_scope(Scope.ADMIN)
@describe(
    "Make a heartbeat, or make it so: what is left out takes its default",
    body=HeartbeatIn,
    reply=HeartbeatOut,
    problems={409: "Another heartbeat has this name, or several share the slug"},
)
def put_heartbeat(name: str) -> Response:
    """Keyed by name or slug; what is new is called as the address says, unless the body says otherwise."""
    asked, now = body(HeartbeatIn, optional=True), clock.now()
    heartbeat = actions.keep_heartbeat(name, asked.wanted(name), by=current_actor(), at=now)
    return reply(HeartbeatOut.of(heartbeat, now))


@bp.get("/heartbeats/<name>")
@requires_scope(Scope.READ)
@describe("One heartbeat, by name or slug", reply=HeartbeatOut, problems=SHARED)
def get_heartbeat(name: str) -> Response:
    """One heartbeat."""
    return reply(HeartbeatOut.of(reads.heartbeat_named(name), clock.now()))


@bp.delete("/heartbeats/<name>")
@requires_scope(Scope.ADMIN)
@describe("Delete a heartbeat and its pings; its open alerts resolve", status=204, problems=SHARED)
def delete_heartbeat(name: str) -> Response:
    """Its ping address answers 404 from now on."""
    heartbeat = reads.heartbeat_for_change(reads.heartbeat_named(name).id)
    actions.remove_heartbeat(heartbeat, by=current_actor(), at=clock.now())
    return Response(status=204)


@bp.post("/heartbeats/<name>/pause")
@requires_scope(Scope.ADMIN)
@describe("Watch it no more, until it is resumed or succeeds", reply=HeartbeatOut, problems={409: "It is paused"})
def pause_heartbeat(name: str) -> Response:
    """Its open alerts resolve."""
    heartbeat, now = reads.heartbeat_for_change(reads.heartbeat_named(name).id), clock.now()
    actions.pause_heartbeat(heartbeat, by=current_actor(), at=now)
    return reply(HeartbeatOut.of(heartbeat, now))


@bp.delete("/heartbeats/<name>/pause")
@requires_scope(Scope.ADMIN)
@describe("Watch it again, from now on", reply=HeartbeatOut, problems={409: "It is not paused"})
def resume_heartbeat(name: str) -> Response:
    """The next ping is expected as if one had come now."""
    heartbeat, now = reads.heartbeat_for_change(reads.heartbeat_named(name).id), clock.now()
    actions.resume_heartbeat(heartbeat, by=current_actor(), at=now)
    return reply(HeartbeatOut.of(heartbeat, now))


@bp.get("/heartbeats/<name>/pings")
@requires_scope(Scope.READ)
@describe("The pings of a heartbeat, newest first", query=PageIn, reply=PingPage, problems=SHARED)
def list_pings(name: str) -> Response:
    """A page of pings; the newest thousand are kept."""
    asked, heartbeat = query(PageIn), reads.heartbeat_named(name)
    return reply(PingPage.of(reads.pings(heartbeat.id, limit=asked.limit, cursor=asked.cursor)))
