"""What became of promises, kept for reports: written as clocks end, never by an edit of what was promised."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from console.infra.db import db
from console.tickets.models import SlaOutcome, Ticket
from console.tickets.queries import tickets as reads
from console.tickets.queries.promises import Promise
from console.tickets.rules.clocks import Budget, Clock, Phase, run
from console.tickets.rules.history import Event, History
from console.tickets.rules.instants import instant, micros
from console.tickets.rules.policy import CLOCKS

SECOND: Final = 1_000_000
FIRST, NEXT, RESOLUTION = CLOCKS
# What makes an outcome another one; all else stays as it was when its clock ended.
FIXED: Final = ("settled_at", "spent_seconds", "late_seconds")
VERSIONS: Final = ("policy_version_id", "calendar_version_id")

Key = tuple[int, str, datetime]


@dataclass(frozen=True, slots=True)
class Judged:
    """A ticket with its events and the promise that it is judged by."""

    ticket: Ticket
    events: Sequence[Event]
    promise: Promise | None


def keep(judged: Sequence[Judged]) -> None:
    """Write down the clocks of some tickets that ended, and forget those that, by their events, did not."""
    known = _known([each.ticket.id for each in judged])
    ended = [each for each in judged if each.promise is not None and _any_ended(each.ticket)]
    if not known and not ended:
        return
    rows = {_key(row): row for each in ended for row in _rows(each)}
    gone = [key for key in known if key not in rows]
    if gone:
        mine = tuple_(SlaOutcome.ticket_id, SlaOutcome.clock, SlaOutcome.began_at)
        db.session.execute(delete(SlaOutcome).where(mine.in_(gone)).execution_options(synchronize_session=False))
    news = [rows[key] for key in sorted(rows) if _is_news(rows[key], known.get(key))]
    if news:
        add = insert(SlaOutcome)
        new = {name: add.excluded[name] for name in news[0] if name not in ("ticket_id", "clock", "began_at")}
        # Without RETURNING the driver would send them one by one.
        written = add.on_conflict_do_update(constraint="pk_sla_outcomes", set_=new).returning(SlaOutcome.ticket_id)
        db.session.execute(written, news)


def _known(ids: Sequence[int]) -> dict[Key, SlaOutcome]:
    rows = select(SlaOutcome).where(SlaOutcome.ticket_id.in_(ids)).execution_options(populate_existing=True)
    return {(row.ticket_id, row.clock, row.began_at): row for row in db.session.scalars(rows)}


def _key(row: dict[str, Any]) -> Key:
    return (row["ticket_id"], row["clock"], row["began_at"])


def _is_news(row: dict[str, Any], known: SlaOutcome | None) -> bool:
    """Whether events made it another one. Counted otherwise under other versions, it is an edit's, and stays."""
    if known is None or known.settled_at != row["settled_at"]:
        return True
    same = all(getattr(known, name) == row[name] for name in FIXED)
    return not same and all(getattr(known, name) == row[name] for name in VERSIONS)


def _any_ended(ticket: Ticket) -> bool:
    return any(found["phase"] == Phase.DONE or "longest" in found for found in ticket.clocks.values())


def _rows(judged: Judged) -> Iterator[dict[str, Any]]:
    promise = judged.promise
    assert promise is not None
    history = reads.history_of(judged.ticket, judged.events, promise)
    first, _, resolution = reads.facts_of(history, promise)
    runs = [(FIRST, first), (RESOLUTION, resolution), *((NEXT, found) for found in _waits(history, promise))]
    for name, clock in runs:
        if clock.phase is Phase.DONE and clock.target is not None and clock.done is not None:
            yield _row(judged, promise, name, clock, clock.done)


def _waits(history: History, promise: Promise) -> Iterator[Clock]:
    target = promise.policy.target(NEXT, history.priority)
    for wait in history.waits if target is not None else ():
        if target is not None and (history.resolved is None or wait.begin < history.resolved):
            yield run(history, promise.hours, Budget(target, target), wait.begin, wait.end)


def _row(judged: Judged, promise: Promise, name: str, clock: Clock, done: int) -> dict[str, Any]:
    ticket, over = judged.ticket, clock.spent - (clock.target or 0)
    then = reads.history_of(ticket, [event for event in judged.events if micros(event.at) <= done], promise)
    return {
        "ticket_id": ticket.id,
        "clock": name,
        "began_at": instant(clock.begin or 0),
        "settled_at": instant(done),
        "day": promise.hours.local(done).date(),
        "policy_id": promise.policy_id,
        "policy_version_id": promise.policy_version_id,
        "calendar_version_id": promise.calendar_version_id,
        "priority": then.priority,
        "organization": ticket.organization,
        "assignee": then.assignee,
        "target_seconds": (clock.target or 0) // SECOND,
        "spent_seconds": clock.spent // SECOND,
        "late_seconds": max(1, over // SECOND) if over > 0 else 0,
    }
