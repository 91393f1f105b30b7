"""Lists of alerts: newest first for programs, state by state and worst first for people."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    or_,
    select,
)

from console.alerts.models import Alert
from console.alerts.queries.filters import WORST_FIRST, AlertFilter, narrowed
from console.alerts.queries.gather import Found, Reading, instant
from console.alerts.queries.standing import standing
from console.alerts.queries.walk import FIRST_TIME, Sort, Stretch, walked, with_details
from console.alerts.rules.states import Severity, Status
from console.infra.db import db
from console.infra.paging import Page, decode, page_of

LAST_ID = 2**63 - 1
BATCH = 1_000
LAST_TIME = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


def recent(
    wanted: AlertFilter, now: datetime, *, limit: int, cursor: str | None = None, sort: Sort = Sort.RECENT
) -> Page[Alert]:
    """Alerts of all wanted states in one list, with their details. Raises Invalid for a bad cursor or `q`."""
    return _page(wanted.wanted, Reading(wanted, now), limit=limit, cursor=cursor, sort=sort, details=True)


def in_state(
    status: Status,
    wanted: AlertFilter,
    now: datetime,
    *,
    limit: int,
    cursor: str | None = None,
    sort: Sort = Sort.WORST,
    reading: Reading | None = None,
) -> Page[Alert]:
    """Alerts of one state, as the page groups them."""
    return _page([status], reading or Reading(wanted, now), limit=limit, cursor=cursor, sort=sort)


def every(wanted: AlertFilter, now: datetime, *, sort: Sort) -> Iterator[Alert]:
    """All that match with their details, in the order of the list, never holding more than a batch.

    Raises Invalid for a bad `q`, TooSlow at any batch.
    """
    reading, cursor = Reading(wanted, now), None
    while True:
        page = _page(wanted.wanted, reading, limit=BATCH, cursor=cursor, sort=sort, details=True)
        # Apart from the session: the transaction that read the first of them ends before they are streamed.
        for alert in page.items:
            db.session.expunge(alert.detail)
            db.session.expunge(alert)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _page(
    statuses: Sequence[Status],
    reading: Reading,
    *,
    limit: int,
    cursor: str | None,
    sort: Sort,
    details: bool = False,
) -> Page[Alert]:
    place, found = _place(cursor, sort), reading.found
    statuses = [status for status in statuses if status in reading.narrow.wanted]
    if found is not None:
        ids = [one.id for one in _ordered(found, statuses, place, sort)[: limit + 1]]
        rows = _by_id(ids, details=details)
    else:
        rows = walked(_stretches(statuses, reading.narrow, place, sort), reading, sort, limit, details=details)
    return page_of(rows, limit, lambda alert: _key(alert, sort))


def _place(cursor: str | None, sort: Sort) -> tuple[int, datetime, int]:
    """Severity, time and id of the last row shown; before the first row without a cursor."""
    if sort is Sort.WORST:
        worst, seen, after = decode(cursor, int, datetime, int) if cursor else (max(Severity), LAST_TIME, LAST_ID)
        return int(worst), seen, after
    start = (FIRST_TIME, 0) if sort is Sort.OLDEST else (LAST_TIME, LAST_ID)
    seen, after = decode(cursor, datetime, int) if cursor else start
    return 0, seen, after


def _key(alert: Alert, sort: Sort) -> tuple[int | str, ...]:
    seen = alert.last_seen.isoformat()
    return (int(alert.severity), seen, alert.id) if sort is Sort.WORST else (seen, alert.id)


def _ordered(
    found: Sequence[Found], statuses: Sequence[Status], place: tuple[int, datetime, int], sort: Sort
) -> list[Found]:
    key: Callable[[Found], Any] = _sort_by(sort)
    worst, seen, after = place
    there = (worst, instant(seen), after) if sort is Sort.WORST else (instant(seen), after)
    mine = [one for one in found if one.status in statuses]
    if sort is Sort.OLDEST:
        return sorted((one for one in mine if key(one) > there), key=key)
    return sorted((one for one in mine if key(one) < there), key=key, reverse=True)


def _sort_by(sort: Sort) -> Callable[[Found], Any]:
    if sort is Sort.WORST:
        return itemgetter(*map(Found._fields.index, ("severity", "seen", "id")))
    return itemgetter(*map(Found._fields.index, ("seen", "id")))


def _by_id(ids: Sequence[int], *, details: bool) -> list[Alert]:
    rows = select(Alert).where(Alert.id.in_(ids))
    alerts = {alert.id: alert for alert in db.session.scalars(with_details(rows) if details else rows)}
    return [alerts[one] for one in ids if one in alerts]


def _stretches(
    statuses: Sequence[Status], wanted: AlertFilter, place: tuple[int, datetime, int], sort: Sort
) -> list[Stretch]:
    worst, seen, after = place
    severities = wanted.severities or WORST_FIRST
    if sort is not Sort.WORST:
        return [Stretch(status, severity, seen, after) for status in statuses for severity in severities]
    return [
        Stretch(status, s, seen, after) if s == worst else Stretch(status, s, LAST_TIME, LAST_ID)
        for status in statuses
        for s in severities
        if s <= worst
    ]


def matching_ids(wanted: AlertFilter, now: datetime, *, cap: int) -> list[int]:
    """The ids of all alerts that match, in order of id, up to `cap + 1` of them: one more says there are too many."""
    rows = narrowed(select(Alert.id), wanted, now).where(or_(*(standing(s, now) for s in wanted.wanted)))
    if wanted.severities:
        rows = rows.where(Alert.severity.in_(wanted.severities))
    return sorted(db.session.scalars(rows.limit(cap + 1)))
