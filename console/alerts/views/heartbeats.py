"""The pages of heartbeats: the list, one of them with its pings, and the form that makes or changes one."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, redirect, request, url_for

from console.alerts.models import Heartbeat
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats import beats, crontab
from console.infra import clock
from console.infra.actor import Role
from console.infra.scrub import scrub_text
from console.web import htmx, live
from console.web.auth import current_actor, requires
from console.web.settings import settings

bp = Blueprint("heartbeats", __name__)

PAGE = 100
PINGS = 50
LIST, ONE = ("heartbeat_list",), ("heartbeat_page",)


@bp.get("/heartbeats")
@requires(Role.VIEWER)
def index() -> Response:
    """The list; a poll that finds nothing new costs neither a query nor a template."""
    unchanged = live.not_modified("heartbeats")
    if unchanged is not None:
        return unchanged
    page = reads.board(clock.now(), limit=PAGE, cursor=request.args.get("cursor"))
    context: dict[str, Any] = {
        "page": page,
        "older": older("heartbeats.index", page.next_cursor),
        "broken": broken_fact(),
    }
    return htmx.page("alerts/heartbeats.html", LIST, oob=htmx.wants_fragment(), **context, **reader())


@bp.get("/heartbeats/<int:heartbeat_id>")
@requires(Role.VIEWER)
def show(heartbeat_id: int) -> Response:
    """One heartbeat; a poll that finds nothing new costs neither a query nor a template."""
    unchanged = live.not_modified("heartbeats", "alerts")
    if unchanged is not None:
        return unchanged
    return htmx.page("alerts/heartbeat.html", ONE, **showing(reads.heartbeat(heartbeat_id)))


@bp.get("/heartbeats/<uuid:uuid>")
@requires(Role.VIEWER)
def find(uuid: UUID) -> Response:
    """Where an alert's heartbeat is; 404 when it was deleted."""
    return make_response(redirect(url_for("heartbeats.show", heartbeat_id=reads.heartbeat_of(uuid).id), 303))


def showing(heartbeat: Heartbeat) -> dict[str, Any]:
    """Everything the page of one heartbeat shows."""
    now, pulse = clock.now(), heartbeat.pulse
    page = reads.pings(heartbeat.id, limit=PINGS, cursor=request.args.get("cursor"))
    asked = request.args.get("ping", "")
    chosen = reads.ping(heartbeat.id, int(asked)) if asked.isdecimal() and len(asked) < 19 else None  # noqa: PLR2004
    chosen = chosen or next((ping for ping in page.items if ping.body), None)
    address = f"{settings().public_url}/ping/{heartbeat.uuid}"
    return {
        "heartbeat": heartbeat,
        "state": pulse.at(now).word,
        "missed_runs": beats.missed_runs(pulse, heartbeat.rhythm, now=now),
        "zone": ZoneInfo(heartbeat.timezone),
        "page": page,
        "older": older("heartbeats.show", page.next_cursor, heartbeat_id=heartbeat.id),
        "chosen": chosen,
        "words": scrub_text(chosen.text) if chosen else "",
        "view": {name: request.args[name] for name in ("ping", "cursor") if request.args.get(name)},
        "alerts": reads.alerts_of(heartbeat),
        "address": address,
        "line": crontab.line(heartbeat.rhythm, address),
        "script": crontab.script(address),
        "oob": htmx.wants_fragment(),
        "broken": broken_fact(),
        **reader(),
    }


def reader() -> dict[str, Any]:
    """What the reader may do: change heartbeats, or only pause them."""
    role = current_actor().role
    return {"may_change": role is Role.ADMIN, "may_pause": role is not None and role.includes(Role.RESPONDER)}


def broken_fact() -> str:
    """The short fact in the menu: "2 in trouble", or nothing."""
    return live.fact(("heartbeats",), _broken)


def _broken() -> str:
    count = reads.broken_count(clock.now())
    return f"{count} in trouble" if count else ""


def older(endpoint: str, cursor: str | None, **values: Any) -> str:
    """The URL of what follows, or nothing."""
    return url_for(endpoint, cursor=cursor, **values) if cursor else ""
