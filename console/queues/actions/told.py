"""What was told of the failed registries of a broker, and how far each was followed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import CursorResult, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from console.infra import events
from console.queues.models import RqCursor, RqSeen

# As arrays: one statement of one shape, however many entries; xmax is 0 in a row that replaced none.
_REMEMBER: Final = text("""
    WITH told AS (
        INSERT INTO rq_seen (broker, queue, job_id, score)
        SELECT :broker, :queue, * FROM unnest(CAST(:ids AS text[]), CAST(:scores AS float8[]))
        ON CONFLICT (broker, queue, job_id) DO UPDATE SET score = excluded.score
        RETURNING xmax = 0 AS fresh
    )
    SELECT count(*) FILTER (WHERE fresh) FROM told
""")
# Scores are instants; what lies beyond this (year 5138) would hide all that comes after it.
HIGHEST: Final = 1e11


def lock_cursor(session: Session, broker: str, queue: str) -> bool:
    """Make this transaction the only follower of a queue; False when another is at it."""
    _ensure_cursor(session, broker, queue)
    mine = select(RqCursor.queue).where(RqCursor.broker == broker, RqCursor.queue == queue)
    return session.scalar(mine.with_for_update(skip_locked=True)) is not None


def remember_told(session: Session, broker: str, queue: str, scores: Mapping[str, float]) -> None:
    """These entries of a failed registry were told, or are not to be; the cursor moves with them."""
    if not scores:
        return
    ids = sorted(scores)
    told = {"broker": broker, "queue": queue, "ids": ids, "scores": [scores[job_id] for job_id in ids]}
    added = session.execute(_REMEMBER, told).scalar_one()
    top = max((score for score in scores.values() if score < HIGHEST), default=0.0)
    session.execute(
        update(RqCursor)
        .where(RqCursor.broker == broker, RqCursor.queue == queue)
        .values(
            top=func.greatest(RqCursor.top, top),
            size=RqCursor.size + added,
            # The registry may have grown since it was counted.
            total=func.greatest(RqCursor.total, RqCursor.size + added),
        )
    )
    events.touch("queues")


def forget_told(session: Session, broker: str, queue: str, job_ids: Sequence[str]) -> None:
    """These entries left the registry: requeued, removed or expired. Failing again, they are told again."""
    if not job_ids or not lock_cursor(session, broker, queue):
        return
    of_queue = (RqSeen.broker == broker, RqSeen.queue == queue)
    gone = session.execute(delete(RqSeen).where(*of_queue, RqSeen.job_id.in_(job_ids)))
    assert isinstance(gone, CursorResult)
    cursor = update(RqCursor).where(RqCursor.broker == broker, RqCursor.queue == queue)
    session.execute(cursor.values(size=RqCursor.size - gone.rowcount))
    events.touch("queues")


def note_look(
    session: Session, broker: str, queue: str, *, total: int | None, trouble: str | None, at: datetime
) -> None:
    """How many entries the registry held when looked at, or why it could not be read."""
    _ensure_cursor(session, broker, queue)
    seen = {"trouble": trouble, "looked_at": at} | ({} if total is None else {"total": total})
    session.execute(update(RqCursor).where(RqCursor.broker == broker, RqCursor.queue == queue).values(seen))
    events.touch("queues")


def _ensure_cursor(session: Session, broker: str, queue: str) -> None:
    row = insert(RqCursor).values(broker=broker, queue=queue, top=0.0, size=0, total=0)
    session.execute(row.on_conflict_do_nothing())
