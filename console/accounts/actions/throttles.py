"""Attempts counted in PostgreSQL, in units of their own: losing Redis opens nothing, a rollback forgets nothing."""

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from console.accounts.models import Throttle
from console.accounts.rules import RESET, SIGN_IN, Limit, address_key, normal_email
from console.infra import clock
from console.infra.db import db
from console.infra.errors import TooMany
from console.infra.transaction import unit


def keys(email: str, ip: str | None) -> tuple[str, str]:
    """What an attempt counts against: its address and its account, whether there is such an account or not."""
    account = hashlib.sha256(normal_email(email).encode("utf-8", "replace")).hexdigest()
    return (f"address:{address_key(ip)}", f"account:{account}")


def count(limit: Limit, attempt: Sequence[str]) -> datetime:
    """Count one attempt against each key, or none of them; returns the instant that `forgive` takes.

    Raises TooMany with the seconds after which the oldest attempt leaves the window. A refused attempt counts for
    nothing, so that whoever keeps trying does not lock the owner out for longer.
    """
    now = clock.now()
    wait = 0.0
    with unit() as session:
        for key in sorted(attempt):
            wait = max(wait, _hit(limit, key, now))
        if wait:
            session.rollback()
    if wait:
        raise TooMany(_sentence(limit, wait), retry_after=math.ceil(wait))
    return now


def forgive(limit: Limit, attempt: Sequence[str], at: datetime) -> None:
    """Take back one attempt that turned out to be right."""
    with unit() as session:
        for key in sorted(attempt):
            row = session.get(Throttle, (limit.kind, key), with_for_update=True)
            if row is not None and at in row.hits:
                kept = list(row.hits)
                kept.remove(at)
                row.hits = kept


def sweep_throttles(now: datetime) -> None:
    """Remove counters whose windows have long passed."""
    db.session.execute(delete(Throttle).where(Throttle.last_at < now - max(SIGN_IN.window, RESET.window)))


def _hit(limit: Limit, key: str, now: datetime) -> float:
    """Add an attempt; returns 0, or the seconds to wait when there is no room. The row's lock makes it exact."""
    start = insert(Throttle).values(kind=limit.kind, key=key, hits=[], last_at=now)
    db.session.execute(start.on_conflict_do_nothing())
    query = select(Throttle).where(Throttle.kind == limit.kind, Throttle.key == key).with_for_update()
    row = db.session.scalars(query.execution_options(populate_existing=True)).one()
    recent = sorted(hit for hit in row.hits if hit > now - limit.window)
    if len(recent) >= limit.hits:
        return max((recent[-limit.hits] + limit.window - now).total_seconds(), 1.0)
    row.hits, row.last_at = [*recent, now], now
    db.session.flush()
    return 0.0


def _sentence(limit: Limit, wait: float) -> str:
    minutes = math.ceil(wait / 60)
    later = f"{math.ceil(wait)} seconds" if wait < 60 else f"{minutes} minutes"  # noqa: PLR2004 - seconds a minute
    return f"Too many {limit.kind} attempts for this account or from this address. Try again in {later}."
