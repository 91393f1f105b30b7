"""The pages of sources: all of them with how they stand, one with its settings and test, and the forms of admins."""

from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.tickets.actions import sources as actions
from console.tickets.forms import sources as forms
from console.tickets.jobs import trying
from console.tickets.jobs.trying import Tried
from console.tickets.models import TicketSource
from console.tickets.queries import sources as reads
from console.tickets.rules.sources.feed import SourceKind, state_of
from console.tickets.rules.sources.rows import FIELDS
from console.tickets.views.blueprint import ROOMS, bp
from console.web import htmx, live
from console.web.auth import current_actor, requires

LISTED = 50
ONE, EDIT = "tickets/source.html", "tickets/source_edit.html"


@bp.get("/tickets/sources")
@requires(Role.VIEWER)
def sources() -> Response:
    """Every source and how it stands."""
    return live.not_modified(*ROOMS) or htmx.page("tickets/sources.html", "source_list", **_listing())


@bp.get("/tickets/sources/<name>")
@requires(Role.VIEWER)
def source(name: str) -> Response:
    """One source: how it stands, what was refused, what it is read by."""
    return live.not_modified(*ROOMS) or htmx.page(ONE, "source_board", **_one(reads.get(name)))


@bp.get("/tickets/new-source")
@requires(Role.ADMIN)
def new_source() -> Response:
    """An empty form for a kind of helpdesk, with the columns of a Django helpdesk as an example."""
    word = request.args.get("kind", "")
    kind = SourceKind(word) if word in set(SourceKind) else SourceKind.SQL
    return htmx.page(EDIT, **_form(None, forms.typed_source(None, kind)))


@bp.post("/tickets/new-source")
@requires(Role.ADMIN)
def create_source() -> Response:
    """Make it."""
    try:
        name = forms.new_source_name(request.form)
        _save(name)
    except Invalid as refusal:
        return _again(refusal, None)
    return _to("tickets.source", f"{name} is followed. Its first tickets come within seconds.", name=name)


@bp.get("/tickets/sources/<name>/edit")
@requires(Role.ADMIN)
def edit_source(name: str) -> Response:
    """Its form."""
    found = reads.get(name)
    return htmx.page(EDIT, **_form(found, forms.typed_source(found, SourceKind(found.kind))))


@bp.post("/tickets/sources/<name>/edit")
@requires(Role.ADMIN)
def change_source(name: str) -> Response:
    """Change it; secrets left empty stay."""
    found = reads.get_for_change(name)
    try:
        _save(name)
    except Invalid as refusal:
        return _again(refusal, found)
    return _to("tickets.source", f"{name} is saved.", name=name)


@bp.post("/tickets/sources/<name>/test")
@requires(Role.ADMIN)
def test_source(name: str) -> Response:
    """Read five rows now and show them mapped."""
    found = reads.get(name)
    tried = trying.try_out(found, by=current_actor())
    return htmx.page(ONE, "source_board", **_one(found, tried))


@bp.post("/tickets/sources/<name>/run")
@requires(Role.ADMIN)
def run_source(name: str) -> Response:
    """Read it now instead of at its time."""
    found = reads.get_for_change(name)
    actions.run_now(found, by=current_actor(), at=clock.now())
    return _done(found, "It is read within a second or two.")


@bp.post("/tickets/sources/<name>/pause")
@requires(Role.ADMIN)
def pause_source(name: str) -> Response:
    """Leave it alone."""
    found = reads.get_for_change(name)
    actions.set_enabled(found, enabled=False, by=current_actor(), at=clock.now())
    return _done(found, f"{name} is paused. It goes on where it stopped.")


@bp.post("/tickets/sources/<name>/pause/delete")
@requires(Role.ADMIN)
def resume_source(name: str) -> Response:
    """Follow it again."""
    found = reads.get_for_change(name)
    actions.set_enabled(found, enabled=True, by=current_actor(), at=clock.now())
    return _done(found, f"{name} is followed again.")


@bp.post("/tickets/sources/<name>/delete")
@requires(Role.ADMIN)
def delete_source(name: str) -> Response:
    """Follow it no longer."""
    actions.delete(reads.get_for_change(name), by=current_actor(), at=clock.now())
    return _to("tickets.sources", f"{name} is followed no longer. Its tickets stay.")


def _save(name: str) -> None:
    wanted = forms.read_source(forms.source_form(request.form))
    actions.put(name, wanted, by=current_actor(), at=clock.now())


def _listing() -> dict[str, Any]:
    page = reads.listed(limit=LISTED, cursor=request.args.get("cursor"))
    more = url_for("tickets.sources", cursor=page.next_cursor) if page.next_cursor else ""
    return {"rows": [_shown(one) for one in page.items], "more": more, "may_change": _may_change()}


def _one(found: TicketSource, tried: Tried | None = None) -> dict[str, Any]:
    return {**_shown(found), "fields": FIELDS, "tried": tried, "may_change": _may_change()}


def _shown(found: TicketSource) -> dict[str, Any]:
    state = state_of(enabled=found.enabled, failing_since=found.failing_since, last_ok_at=found.last_ok_at)
    catching_up = bool((found.cursor or {}).get("more"))
    lag = reads.lag_of(found, now=clock.now())
    return {"source": found, "state": state.value, "lag": lag, "catching_up": catching_up}


def _done(found: TicketSource, said: str) -> Response:
    to = url_for("tickets.source", name=found.name)
    return htmx.done(ONE, "source_board", to=to, said=said, **_one(found))


def _form(found: TicketSource | None, typed: dict[str, Any]) -> dict[str, Any]:
    return {"source": found, "typed": typed, "fields": FIELDS, "needed": forms.NEEDED, "faults": {}, "problem": ""}


def _again(refusal: Invalid, found: TicketSource | None) -> Response:
    told = {"problem": refusal.detail, "faults": forms.faults(refusal)}
    return htmx.page(EDIT, status=refusal.status, **{**_form(found, forms.retyped(request.form)), **told})


def _to(endpoint: str, said: str, **where: str) -> Response:
    htmx.toast(said)
    return make_response(redirect(url_for(endpoint, _external=False, **where), 303))


def _may_change() -> bool:
    role = current_actor().role
    return role is not None and role.includes(Role.ADMIN)
