"""The pages of silences and maintenance windows: lists by state, and one with what it hides."""

from typing import Any

from flask import Response, request, url_for

from console.alerts.models import Silence, SilenceKind
from console.alerts.queries import silences as reads
from console.alerts.rules.silences.spans import NEVER, SilenceState
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import reader
from console.infra import clock
from console.infra.actor import Role
from console.web import htmx, live
from console.web.auth import requires

PAGE = 50
STATES = (SilenceState.ACTIVE, SilenceState.PENDING, SilenceState.EXPIRED)


@bp.get("/alerts/silences")
@requires(Role.VIEWER)
def silences() -> Response:
    """Those of a kind in one state, the newest first."""
    unchanged = live.not_modified("alerts")
    if unchanged is not None:
        return unchanged
    return htmx.page("alerts/silences.html", "silence_list", **_listing())


@bp.get("/alerts/silences/<int:silence_id>")
@requires(Role.VIEWER)
def silence(silence_id: int) -> Response:
    """One: what it asks, for how long, why, and what it hides now."""
    unchanged = live.not_modified("alerts")
    if unchanged is not None:
        return unchanged
    return htmx.page("alerts/silence.html", "silence_page", **showing(reads.get_any(silence_id)))


def kind_asked() -> SilenceKind:
    """The kind that the address names: silences, unless it says windows."""
    word = request.args.get("kind", "")
    return SilenceKind(word) if word in set(SilenceKind) else SilenceKind.SILENCE


def showing(found: Silence) -> dict[str, Any]:
    """Everything the page of one shows."""
    now = clock.now()
    state = found.span.state(now)
    active = state is SilenceState.ACTIVE
    return {
        "silence": found,
        "state": state.value,
        "turn": found.span.turn(now),
        "forever": found.over_at >= NEVER,
        "hidden": reads.preview(found.asks) if active else None,
        **reader(),
    }


def _listing() -> dict[str, Any]:
    kind, now, word = kind_asked(), clock.now(), request.args.get("state", "")
    state = SilenceState(word) if word in set(SilenceState) else SilenceState.ACTIVE
    page = reads.listed(kind, state, now, limit=PAGE, cursor=request.args.get("cursor"))
    return {
        "kind": kind.value,
        "state": state.value,
        "states": [one.value for one in STATES],
        "tally": {one.value: count for one, count in reads.tally(kind, now).items()},
        "silences": [(one, one.span.turn(now)) for one in page.items],
        "here": url_for("alerts.silences", kind=kind.value, state=state.value, cursor=request.args.get("cursor")),
        "older": page.next_cursor
        and url_for("alerts.silences", kind=kind.value, state=state.value, cursor=page.next_cursor),
        **reader(),
    }
