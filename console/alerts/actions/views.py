"""Saved views: made, changed, deleted. A shared one is everybody's to see and a responder's to change."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from console.alerts.models import SavedView
from console.alerts.queries import search
from console.alerts.queries import views as reads
from console.alerts.rules import storable
from console.alerts.rules.views import MOST, Wanted, fault
from console.audit.actions import record
from console.infra.actor import Actor, Role
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Forbidden, Invalid


def create(wanted: Wanted, *, by: Actor, at: datetime) -> SavedView:
    """A new view. Raises Invalid, Forbidden, and Conflict when its name is taken."""
    wanted = _checked(wanted, by)
    if reads.views_owned(wanted.owner) >= MOST:
        raise Conflict(f"There are {MOST} views already; delete one first.")
    view = SavedView(created_by=by.label, created_at=at, updated_at=at)
    _keep(view, wanted)
    _tell("created", view, by=by)
    return view


def change(view: SavedView, wanted: Wanted, *, by: Actor, at: datetime) -> None:
    """Make it as it is wanted. Raises Invalid, Forbidden and Conflict."""
    _may(view.owner, by)
    _keep(view, _checked(wanted, by))
    view.updated_at = at
    db.session.flush()
    _tell("changed", view, by=by)


def remove(view: SavedView, *, by: Actor) -> None:
    """Delete it; the alerts that it showed stay as they are. Raises Forbidden."""
    _may(view.owner, by)
    _tell("deleted", view, by=by)
    db.session.delete(view)
    db.session.flush()


def _checked(wanted: Wanted, by: Actor) -> Wanted:
    wanted = replace(wanted, name=storable.text(wanted.name).strip())
    _may(wanted.owner, by)
    if (found := fault(wanted)) is not None:
        raise Invalid(found[1], errors=[Fault(f"/{found[0]}", found[1])])
    search.parsed(str(wanted.filter.get("q", "")))
    return wanted


def _may(owner: str | None, by: Actor) -> None:
    if by.kind != "user" or owner == by.label:
        return
    if owner is not None or by.role is None or not by.role.includes(Role.RESPONDER):
        raise Forbidden("Shared views need the responder role. Keep it for yourself instead.")


def _keep(view: SavedView, wanted: Wanted) -> None:
    taken = Conflict(f"There is a view called “{wanted.name}” already; choose another name.")
    other = reads.view_named(wanted.owner, wanted.name)
    if other is not None and other is not view:
        raise taken
    view.name, view.owner = wanted.name, wanted.owner
    view.filter, view.sort = dict(wanted.filter), wanted.sort
    try:
        with db.session.begin_nested():
            db.session.add(view)
    except IntegrityError as error:
        raise taken from error


def _tell(what: str, view: SavedView, *, by: Actor) -> None:
    details = {"filter": view.filter, "sort": view.sort, "shared": view.owner is None}
    record(f"view.{what}", by=by, object=("view", str(view.id), view.name), details=details)
