"""Which alerts need somebody, and what is to be told to whom: steps made of changes and of time.

A change of an alert is only noted where it happens (`hear`), in its own transaction. One scheduler at a time looks at
the notes (`tell`) and goes by the alert as it stands, so that neither order nor number of the notes matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import delete, func, select, text

from console.alerts.queries.silences import muting
from console.alerts.rules.states import Event
from console.infra.db import db
from console.infra.events import AlertChanged
from console.oncall import queries
from console.oncall.actions.steps import Round
from console.oncall.models import News

# Any number will do as long as nobody else in this database uses it.
LOCK: Final = 4_127_007
BATCH: Final = 500
# Changes that can make an alert need somebody, or not any more.
HEARD: Final = frozenset(Event) - {Event.ASSIGNED, Event.UNASSIGNED, Event.NOTED, Event.RETRIED}

_NOTE: Final = text("""
    INSERT INTO alert_news (alert_id, event)
    SELECT alert_id, event FROM json_to_recordset(CAST(:rows AS json)) AS r (alert_id bigint, event text)
""")


@dataclass(frozen=True, slots=True)
class Told:
    """What a round did: notes looked at, steps made."""

    news: int
    steps: int


def hear(changed: Sequence[AlertChanged]) -> None:
    """Note that alerts changed, in the transaction of the change; a single note goes with the session's next flush."""
    heard = [{"alert_id": change.alert_id, "event": change.event} for change in changed if change.event in HEARD]
    if len(heard) == 1:
        db.session.add(News(**heard[0]))
    elif heard:
        db.session.connection().execute(_NOTE, {"rows": orjson.dumps(heard).decode()})


def tell(*, at: datetime) -> Told:
    """Look at what changed and what is due, and make the steps; a full batch means there may be more."""
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return Told(0, 0)
    news = _take_news()
    due = queries.due_notices(at, limit=BATCH)
    if not news and not due:
        return Told(0, 0)
    ids = sorted({*news, *(notice.alert_id for notice in due)})
    rules = [rule for rule in queries.rules() if rule.enabled]
    round_ = Round(queries.alerts_of(ids), rules, muting(at), at)
    latest = queries.latest_notices(sorted(news))
    for alert_id, heard in news.items():
        if alert_id in round_.alerts:
            round_.follow(round_.alerts[alert_id], heard, latest.get(alert_id))
    for notice in due:
        if notice.ended_at is None and notice.next_step_at is not None and notice.next_step_at <= at:
            round_.remind(notice)
    round_.write()
    return Told(len(news), round_.steps)


def _take_news() -> dict[int, list[str]]:
    oldest = select(News.id).order_by(News.id).limit(BATCH)
    rows = db.session.execute(delete(News).where(News.id.in_(oldest)).returning(News.id, News.alert_id, News.event))
    found: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        found.setdefault(row.alert_id, []).append(row.event)
    return found
