"""Saved views of a list: the shared ones and one's own. A view of another list is none."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, or_, select

from console.alerts.models import SavedView
from console.alerts.rules.views import ALERTS, Listing
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of

LAST = 2**63 - 1


def views_for(reader: str, listing: Listing = ALERTS) -> Sequence[SavedView]:
    """What a person sees: shared views, then their own, each by name."""
    rows = _of(listing).where(or_(SavedView.owner.is_(None), SavedView.owner == reader))
    return db.session.scalars(rows.order_by(SavedView.owner.is_not(None), SavedView.name, SavedView.id)).all()


def views(listing: Listing = ALERTS, *, limit: int, cursor: str | None) -> Page[SavedView]:
    """All saved views, the newest first. Raises Invalid for a bad cursor."""
    (below,) = decode(cursor, int) if cursor else (LAST,)
    rows = _of(listing).where(SavedView.id < below).order_by(SavedView.id.desc()).limit(limit + 1)
    return page_of(db.session.scalars(rows).all(), limit, lambda view: (view.id,))


def view_for(reader: str, view_id: int, listing: Listing = ALERTS) -> SavedView:
    """One that a person may see; raises NotFound."""
    found = view_of(view_id, listing)
    if found.owner not in {None, reader}:
        raise NotFound("There is no such view.")
    return found


def view_of(view_id: int, listing: Listing = ALERTS) -> SavedView:
    """One, whosever it is; raises NotFound."""
    found = db.session.get(SavedView, view_id) if view_id <= LAST else None
    if found is None or found.list != listing.name:
        raise NotFound("There is no such view.")
    return found


def view_named(owner: str | None, name: str, listing: Listing = ALERTS) -> SavedView | None:
    """The one of this name among the shared ones, or among a person's own."""
    return db.session.scalars(_of(listing).where(_whose(owner), SavedView.name == name)).one_or_none()


def views_owned(owner: str | None, listing: Listing = ALERTS) -> int:
    """How many there are of a person, or shared."""
    return db.session.scalar(select(func.count()).select_from(_of(listing).where(_whose(owner)).subquery())) or 0


def _of(listing: Listing) -> Select[SavedView]:
    return select(SavedView).where(SavedView.list == listing.name)


def _whose(owner: str | None) -> ColumnElement[bool]:
    return func.coalesce(SavedView.owner, "") == (owner or "")
