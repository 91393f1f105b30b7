"""The pages of watched brokers: one each, its failed jobs, and the forms of admins. They show what was last seen."""

from typing import Any

from flask import Response, make_response, redirect, request, url_for
from redis.exceptions import RedisError

from console.infra import clock
from console.infra.actor import Role
from console.infra.brokers import told
from console.infra.errors import Invalid
from console.queues import actions, client, forms, queries
from console.queues.jobs.orders import locked
from console.queues.models import Broker
from console.queues.queries import BrokerNow
from console.queues.rules.brokers import Kind, Watched
from console.queues.views.blueprint import bp
from console.queues.views.shown import ROOMS, board_of, strangers
from console.web import htmx, live
from console.web.auth import current_actor, requires

TEMPLATE = "queues/broker.html"


@bp.get("/queues/brokers/<name>")
@requires(Role.VIEWER)
def broker(name: str) -> Response:
    """One broker: its queues, workers, timetable, and what was lost."""
    if unchanged := live.not_modified(*ROOMS):
        return unchanged
    return htmx.page(TEMPLATE, "broker_board", **_broker(queries.get_watched(name)))


@bp.get("/queues/brokers/<name>/failed")
@requires(Role.VIEWER)
def failed(name: str) -> Response:
    """The failed jobs of one queue of an RQ broker, a page of them."""
    watched, queue = queries.get_watched(name), request.args.get("queue", "")
    now = queries.broker_now(watched)
    return htmx.page("queues/failed.html", **_failed(now, queue, request.args.get("cursor")))


@bp.get("/queues/brokers/new")
@requires(Role.ADMIN)
def new_broker() -> Response:
    """An empty form for a kind of broker."""
    word = request.args.get("kind", "")
    kind = Kind(word) if word in set(Kind) else Kind.RQ
    return htmx.page("queues/edit.html", **_form(None, forms.typed_broker(None, kind)))


@bp.post("/queues/brokers/new")
@requires(Role.ADMIN)
def create_broker() -> Response:
    """Make it."""
    try:
        name = forms.new_broker_name(request.form)
        wanted = forms.read_broker(forms.broker_form(request.form))
        actions.put_broker(name, wanted, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        return _again(refusal, None)
    return _to("queues.broker", f"{name} is watched. It shows what it holds within seconds.", name=name)


@bp.get("/queues/brokers/<name>/edit")
@requires(Role.ADMIN)
def edit_broker(name: str) -> Response:
    """Its form."""
    actions.refuse_builtin(name)
    found = queries.get_broker(name)
    return htmx.page("queues/edit.html", **_form(found, forms.typed_broker(found, Kind(found.kind))))


@bp.post("/queues/brokers/<name>/edit")
@requires(Role.ADMIN)
def change_broker(name: str) -> Response:
    """Change it; an address left empty stays."""
    actions.refuse_builtin(name)
    found = queries.get_for_change(name)
    try:
        wanted = forms.read_broker(forms.broker_form(request.form))
        actions.put_broker(name, wanted, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        return _again(refusal, found)
    return _to("queues.broker", f"{name} is saved.", name=name)


@bp.post("/queues/brokers/<name>/test")
@requires(Role.ADMIN)
def test_broker(name: str) -> Response:
    """Reach it now and say what is there."""
    watched = queries.get_watched(name)
    found = client.test(watched)
    actions.note_test(watched, by=current_actor(), outcome={"ok": found.ok, "said": found.said})
    to = url_for("queues.broker", name=name)
    return htmx.done(TEMPLATE, "broker_board", to=to, said=found.said, **_broker(watched))


@bp.post("/queues/brokers/<name>/read-only")
@requires(Role.ADMIN)
def lock_broker(name: str) -> Response:
    """Change nothing there any more."""
    return _switch(name, read_only=True)


@bp.post("/queues/brokers/<name>/read-only/delete")
@requires(Role.ADMIN)
def unlock_broker(name: str) -> Response:
    """Let responders requeue and delete there."""
    return _switch(name, read_only=False)


@bp.post("/queues/brokers/<name>/delete")
@requires(Role.ADMIN)
def delete_broker(name: str) -> Response:
    """Watch it no longer."""
    actions.refuse_builtin(name)
    actions.delete_broker(queries.get_for_change(name), by=current_actor(), at=clock.now())
    return _to("queues.index", f"{name} is watched no longer. Its alerts stay.")


def _switch(name: str, *, read_only: bool) -> Response:
    actions.refuse_builtin(name)
    found = queries.get_for_change(name)
    actions.set_read_only(found, read_only=read_only, by=current_actor(), at=clock.now())
    said = f"{name} is read-only: nothing is requeued or deleted there." if read_only else f"{name} may be changed."
    to = url_for("queues.broker", name=name)
    return htmx.done(TEMPLATE, "broker_board", to=to, said=said, **_broker(found.watched))


def _broker(watched: Watched) -> dict[str, Any]:
    now = queries.broker_now(watched)
    silent = queries.silent_runs(clock.now()) if watched.builtin else []
    imports = queries.progress_of(watched.name) if watched.kind is Kind.RQ else []
    return {
        "imports": imports,
        "one": strangers(board_of(now)) if watched.builtin else board_of(now),
        "may_change": _may_change(),
        "silent": silent,
    }


def _failed(now: BrokerNow, queue: str, cursor: str | None) -> dict[str, Any]:
    """A page of them from the broker itself, unless it is known to be away: nobody waits for one that hangs."""
    context: dict[str, Any] = {"now": now, "broker": now.broker, "queue": queue, "found": None, "problem": ""}
    context |= {"may_act": _may_act(), "locked": locked(now.broker)}
    context["queues"] = [one.name for one in now.sample.queues] if now.sample else []
    if now.broker.kind is not Kind.RQ or not now.broker.enabled or now.away:
        return {**context, "problem": (now.state.error or "") if now.state and now.away else ""}
    try:
        found = client.failed_jobs(client.connect(now.broker), queue, cursor=cursor)
    except RedisError as error:
        return {**context, "problem": told(error)}
    older = url_for("queues.failed", name=now.broker.name, queue=queue, cursor=found.page.next_cursor)
    return {**context, "found": found, "older": older if found.page.next_cursor else ""}


def _form(found: Broker | None, typed: dict[str, Any]) -> dict[str, Any]:
    return {"broker": found, "typed": typed, "faults": {}, "problem": ""}


def _again(refusal: Invalid, found: Broker | None) -> Response:
    context = _form(found, forms.retyped(request.form)) | {"problem": refusal.detail, "faults": forms.faults(refusal)}
    return htmx.page("queues/edit.html", status=refusal.status, **context)


def _to(endpoint: str, said: str, **where: str) -> Response:
    htmx.toast(said)
    return make_response(redirect(url_for(endpoint, _external=False, **where), 303))


def _may_act() -> bool:
    role = current_actor().role
    return role is not None and role.includes(Role.RESPONDER)


def _may_change() -> bool:
    role = current_actor().role
    return role is not None and role.includes(Role.ADMIN)
