"""Saved views: the shared ones and one's own."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from console.alerts.models import SavedView
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of

LAST = 2**63 - 1


def views_for(reader: str) -> Sequence[SavedView]:
    """What a person sees: shared views, then their own, each by name."""
    rows = select(SavedView).where(or_(SavedView.owner.is_(None), SavedView.owner == reader))
    return db.session.scalars(rows.order_by(SavedView.owner.is_not(None), SavedView.name, SavedView.id)).all()


def views(*, limit: int, cursor: str | None) -> Page[SavedView]:
    """All saved views, the newest first. Raises Invalid for a bad cursor."""
    (below,) = decode(cursor, int) if cursor else (LAST,)
    rows = select(SavedView).where(SavedView.id < below).order_by(SavedView.id.desc()).limit(limit + 1)
    return page_of(db.session.scalars(rows).all(), limit, lambda view: (view.id,))


def view_for(reader: str, view_id: int) -> SavedView:
    """One that a person may see; raises NotFound."""
    found = view_of(view_id)
    if found.owner not in {None, reader}:
        raise NotFound("There is no such view.")
    return found


def view_of(view_id: int) -> SavedView:
    """One, whosever it is; raises NotFound."""
    found = db.session.get(SavedView, view_id) if view_id <= LAST else None
    if found is None:
        raise NotFound("There is no such view.")
    return found


def view_named(owner: str | None, name: str) -> SavedView | None:
    """The one of this name among the shared ones, or among a person's own."""
    rows = select(SavedView).where(func.coalesce(SavedView.owner, "") == (owner or ""), SavedView.name == name)
    return db.session.scalars(rows).one_or_none()


def views_owned(owner: str | None) -> int:
    """How many there are of a person, or shared."""
    rows = select(func.count()).select_from(SavedView)
    return db.session.scalar(rows.where(func.coalesce(SavedView.owner, "") == (owner or ""))) or 0
