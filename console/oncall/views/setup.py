"""Making, changing, trying and deleting channels and routing rules. Admins only; everybody else may look."""

from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict, Invalid
from console.oncall import forms, queries
from console.oncall.actions import setup
from console.oncall.models import Channel, Kind, RoutingRule
from console.oncall.views.board import bp, shared
from console.web import htmx, live
from console.web.auth import current_actor, requires
from console.web.filters import plural

# One place up or down in the order.
STEPS = {"up": -1, "down": 1}


@bp.get("/on-call/channels/new")
@requires(Role.ADMIN)
def new_channel() -> Response:
    """An empty form for a kind of channel."""
    word = request.args.get("kind", "")
    kind = Kind(word) if word in set(Kind) else Kind.EMAIL
    return htmx.page("oncall/channel.html", **_channel(None, forms.typed_channel(None, kind)))


@bp.post("/on-call/channels/new")
@requires(Role.ADMIN)
def create_channel() -> Response:
    """Make it."""
    try:
        name = forms.new_name(request.form, taken=queries.find_channel)
        wanted = forms.channel(forms.channel_form(request.form))
        setup.put_channel(name, wanted, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        return _again("oncall/channel.html", refusal, _channel(None, forms.retyped(request.form)))
    return _to("oncall.channel", f"Channel {name} is made. Send a test to see that it works.", name=name)


@bp.get("/on-call/channels/<name>")
@requires(Role.VIEWER)
def channel(name: str) -> Response:
    """One channel: how it does, its latest deliveries, its form."""
    if unchanged := live.not_modified("oncall"):
        return unchanged
    found = queries.get_channel(name)
    typed = forms.typed_channel(found, Kind(found.kind))
    return htmx.page("oncall/channel.html", "channel_health", **_channel(found, typed))


@bp.post("/on-call/channels/<name>")
@requires(Role.ADMIN)
def change_channel(name: str) -> Response:
    """Change it; a secret left empty stays."""
    found = queries.get_channel_for_change(name)
    try:
        wanted = forms.channel(forms.channel_form(request.form))
        setup.put_channel(name, wanted, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        return _again("oncall/channel.html", refusal, _channel(found, forms.retyped(request.form)))
    return _to("oncall.channel", f"Channel {name} is saved.", name=name)


@bp.post("/on-call/channels/<name>/test")
@requires(Role.ADMIN)
def test_channel(name: str) -> Response:
    """Really send something; the page shows what becomes of it."""
    found = queries.get_channel(name)
    asked = setup.try_channel(found, by=current_actor(), at=clock.now())
    said = f"{plural(len(asked), 'test message')} on the way; the outcome appears below."
    context = _channel(found, forms.typed_channel(found, Kind(found.kind)))
    to = url_for("oncall.channel", name=name)
    return htmx.done("oncall/channel.html", "channel_health", to=to, said=said, **context)


@bp.post("/on-call/channels/<name>/delete")
@requires(Role.ADMIN)
def delete_channel(name: str) -> Response:
    """Forget it."""
    setup.delete_channel(queries.get_channel_for_change(name), by=current_actor())
    return _to("oncall.index", f"Channel {name} is deleted.")


@bp.get("/on-call/rules/new")
@requires(Role.ADMIN)
def new_rule() -> Response:
    """An empty form."""
    return htmx.page("oncall/rule.html", **_rule(None, forms.typed_rule(None)))


@bp.post("/on-call/rules/new")
@requires(Role.ADMIN)
def create_rule() -> Response:
    """Make it; it is asked last."""
    try:
        name = forms.new_name(request.form, taken=queries.find_rule)
        wanted = forms.rule(forms.rule_form(request.form))
        setup.put_rule(name, wanted, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        return _again("oncall/rule.html", refusal, _rule(None, forms.retyped(request.form)))
    return _to("oncall.index", f"Rule {name} is made; it is asked last.")


@bp.get("/on-call/rules/<name>")
@requires(Role.VIEWER)
def rule(name: str) -> Response:
    """One rule."""
    found = queries.get_rule(name)
    return htmx.page("oncall/rule.html", **_rule(found, forms.typed_rule(found)))


@bp.post("/on-call/rules/<name>")
@requires(Role.ADMIN)
def change_rule(name: str) -> Response:
    """Change it."""
    found = queries.get_rule(name)
    try:
        wanted = forms.rule(forms.rule_form(request.form))
        setup.put_rule(name, wanted, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        return _again("oncall/rule.html", refusal, _rule(found, forms.retyped(request.form)))
    return _to("oncall.index", f"Rule {name} is saved.")


@bp.post("/on-call/rules/<name>/position")
@requires(Role.ADMIN)
def move_rule(name: str) -> Response:
    """Ask it one place earlier or later."""
    found, step = queries.get_rule(name), STEPS.get(request.form.get("direction", ""))
    if step is None:
        raise Conflict("A rule moves up or down.")
    setup.move_rule(found, max(1, found.position + step), by=current_actor())
    return _to("oncall.index", f"Rule {name} is now asked as number {found.position}.")


@bp.post("/on-call/rules/<name>/delete")
@requires(Role.ADMIN)
def delete_rule(name: str) -> Response:
    """Forget it."""
    setup.delete_rule(queries.get_rule(name), by=current_actor())
    return _to("oncall.index", f"Rule {name} is deleted.")


def _channel(found: Channel | None, typed: dict[str, Any]) -> dict[str, Any]:
    latest = queries.deliveries(limit=10, channel=found.name).items if found else []
    shown = {"channel": found, "typed": typed, "latest": latest, "titles": queries.titles(latest)}
    return {**shown, "faults": {}, "problem": "", **shared()}


def _rule(found: RoutingRule | None, typed: dict[str, Any]) -> dict[str, Any]:
    choices = {"channels": queries.channels(), "severities": forms.SEVERITIES}
    return {"rule": found, "typed": typed, "faults": {}, "problem": "", **choices, **shared()}


def _again(template: str, refusal: Invalid, context: dict[str, Any]) -> Response:
    context |= {"problem": refusal.detail, "faults": forms.faults(refusal)}
    return htmx.page(template, status=refusal.status, **context)


def _to(endpoint: str, said: str, **where: str) -> Response:
    htmx.toast(said)
    return make_response(redirect(url_for(endpoint, _external=False, **where), 303))
