"""The tabs above a list, and the pages on which its views are kept: the same for every list that has views."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from console.alerts import actions
from console.alerts.models import SavedView
from console.alerts.queries import views as reads
from console.alerts.rules.views import ME, Listing, Wanted
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict, DomainError, Forbidden, Invalid
from console.web import htmx
from console.web.auth import current_actor, requires

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as a tab: `here` when the list shows just that; `own` when nobody else sees it."""

    name: str
    url: str
    here: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Keeping:
    """A list whose views are kept. Its page is `.index` of the blueprint.

    `kept` makes what the list's links carry on of any parameters, `told` says them in words; `mine` is what the list
    calls its reader as an owner. `fields` are carried on unseen by the form; `sorts` is empty where there is one order.
    """

    listing: Listing
    built_in: Sequence[Wanted]
    kept: Callable[[Params], dict[str, Any]]
    told: Callable[[Params], str]
    mine: Callable[[], str]
    fields: Sequence[str]
    sorts: Sequence[tuple[str, str]] = ()

    def tabs(self, kept: Params) -> list[Tab]:
        """What everybody has, the shared ones, the reader's own."""
        saved = reads.views_for(current_actor().label, self.listing)
        wanted = [*self.built_in, *(Wanted(view.name, view.filter, view.sort, view.owner) for view in saved)]
        return [self._tab(view, kept) for view in wanted]

    def _tab(self, view: Wanted, kept: Params) -> Tab:
        params = self.params_of(view.filter, view.sort)
        return Tab(view.name, url_for(".index", **params), params == dict(kept), view.owner is not None)

    def params_of(self, narrowing: Params, sort: str) -> dict[str, Any]:
        """The list's parameters of a view."""
        own = {n: self.mine() if n == "assignee" and v in (ME, [ME]) else v for n, v in narrowing.items()}
        return self.kept({**own, "sort": "" if sort == self.listing.sorts[0] else sort})

    def serve(self, bp: Blueprint, path: str) -> None:
        """Add the pages; who may do what is a question of the view, so that all are for everybody who reads."""
        for rule, name, view in (
            ("", "views", self.views),
            ("/new", "ask_view", self.ask),
            ("/<int:view_id>/edit", "edit_view", self.edit),
        ):
            bp.get(path + rule, endpoint=name)(_for_readers(view))
        for rule, name, view in (
            ("", "save_view", self.save),
            ("/<int:view_id>", "change_view", self.change),
            ("/<int:view_id>/delete", "delete_view", self.delete),
        ):
            bp.post(path + rule, endpoint=name)(_for_readers(view))

    def views(self) -> Response:
        """All that the reader sees, with what each shows."""
        return htmx.page("alerts/views.html", **self._all())

    def ask(self) -> Response:
        """Ask for the name of the list as it is narrowed now."""
        return self._form(None, self.kept(request.args))

    def save(self) -> Response:
        """Keep it, and show it."""
        kept = self.kept(request.args)
        try:
            made = actions.create_view(self._wanted(kept), by=current_actor(), at=clock.now(), listing=self.listing)
        except (Invalid, Conflict, Forbidden) as error:
            return self._form(None, kept, error)
        htmx.toast(f"The view “{made.name}” is saved.", undo=url_for(".delete_view", view_id=made.id))
        return make_response(redirect(url_for(".index", **kept), 303))

    def edit(self, view_id: int) -> Response:
        """The form with what is stored."""
        view = self._of(view_id)
        return self._form(view, self.kept({**view.filter, "sort": view.sort}))

    def change(self, view_id: int) -> Response:
        """Make it so, or show the form again with its fault."""
        view, kept = self._of(view_id), self.kept(request.form)
        try:
            wanted = self._wanted(kept)
            actions.change_view(view, wanted, by=current_actor(), at=clock.now(), listing=self.listing)
        except (Invalid, Conflict, Forbidden) as error:
            return self._form(view, kept, error)
        htmx.toast(f"The view “{view.name}” is changed.")
        return make_response(redirect(url_for(".views"), 303))

    def delete(self, view_id: int) -> Response:
        """Delete it; what it showed stays."""
        view = self._of(view_id)
        actions.remove_view(view, by=current_actor(), listing=self.listing)
        said = f"“{view.name}” is deleted."
        return htmx.done("alerts/views.html", "view_list", to=url_for(".views"), said=said, **self._all())

    def _of(self, view_id: int) -> SavedView:
        return reads.view_for(current_actor().label, view_id, self.listing)

    def _all(self) -> dict[str, Any]:
        return {"keeping": self, "views": reads.views_for(current_actor().label, self.listing), **self._roles()}

    def _roles(self) -> dict[str, Any]:
        needs = " or the ".join(self.listing.sharers)
        return {"may_share": actions.may_share_views(self.listing, current_actor()), "needs": needs}

    def _wanted(self, kept: Params) -> Wanted:
        owner = None if request.form.get("shared") else current_actor().label
        narrowing = {name: value for name, value in kept.items() if name != "sort"}
        return Wanted(request.form.get("name", ""), narrowing, str(kept.get("sort", self.listing.sorts[0])), owner)

    def _form(self, view: SavedView | None, kept: Params, error: DomainError | None = None) -> Response:
        name, shared = (view.name, view.owner is None) if view else ("", False)
        fault = ""
        if error is not None:
            name, shared = request.form.get("name", ""), bool(request.form.get("shared"))
            fault = error.errors[0].detail if error.errors else error.detail
        context = {"view": view, "kept": kept, "name": name, "shared": shared, "fault": fault, "keeping": self}
        return htmx.page("alerts/view_form.html", "question", status=422 if error else 200, **context, **self._roles())


def _for_readers(view: Callable[..., Response]) -> Callable[..., ResponseReturnValue]:
    return requires(Role.VIEWER)(view)
