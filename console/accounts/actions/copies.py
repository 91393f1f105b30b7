"""Sessions whose copies outside the database are out of date once this transaction commits."""

from collections.abc import Iterable

from sqlalchemy import select

from console.accounts.models import STALE, Session
from console.infra.db import db


def outdate(token_hashes: Iterable[str]) -> None:
    """Mark sessions by their hashes; `accounts/client.py` drops their copies after the commit."""
    db.session().info.setdefault(STALE, set()).update(token_hashes)


def outdate_user(user_id: int) -> None:
    """Mark all of a user's living sessions."""
    query = select(Session.token_hash).where(Session.user_id == user_id, Session.ended_at.is_(None))
    outdate(db.session.scalars(query).all())
