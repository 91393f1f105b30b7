"""The log: what was told to whom, try by try."""

from typing import Any

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.oncall import queries
from console.oncall.actions import again
from console.oncall.models import DeliveryState
from console.oncall.views.board import bp, shared
from console.web import live
from console.web.auth import current_actor, requires
from console.web.htmx import done, page

PAGE = 50


@bp.get("/on-call/deliveries")
@requires(Role.VIEWER)
def deliveries() -> Response:
    """The log, newest first."""
    return live.not_modified("oncall") or page("oncall/deliveries.html", "delivery_list", **_log())


@bp.get("/on-call/deliveries/<int:delivery_id>")
@requires(Role.VIEWER)
def delivery(delivery_id: int) -> Response:
    """One delivery and its tries."""
    return live.not_modified("oncall") or page("oncall/delivery.html", "delivery_page", **_one(delivery_id))


@bp.post("/on-call/deliveries/<int:delivery_id>/retry")
@requires(Role.ADMIN)
def send_again(delivery_id: int) -> Response:
    """Try a failed one once more."""
    again.send_again(delivery_id, by=current_actor(), at=clock.now())
    to = url_for("oncall.delivery", delivery_id=delivery_id)
    said = "It is on its way again; the outcome appears here."
    return done("oncall/delivery.html", "delivery_page", to=to, said=said, **_one(delivery_id))


def _log() -> dict[str, Any]:
    kept: dict[str, Any] = {name: request.args[name] for name in ("state", "channel") if request.args.get(name)}
    found = queries.deliveries(limit=PAGE, cursor=request.args.get("cursor"), **kept)
    names = [channel.name for channel in queries.channels()]
    here: dict[str, Any] = {**kept, "cursor": request.args.get("cursor")}
    older: dict[str, Any] = {**kept, "cursor": found.next_cursor}
    return {
        "deliveries": found.items,
        "titles": queries.titles(found.items),
        "kept": kept,
        "here": url_for("oncall.deliveries", **here),
        "older": url_for("oncall.deliveries", **older) if found.next_cursor else "",
        "states": [("", "Any"), *((state.value, state.value.capitalize()) for state in DeliveryState)],
        "names": [("", "Any"), *((name, name) for name in names)],
        **shared(),
    }


def _one(delivery_id: int) -> dict[str, Any]:
    found = queries.get_delivery(delivery_id)
    attempts = queries.attempts(delivery_id)
    return {"delivery": found, "attempts": attempts, "titles": queries.titles([found]), **shared()}
