"""Saved views: the tabs above the list, and the page on which they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.alerts import actions, forms
from console.alerts.models import SavedView
from console.alerts.queries import views as reads
from console.alerts.rules.views import BUILT_IN, ME, Wanted
from console.alerts.views.blueprint import bp
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict, DomainError, Forbidden, Invalid
from console.web import htmx
from console.web.auth import current_actor, requires


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as a tab: `here` when the list shows just that; `own` when nobody else sees it."""

    name: str
    url: str
    here: bool
    own: bool


def tabs(kept: Mapping[str, Any]) -> list[Tab]:
    """What everybody has, the shared ones, the reader's own."""
    reader = current_actor().label
    saved = [Wanted(view.name, view.filter, view.sort, view.owner) for view in reads.views_for(reader)]
    return [_tab(view, kept, reader) for view in (*BUILT_IN, *saved)]


def _tab(view: Wanted, kept: Mapping[str, Any], reader: str) -> Tab:
    params = params_of(view.filter, view.sort, reader)
    return Tab(view.name, url_for("alerts.index", **params), params == dict(kept), view.owner is not None)


def params_of(narrowing: Mapping[str, Any], sort: str, reader: str) -> dict[str, Any]:
    """The list's parameters of a view, as `forms.kept` would give them."""
    mine = {name: reader if value in (ME, [ME]) and name == "assignee" else value for name, value in narrowing.items()}
    return forms.kept({**mine, "sort": "" if sort == "worst" else sort})


def told(view: SavedView) -> str:
    """A view's filter in words of the search."""
    parts = [f"{name} {', '.join(forms.several(view.filter, name))}" for name in forms.FIELDS if view.filter.get(name)]
    return " · ".join([*parts, *forms.several(view.filter, "q")]) or "everything"


@bp.get("/alerts/views")
@requires(Role.VIEWER)
def views() -> Response:
    """All that the reader sees, with what each shows."""
    return htmx.page("alerts/views.html", **_listing())


@bp.get("/alerts/views/new")
@requires(Role.VIEWER)
def ask_view() -> Response:
    """Ask for the name of the list as it is narrowed now."""
    return _form(None, forms.kept(request.args))


@bp.post("/alerts/views")
@requires(Role.VIEWER)
def save_view() -> Response:
    """Keep it, and show it."""
    kept = forms.kept(request.args)
    try:
        made = actions.create_view(_wanted(kept), by=current_actor(), at=clock.now())
    except (Invalid, Conflict, Forbidden) as error:
        return _form(None, kept, error)
    htmx.toast(f"The view “{made.name}” is saved.", undo=url_for("alerts.delete_view", view_id=made.id))
    return make_response(redirect(url_for("alerts.index", **kept), 303))


@bp.get("/alerts/views/<int:view_id>/edit")
@requires(Role.VIEWER)
def edit_view(view_id: int) -> Response:
    """The form with what is stored."""
    view = reads.view_for(current_actor().label, view_id)
    return _form(view, forms.kept({**view.filter, "sort": view.sort}))


@bp.post("/alerts/views/<int:view_id>")
@requires(Role.VIEWER)
def change_view(view_id: int) -> Response:
    """Make it so, or show the form again with its fault."""
    view = reads.view_for(current_actor().label, view_id)
    kept = forms.kept(request.form)
    try:
        actions.change_view(view, _wanted(kept), by=current_actor(), at=clock.now())
    except (Invalid, Conflict, Forbidden) as error:
        return _form(view, kept, error)
    htmx.toast(f"The view “{view.name}” is changed.")
    return make_response(redirect(url_for("alerts.views"), 303))


@bp.post("/alerts/views/<int:view_id>/delete")
@requires(Role.VIEWER)
def delete_view(view_id: int) -> Response:
    """Delete it; the alerts stay."""
    view = reads.view_for(current_actor().label, view_id)
    actions.remove_view(view, by=current_actor())
    return htmx.done(
        "alerts/views.html", "view_list", to=url_for("alerts.views"), said=f"“{view.name}” is deleted.", **_listing()
    )


def _listing() -> dict[str, Any]:
    actor = current_actor()
    return {"views": reads.views_for(actor.label), "told": told, "may_share": _may_share(), "params_of": params_of}


def _may_share() -> bool:
    role = current_actor().role
    return role is not None and role.includes(Role.RESPONDER)


def _wanted(kept: Mapping[str, Any]) -> Wanted:
    owner = None if request.form.get("shared") else current_actor().label
    narrowing = {name: value for name, value in kept.items() if name != "sort"}
    return Wanted(request.form.get("name", ""), narrowing, str(kept.get("sort", "worst")), owner)


def _form(view: SavedView | None, kept: Mapping[str, Any], error: DomainError | None = None) -> Response:
    name, shared = (view.name, view.owner is None) if view else ("", False)
    fault = ""
    if error is not None:
        name, shared = request.form.get("name", ""), bool(request.form.get("shared"))
        fault = error.errors[0].detail if error.errors else error.detail
    context = {"view": view, "kept": kept, "name": name, "shared": shared, "fault": fault, "sorts": forms.SORTS}
    status = 422 if error else 200
    return htmx.page("alerts/view_form.html", "question", status=status, may_share=_may_share(), **context)
