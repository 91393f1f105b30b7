"""The room's first page: who is told of what, and whether it arrives."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from console.infra import clock
from console.infra.actor import Role
from console.oncall import queries
from console.oncall.models import Kind
from console.web import live
from console.web.auth import current_actor, requires
from console.web.htmx import page
from console.web.settings import settings

bp = Blueprint("oncall", __name__)

LATEST = 10
KINDS = {
    Kind.EMAIL: ("E-mail", "mail", "To people, by the console's mail server."),
    Kind.SLACK: ("Slack or Mattermost", "message-2", "To a room, by an incoming webhook."),
    Kind.WEBHOOK: ("Signed webhook", "bolt", "To a program of yours, signed."),
}
LOOK_BACK = timedelta(days=7)
# A heartbeat each minute: three missed ones are no accident.
BEAT_LATE = timedelta(minutes=3)


@bp.get("/on-call")
@requires(Role.VIEWER)
def index() -> Response:
    """Channels, rules, and the latest of the log."""
    return live.not_modified("oncall") or page("oncall/index.html", "oncall_board", **board())


def board() -> dict[str, Any]:
    """Everything the first page shows."""
    now, latest = clock.now(), queries.deliveries(limit=LATEST).items
    return {
        "channels": queries.channels(),
        "rules": queries.rules(),
        "latest": latest,
        "titles": queries.titles(latest),
        "unmatched": queries.unmatched_since(now - LOOK_BACK),
        "mail_set": bool(settings().mail_url),
        "beat_set": bool(settings().outward_heartbeat_url),
        "beat": queries.beat(),
        "beat_late": now - BEAT_LATE,
        **shared(),
    }


def shared() -> dict[str, Any]:
    """What all pages of the room need."""
    actor = current_actor()
    return {"may_change": actor.role is Role.ADMIN, "kinds": KINDS}
