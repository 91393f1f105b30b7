"""Saved views of a list: made, changed, deleted. Everybody sees a shared one; the list says who may change it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from console.alerts.models import SavedView
from console.alerts.queries import search
from console.alerts.queries import views as reads
from console.alerts.rules import storable
from console.alerts.rules.views import ALERTS, MOST, Listing, Wanted, fault
from console.audit.actions import record
from console.infra.actor import Actor, Role
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Forbidden, Invalid


def create(wanted: Wanted, *, by: Actor, at: datetime, listing: Listing = ALERTS) -> SavedView:
    """A new view. Raises Invalid, Forbidden, and Conflict when its name is taken."""
    wanted = _checked(listing, wanted, by)
    if reads.views_owned(wanted.owner, listing) >= MOST:
        raise Conflict(f"There are {MOST} views already; delete one first.")
    view = SavedView(list=listing.name, created_by=by.label, created_at=at, updated_at=at)
    _keep(view, wanted, listing)
    _tell("created", view, by=by)
    return view


def change(view: SavedView, wanted: Wanted, *, by: Actor, at: datetime, listing: Listing = ALERTS) -> None:
    """Make it as it is wanted. Raises Invalid, Forbidden and Conflict."""
    _may(listing, view.owner, by)
    _keep(view, _checked(listing, wanted, by), listing)
    view.updated_at = at
    db.session.flush()
    _tell("changed", view, by=by)


def remove(view: SavedView, *, by: Actor, listing: Listing = ALERTS) -> None:
    """Delete it; what it showed stays as it is. Raises Forbidden."""
    _may(listing, view.owner, by)
    _tell("deleted", view, by=by)
    db.session.delete(view)
    db.session.flush()


def may_share(listing: Listing, by: Actor) -> bool:
    """Whether somebody may make a view of a list everybody's; programs may."""
    return by.kind != "user" or (by.role is not None and any(by.role.includes(Role(word)) for word in listing.sharers))


def _checked(listing: Listing, wanted: Wanted, by: Actor) -> Wanted:
    wanted = replace(wanted, name=storable.text(wanted.name).strip())
    _may(listing, wanted.owner, by)
    if (found := fault(listing, wanted)) is not None:
        raise Invalid(found[1], errors=[Fault(f"/{found[0]}", found[1])])
    if listing is ALERTS:
        search.parsed(str(wanted.filter.get("q", "")))
    return wanted


def _may(listing: Listing, owner: str | None, by: Actor) -> None:
    if by.kind == "user" and owner != by.label and (owner is not None or not may_share(listing, by)):
        raise Forbidden(f"Shared views need the {' or '.join(listing.sharers)} role. Keep it for yourself instead.")


def _keep(view: SavedView, wanted: Wanted, listing: Listing) -> None:
    taken = Conflict(f"There is a view called “{wanted.name}” already; choose another name.")
    other = reads.view_named(wanted.owner, wanted.name, listing)
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
    details = {"list": view.list, "filter": view.filter, "sort": view.sort, "shared": view.owner is None}
    record(f"view.{what}", by=by, object=("view", str(view.id), view.name), details=details)
