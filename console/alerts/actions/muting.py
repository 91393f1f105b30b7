"""Which alerts carry the mark of a silence, so that a list leaves them out by its index.

Marks follow the silences: at once for what comes in and for up to 1,000 alerts of a silence that somebody makes,
changes or ends; the scheduler does the rest. Nothing depends on a mark but what is shown: whether people are told is
asked of the silences.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, Row, and_, any_, bindparam, or_, select, text

from console.alerts.actions import store
from console.alerts.actions.history import ROOM, announce_all, line
from console.alerts.models import Alert, Silence
from console.alerts.queries import silences as reads
from console.alerts.queries.silences import LOOKED_AT, Mute, facts_in, looking_at, mute_of, muting
from console.alerts.rules.silences.spans import SilenceState
from console.alerts.rules.states import Change, Event, Status
from console.infra import events
from console.infra.actor import SYSTEM
from console.infra.db import db

# A failure that was being stored while a silence began or ended has not seen it: it is looked at once more.
SECOND_LOOK = timedelta(seconds=5)
# A mark is a row written anew in every index, a line of history and a note for who tells people.
MARKED_AT_ONCE = 1_000

# Rows that somebody else holds are passed over: whoever waits here could be waited for. The second look finds them.
_MARK = text("""
    WITH wanted AS (
        SELECT id, silence_id FROM json_populate_recordset(NULL::alerts, CAST(:rows AS json))
    ), held AS (
        SELECT id FROM alerts WHERE id IN (SELECT id FROM wanted) FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE alerts AS a SET silence_id = w.silence_id
    FROM wanted AS w JOIN held USING (id)
    WHERE a.id = w.id AND (a.status > 1 OR w.silence_id IS NULL)
    RETURNING a.id
""")


_ALIVE = looking_at().where(Alert.id == any_(bindparam("ids", type_=ARRAY(BigInteger))), Alert.status > Status.RESOLVED)


@dataclass(frozen=True, slots=True)
class _Turn:
    """An alert whose mark changes."""

    id: int
    before: int | None
    mute: Mute | None


def mark(ids: Iterable[int], *, at: datetime) -> None:
    """Mark some alerts, locked by the caller, by what mutes at `at`, or take their marks away."""
    mutes = muting(at)
    # By the connection: the ORM's own way costs as much again, and this is done for each failure that comes in.
    rows = db.session.connection().execute(_ALIVE, {"ids": sorted(ids)})
    _write([turn for row in rows if (turn := _turned(row, mutes)) is not None], at)


def mark_again(alert: Alert, *, at: datetime) -> None:
    """The same for one that has come alive again, or has become another."""
    db.session.flush()
    mark([alert.id], at=at)
    db.session.refresh(alert, ["silence_id", "silenced"])


def settle(silence: Silence, *, at: datetime) -> None:
    """Bring the marks of one silence, locked by the caller, in line with it; what is too much waits for more turns."""
    mutes = muting(at)
    mine = next((mute for mute in mutes if mute.id == silence.id), None)
    found = _look(silence, mine)
    turns = [turn for row in found[:LOOKED_AT] if (turn := _settled(row, mine, mutes)) is not None]
    _write(turns[:MARKED_AT_ONCE], at)
    if len(found) > LOOKED_AT or len(turns) > MARKED_AT_ONCE:
        # Too many for once: from here on in order, so that each is looked at once.
        last = turns[MARKED_AT_ONCE - 1] if len(turns) > MARKED_AT_ONCE else found[LOOKED_AT - 1]
        silence.looked_to, silence.turn_at = 0 if silence.looked_to is None else last.id, at
    else:
        silence.looked_to, silence.turn_at = None, _next_turn(silence, at)
    events.touch(ROOM)
    db.session.flush()


def _next_turn(silence: Silence, at: datetime) -> datetime | None:
    """When its marks need work again: soon after a change, and at the next one."""
    last, following = silence.span.changes(at)
    again = max(silence.updated_at, last or silence.updated_at) + SECOND_LOOK
    over = silence.span.state(at) is SilenceState.EXPIRED
    return min([again] if again > at else [following] if following and not over else [], default=None)


def settle_due(*, at: datetime) -> bool:
    """One step for the silence that waits longest; False when none waits."""
    due = select(Silence).where(Silence.turn_at <= at).order_by(Silence.turn_at).limit(1)
    silence = db.session.scalar(due.with_for_update(skip_locked=True, key_share=True))
    if silence is None:
        return False
    settle(silence, at=at)
    return True


def _look(silence: Silence, mine: Mute | None) -> Sequence[Row[Any]]:
    """Alerts that carry its mark, and while it holds those without one that it might hide; one over says it is cut."""
    carries = Alert.silence_id == silence.id
    might = [and_(Alert.silence_id.is_(None), *reads.candidates(mine.matchers))] if mine else []
    rows = looking_at().where(or_(carries, *might)).limit(LOOKED_AT + 1)
    if silence.looked_to is not None:
        rows = rows.where(Alert.id > silence.looked_to).order_by(Alert.id)
    return db.session.execute(rows).all()


def _settled(row: Row[Any], mine: Mute | None, mutes: Sequence[Mute]) -> _Turn | None:
    facts = facts_in(row)
    if mine is not None and mine.hides(facts):
        return None if row.silence_id == mine.id else _Turn(row.id, None, mine)
    return None if row.silence_id is None else _Turn(row.id, row.silence_id, mute_of(facts, mutes))


def _turned(row: Row[Any], mutes: Sequence[Mute]) -> _Turn | None:
    facts = facts_in(row)
    carried = next((mute for mute in mutes if mute.id == row.silence_id), None)
    if carried is not None and carried.hides(facts):
        return None
    mute = mute_of(facts, mutes)
    return None if mute is None and row.silence_id is None else _Turn(row.id, row.silence_id, mute)


def _write(turns: Sequence[_Turn], at: datetime) -> None:
    """Set the marks, write down what that means for each alert, and announce it."""
    if not turns:
        return
    db.session.flush()
    rows = [{"id": turn.id, "silence_id": turn.mute.id if turn.mute else None} for turn in turns]
    done = set(db.session.connection().execute(_MARK, {"rows": orjson.dumps(rows).decode()}).scalars())
    changes = [(turn.id, _change(turn)) for turn in turns if turn.id in done]
    store.add_history([line(alert_id, change, at) for alert_id, change in changes])
    announce_all([(alert_id, change.event) for alert_id, change in changes], by=SYSTEM)


def _change(turn: _Turn) -> Change:
    if turn.mute is None:
        return Change(Event.UNSILENCED, None, None, f"silence {turn.before} has ended, or asks for something else now")
    why = f"silence {turn.mute.id} of {turn.mute.created_by} until {turn.mute.until:%Y-%m-%d %H:%M} UTC"
    return Change(Event.SILENCED, None, None, f"{why}: {turn.mute.reason}")
