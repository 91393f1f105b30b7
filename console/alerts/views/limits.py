"""Limits of services and settings of noise: admins change them, everybody may look."""

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.alerts import actions
from console.alerts.forms import noise as forms
from console.alerts.queries import noise, sources
from console.alerts.rules.flapping import LEAST, MOST
from console.alerts.views.blueprint import bp
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.web import htmx
from console.web.auth import current_actor, requires

PAGE = 100


@bp.get("/alerts/insights/limits")
@requires(Role.VIEWER)
def limits() -> Response:
    """What is set."""
    return htmx.page("alerts/limits.html", **_context({}))


@bp.post("/alerts/insights/limits")
@requires(Role.ADMIN)
def put_limit() -> Response:
    """A limit for one service."""
    try:
        service, number = forms.parse_limit(request.form)
    except Invalid as refusal:
        return htmx.page("alerts/limits.html", status=422, **_context(_faults(refusal), typed=request.form))
    actions.put_limit(service, number, by=current_actor(), at=clock.now())
    return _to(f"{service} may send {number:,} failures a minute.")


@bp.post("/alerts/insights/limits/<path:service>/delete")
@requires(Role.ADMIN)
def delete_limit(service: str) -> Response:
    """The console's own number holds again."""
    actions.delete_limit(sources.get_limit(service), by=current_actor())
    return _to(f"{service} has no limit of its own any more.")


@bp.post("/alerts/insights/settings")
@requires(Role.ADMIN)
def put_settings() -> Response:
    """What counts as flapping and as stale, and how much a service may send."""
    try:
        wanted = forms.parse_noise(request.form)
    except Invalid as refusal:
        return htmx.page("alerts/limits.html", status=422, **_context(_faults(refusal), typed=request.form))
    actions.put_noise_rules(wanted, by=current_actor(), at=clock.now())
    return _to("Saved. It holds from now on.")


def _to(said: str) -> Response:
    htmx.toast(said)
    return make_response(redirect(url_for("alerts.limits"), 303))


def _faults(refusal: Invalid) -> dict[str, str]:
    return {fault.pointer.strip("/"): fault.detail for fault in refusal.errors}


def _context(faults: Mapping[str, str], typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    rules, actor = noise.noise_rules(), current_actor()
    page = sources.limits_page(limit=PAGE, cursor=request.args.get("cursor"))
    return {
        "rules": rules,
        "saved": noise.noise_settings(),
        "shown": forms.typed_noise(rules) | dict(typed or {}),
        "faults": faults,
        "page": page,
        "older": url_for("alerts.limits", cursor=page.next_cursor) if page.next_cursor else "",
        "dropping": {drop.service: drop for drop in sources.dropping()},
        "asked": (typed or request.args).get("service", ""),
        "most": MOST,
        "least": LEAST,
        "may_change": actor.role is not None and actor.role.includes(Role.ADMIN),
    }
