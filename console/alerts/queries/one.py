"""One alert: the row, its occurrences, its history, and the facts its page tells."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import joinedload

from console.alerts.models import Alert, AlertCount, AlertHistory, AlertRetry, Grain, Occurrence
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of

# Facts that look at single failures look at this many of the newest.
SAMPLE = 1_000


def get(alert_id: int) -> Alert:
    """The alert with what is told of it; raises NotFound."""
    return _one(alert_id, lock=False)


def get_for_change(alert_id: int) -> Alert:
    """The alert, locked until the transaction ends, so that two people do not both change it; raises NotFound."""
    return _one(alert_id, lock=True)


def _one(alert_id: int, *, lock: bool) -> Alert:
    rows = select(Alert).where(Alert.id == alert_id).options(joinedload(Alert.detail, innerjoin=True))
    if lock:
        rows = rows.with_for_update(of=Alert, key_share=True).execution_options(populate_existing=True)
    alert = db.session.scalar(rows) if 0 < alert_id < 2**63 else None
    if alert is None:
        raise NotFound(f"There is no alert {alert_id}.")
    return alert


def occurrences(alert_id: int, *, limit: int, cursor: str | None = None) -> Page[Occurrence]:
    """The failures of an alert, newest first; raises Invalid for a bad cursor."""
    rows = select(Occurrence).where(Occurrence.alert_id == alert_id).order_by(Occurrence.id.desc()).limit(limit + 1)
    if cursor:
        rows = rows.where(Occurrence.id < decode(cursor, int)[0])
    return page_of(list(db.session.scalars(rows)), limit, lambda o: (o.id,))


def newest_occurrence(alert_id: int) -> Occurrence | None:
    """The failure that arrived last."""
    rows = select(Occurrence).where(Occurrence.alert_id == alert_id).order_by(Occurrence.id.desc())
    return db.session.scalar(rows.limit(1))


def occurrence(alert_id: int, occurrence_id: int) -> Occurrence:
    """One failure of an alert; raises NotFound."""
    found = db.session.scalar(
        select(Occurrence).where(Occurrence.alert_id == alert_id, Occurrence.id == occurrence_id),
    )
    if found is None:
        raise NotFound(f"Alert {alert_id} has no occurrence {occurrence_id}.")
    return found


def neighbours(of: Occurrence) -> tuple[int | None, int | None]:
    """The ids of the next newer and the next older failure of the same alert."""
    same = select(Occurrence.id).where(Occurrence.alert_id == of.alert_id)
    newer = same.where(Occurrence.id > of.id).order_by(Occurrence.id).limit(1)
    older = same.where(Occurrence.id < of.id).order_by(Occurrence.id.desc()).limit(1)
    return db.session.scalar(newer), db.session.scalar(older)


def history(alert_id: int, *, limit: int, cursor: str | None = None) -> Page[AlertHistory]:
    """What happened to an alert and who noted what, newest first; raises Invalid for a bad cursor."""
    rows = select(AlertHistory).where(AlertHistory.alert_id == alert_id).order_by(AlertHistory.id.desc())
    if cursor:
        rows = rows.where(AlertHistory.id < decode(cursor, int)[0])
    return page_of(list(db.session.scalars(rows.limit(limit + 1))), limit, lambda h: (h.id,))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answer strip of an alert says.

    `final` and `retried` split its count into failures for good and attempts that will be retried; `affects` gives, for
    each tag, how many different values the newest failures had: all of them when `sampled` is False.
    """

    final: int
    retried: int
    affects: tuple[tuple[str, int], ...]
    sampled: bool


def facts(alert: Alert) -> Facts:
    """The facts of one alert, in two statements however many failures it has."""
    counted = select(func.coalesce(func.sum(AlertCount.final), 0), func.coalesce(func.sum(AlertCount.retried), 0))
    final, retried = db.session.execute(
        counted.where(AlertCount.alert_id == alert.id, AlertCount.grain == Grain.HOUR),
    ).one()
    return Facts(final, retried, _affects(alert.id), sampled=alert.count > SAMPLE)


def _affects(alert_id: int) -> tuple[tuple[str, int], ...]:
    newest = (
        select(Occurrence.tags)
        .where(Occurrence.alert_id == alert_id)
        .order_by(Occurrence.id.desc())
        .limit(SAMPLE)
        .subquery("newest")
    )
    pair = func.jsonb_each_text(newest.c.tags).table_valued("key", "value").lateral("pair")
    different = func.count(pair.c.value.distinct())
    rows = select(pair.c.key, different).select_from(newest.join(pair, true()))
    rows = rows.group_by(pair.c.key).order_by(different.desc(), pair.c.key).limit(20)
    return tuple((key, number) for key, number in db.session.execute(rows))


def failed_jobs(alert: Alert, *, cap: int = 10_000) -> list[str]:
    """Ids of the jobs that failed for good since the alert was opened and have not succeeded by a retry since."""
    rows = _unanswered(alert, alert.opened_at).where(Occurrence.job_id.is_not(None)).distinct().limit(cap)
    return sorted(job for job in db.session.scalars(rows) if job)


def failed_since(alert: Alert, since: datetime) -> bool:
    """Whether anything failed for good after an instant without a retry that has succeeded since."""
    return bool(db.session.scalar(select(_unanswered(alert, since).exists())))


def _unanswered(alert: Alert, since: datetime) -> Select[str | None]:
    succeeded = select(AlertRetry.job_id).where(
        AlertRetry.alert_id == alert.id,
        AlertRetry.job_id == Occurrence.job_id,
        AlertRetry.succeeded_at >= Occurrence.received_at,
    )
    return select(Occurrence.job_id).where(
        Occurrence.alert_id == alert.id,
        Occurrence.will_retry.is_(False),
        Occurrence.received_at >= since,
        ~succeeded.exists(),
    )
