"""What followers of sources keep: leases, and rows together with the cursor that stands for them."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select

from console.infra import events
from console.infra.db import db
from console.tickets.actions import intake, source_alarms
from console.tickets.models import SourceWant, TicketSource
from console.tickets.queries import sources as reads
from console.tickets.rules.sources.feed import ALARM_AFTER, Batch, Feed, Reject, wait

ROOM: Final = "tickets"
# Longer than one reading may take, with what is kept of it: a follower that died is replaced after so long.
LEASE: Final = timedelta(seconds=120)
REJECTS: Final = 20


def claim(*, at: datetime, most: int) -> list[tuple[int, str]]:
    """Take the lease of sources that are due; (source, lease) of each. No other follower gets them meanwhile."""
    free = or_(TicketSource.lease_id.is_(None), TicketSource.lease_until < at)
    due = select(TicketSource).where(TicketSource.enabled, TicketSource.next_at <= at, free)
    rows = db.session.scalars(due.order_by(TicketSource.next_at).limit(most).with_for_update(skip_locked=True)).all()
    for source in rows:
        source.lease_id, source.lease_until = secrets.token_hex(8), at + LEASE
    db.session.flush()
    return [(source.id, source.lease_id or "") for source in rows]


def keep(feed: Feed, lease_id: str, batch: Batch, *, at: datetime) -> bool:
    """Keep the rows and the cursor of one reading together; True when the follower should read on at once.

    Nothing is kept by a follower whose lease went to another, or whose source was changed meanwhile.
    """
    source = _held(feed, lease_id)
    if source is None:
        return False
    intake.take(source.name, batch.rows, at=at)
    _forget_wants(source.id, batch.fetched)
    first = source.last_run_at is None or not (feed.cursor or {}).get("more")
    source.cursor, source.last_run_at = dict(batch.cursor), at
    source.last_rows = batch.seen + (0 if first else source.last_rows)
    source.rows += batch.seen
    _note_rejects(source, batch.rejects, at)
    _well(source, at)
    if batch.more:
        source.lease_until = at + LEASE
    else:
        wait_for = 0 if reads.is_wanted(source.id) else source.interval_seconds
        source.next_at, source.lease_id = at + timedelta(seconds=wait_for), None
    db.session.flush()
    events.touch(ROOM)
    return batch.more


def fail(feed: Feed, lease_id: str, said: str, *, at: datetime, retry_after: float | None = None) -> None:
    """It could not be read: since when and why is kept, the cursor stays, and it is left alone for a while."""
    source = _held(feed, lease_id)
    if source is None:
        return
    if source.error != said:
        events.touch(ROOM)
    source.failing_since, source.failures = source.failing_since or at, source.failures + 1
    source.error, source.last_run_at, source.lease_id = said[:1_000], at, None
    source.next_at = at + wait(source.failures, timedelta(seconds=source.interval_seconds), asked=retry_after)
    db.session.flush()
    if at - source.failing_since >= ALARM_AFTER:
        source_alarms.tell(source, at=at)


def _held(feed: Feed, lease_id: str) -> TicketSource | None:
    source = reads.locked(feed.id)
    if source is None or source.lease_id != lease_id or source.cursor != feed.cursor:
        return None
    return source


def _well(source: TicketSource, at: datetime) -> None:
    source_alarms.settle(source, at=at, why="the source is read again")
    source.last_ok_at, source.failing_since, source.failures, source.error = at, None, 0, None


def _forget_wants(source_id: int, fetched: Sequence[str]) -> None:
    if fetched:
        done = delete(SourceWant).where(SourceWant.source_id == source_id, SourceWant.external_id.in_(fetched))
        db.session.execute(done)


def _note_rejects(source: TicketSource, rejects: Sequence[Reject], at: datetime) -> None:
    if not rejects:
        return
    told: list[dict[str, Any]] = [
        {"key": each.key[:200], "reason": each.reason[:500], "at": at.isoformat()} for each in reversed(rejects)
    ]
    again = {each["key"] for each in told}
    before = [each for each in source.rejects if each["key"] not in again]
    source.rejected += len(again - {each["key"] for each in source.rejects})
    source.rejects = [*told, *before][:REJECTS]
