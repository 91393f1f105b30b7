"""The failures of an alert and of all that is merged into it, the one that occurred last first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, column, select, true, tuple_, values

from console.alerts.models import Alert, AlertRetry, Occurrence
from console.alerts.queries import merges
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of

# Facts that look at single failures look at this many of the newest.
SAMPLE = 1_000

_PLACE = tuple_(Occurrence.occurred_at, Occurrence.id)


def occurrences(alert_id: int, *, limit: int, cursor: str | None = None) -> Page[Occurrence]:
    """Failures by `occurred_at`, newest first; raises Invalid for a bad cursor."""
    before = tuple_(*decode(cursor, datetime, int)) > _PLACE if cursor else true()
    rows = _newest(merges.family(alert_id), limit + 1, before)
    return page_of(list(db.session.scalars(rows)), limit, lambda o: (o.occurred_at.isoformat(), o.id))


def received(occurrence_id: int, received_at: datetime) -> Occurrence | None:
    """The failure of an id and of the instant when it was received, which names its week; None when that is dropped."""
    return db.session.get(Occurrence, (occurrence_id, received_at))


def occurrence(alert_id: int, occurrence_id: int) -> Occurrence:
    """One failure of an alert; raises NotFound."""
    found = db.session.scalar(select(Occurrence).where(Occurrence.id == occurrence_id))
    if found is None or found.alert_id not in merges.family(alert_id):
        raise NotFound(f"Alert {alert_id} has no occurrence {occurrence_id}.")
    return found


def neighbours(family: Sequence[int], of: Occurrence) -> tuple[int | None, int | None]:
    """The ids of the next newer and the next older failure of an alert and of all that is merged into it."""
    here, number = tuple_(of.occurred_at, of.id), (Occurrence.id,)
    newer = db.session.scalar(_newest(family, 1, here < _PLACE, oldest=True, columns_=number))
    return newer, db.session.scalar(_newest(family, 1, here > _PLACE, columns_=number))


def failed_jobs(alert: Alert, *, cap: int = 10_000) -> list[str]:
    """Ids of the jobs that failed for good since the alert was opened and have not succeeded by a retry since."""
    rows = _unanswered(alert, alert.opened_at).where(Occurrence.job_id.is_not(None)).distinct().limit(cap)
    return sorted(job for job in db.session.scalars(rows) if job)


def failed_since(alert: Alert, since: datetime) -> bool:
    """Whether anything failed for good after an instant without a retry that has succeeded since."""
    return bool(db.session.scalar(select(_unanswered(alert, since).exists())))


def _newest(
    family: Sequence[int],
    limit: int,
    where: ColumnElement[bool] | None = None,
    *,
    oldest: bool = False,
    columns_: Sequence[Any] = (Occurrence,),
) -> Select[Any]:
    """The first rows of each alert's stretch of the index and of those the first."""
    at, number = Occurrence.occurred_at, Occurrence.id
    order = (at, number) if oldest else (at.desc(), number.desc())
    condition = true() if where is None else where
    if len(family) == 1:
        rows = select(*columns_).where(Occurrence.alert_id == family[0], condition)
        return rows.order_by(*order).limit(limit)
    members = values(column("member", BigInteger), name="members").data([(member,) for member in family])
    found = (
        select(Occurrence.id, Occurrence.received_at)
        .where(Occurrence.alert_id == members.c.member, condition)
        .order_by(*order)
        .limit(limit)
        .correlate(members)
        .lateral("found")
    )
    same = and_(Occurrence.id == found.c.id, Occurrence.received_at == found.c.received_at)
    rows = select(*columns_).select_from(members.join(found, true()).join(Occurrence, same))
    return rows.order_by(*order).limit(limit)


def _unanswered(alert: Alert, since: datetime) -> Select[str | None]:
    family = merges.family(alert.id)
    return select(Occurrence.job_id).where(
        Occurrence.alert_id.in_(family),
        Occurrence.will_retry.is_(False),
        Occurrence.received_at >= since,
        ~_succeeded(family, Occurrence.job_id, Occurrence.received_at),
    )


def _succeeded(family: Sequence[int], job: Any, failed_at: Any) -> ColumnElement[bool]:
    """Whether a job of these alerts has succeeded by a retry after it failed."""
    retries = AlertRetry.alert_id.in_(family), AlertRetry.job_id == job, AlertRetry.succeeded_at >= failed_at
    return select(AlertRetry.job_id).where(*retries).exists()
