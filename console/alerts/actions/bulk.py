"""One verb for every alert that a filter matches, if it still matches as many as the asker saw.

What each alert was before is kept, so that all of it can be undone. What is too much for a request is prepared here,
with the very alerts that were counted, and done step by step by a job.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, cast, collate, delete, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from console.alerts import queries
from console.alerts.actions import retries, triage
from console.alerts.models import Alert, BulkChange, BulkEntry
from console.alerts.queries import AlertFilter
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid

CAP = 10_000
# What a job takes on.
MOST = 100_000
STEP = 200
PICTURED = (
    "status", "assignee", "acknowledged_by", "acknowledged_at", "snoozed_until", "before_snooze", "resolved_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many alerts matched, how many the verb changed, and, for a retry, how many jobs run again."""

    matched: int
    changed: int
    jobs: int = 0
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What to do to each; `until` belongs to snooze, `user` to assign."""

    action: str
    until: datetime | None = None
    user: str | None = None


def bulk(wanted: AlertFilter, order: Order, *, expect: int, by: Actor, at: datetime) -> BulkResult | BulkChange:
    """Change all matching alerts, leaving those for which the verb makes no sense as they are.

    Over 10,000 it is prepared, for a job to make. Raises Conflict when another number matches than `expect`; then
    nothing is done. Raises Invalid over 100,000.
    """
    ids = queries.matching_ids(wanted, at, cap=MOST)
    if MOST >= len(ids) != expect:
        raise Conflict(f"{len(ids):,} alerts match now, not {expect:,}. Nothing was done; look again.")
    if len(ids) > CAP:
        return prepare(ids, order, by=by, at=at)
    return _now(ids, order, by=by, at=at)


def move_all(ids: Sequence[int], order: Order, *, by: Actor, at: datetime) -> BulkResult:
    """Do it to alerts that were picked one by one."""
    return _now(ids[:CAP], order, by=by, at=at)


def prepare(ids: Sequence[int], order: Order, *, by: Actor, at: datetime) -> BulkChange:
    """A change of many alerts that a job will make: these and no others. Raises Invalid over 100,000."""
    if len(ids) > MOST:
        raise Invalid(f"More than {MOST:,} alerts match; narrow the filter.", errors=[Fault("/filter", "Too wide.")])
    _move(order) if order.action != "retry" else None
    change = _change(order, len(ids), by=by, at=at)
    ids_of = func.unnest(cast(list(ids), ARRAY(BigInteger)))
    rows = select(literal(change.id), ids_of)
    db.session.execute(insert(BulkEntry).from_select(["bulk_id", "alert_id"], rows))
    return change


def proceed(change: BulkChange, *, by: Actor, at: datetime) -> bool:
    """Change the next alerts of a prepared change; returns whether any are left. Safe to repeat after a crash."""
    ahead = select(BulkEntry.alert_id).where(BulkEntry.bulk_id == change.id, BulkEntry.after.is_(None))
    ids = list(db.session.scalars(ahead.order_by(BulkEntry.alert_id).limit(STEP)))
    done = _each(locked(ids), _step(order_of(change), by=by, at=at))
    db.session.execute(delete(BulkEntry).where(BulkEntry.bulk_id == change.id, BulkEntry.alert_id.in_(ids)))
    _remember(change, done.entries)
    change.changed += len(done.entries)
    if len(ids) < STEP:
        change.finished_at = at
    db.session.flush()
    return len(ids) == STEP


def order_of(change: BulkChange) -> Order:
    """What was asked for."""
    until = change.order.get("until")
    return Order(change.order["action"], datetime.fromisoformat(until) if until else None, change.order.get("user"))


def _now(ids: Sequence[int], order: Order, *, by: Actor, at: datetime) -> BulkResult:
    done = _each(locked(ids), _step(order, by=by, at=at))
    if not done.entries:
        return BulkResult(done.matched, done.changed, done.jobs)
    change = _change(order, done.matched, by=by, at=at)
    change.changed, change.finished_at = done.changed, at
    _remember(change, done.entries)
    return BulkResult(done.matched, done.changed, done.jobs, change.id)


def _change(order: Order, matched: int, *, by: Actor, at: datetime) -> BulkChange:
    until = order.until.isoformat() if order.until else None
    asked = {"action": order.action, "until": until, "user": order.user}
    change = BulkChange(by=by.label, at=at, order=asked, matched=matched, changed=0, undone=0)
    db.session.add(change)
    db.session.flush()
    return change


def _remember(change: BulkChange, entries: Sequence[Mapping[str, Any]]) -> None:
    if entries:
        db.session.execute(insert(BulkEntry), [{"bulk_id": change.id, **entry} for entry in entries])


def locked(ids: Sequence[int]) -> list[Alert]:
    # In the order in which ingest locks, so that neither can hold what the other waits for.
    order = (collate(Alert.service, "C"), collate(Alert.environment, "C"), collate(Alert.fingerprint, "C"))
    rows = select(Alert).where(Alert.id.in_(ids)).order_by(*order).with_for_update(key_share=True)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def _step(order: Order, *, by: Actor, at: datetime) -> Callable[[Alert], int]:
    """The verb as a step for one alert; each returns the jobs that it runs again."""
    if order.action == "retry":
        return lambda alert: retries.retry(alert, dry_run=False, by=by, at=at).jobs
    move = _move(order)

    def step(alert: Alert) -> int:
        move(alert, by=by, at=at)
        return 0

    return step


def _move(order: Order) -> Callable[..., None]:
    if order.action == "snooze":
        if order.until is None:
            raise Invalid("A snooze needs a time.", errors=[Fault("/until", "Say until when.")])
        return partial(triage.snooze, until=order.until)
    if order.action == "assign":
        if order.user is None:
            raise Invalid("An assignment needs a person.", errors=[Fault("/user", "Say who.")])
        return partial(triage.assign, email=order.user)
    return {
        "acknowledge": triage.acknowledge,
        "unacknowledge": triage.unacknowledge,
        "unsnooze": triage.unsnooze,
        "resolve": triage.resolve,
        "unresolve": triage.unresolve,
    }[order.action]


@dataclass(frozen=True, slots=True)
class _Done:
    matched: int
    changed: int
    jobs: int
    entries: list[dict[str, Any]]


def _each(alerts: list[Alert], step: Callable[[Alert], int]) -> _Done:
    changed, jobs, entries = 0, 0, list[dict[str, Any]]()
    for alert in alerts:
        before = picture(alert)
        try:
            rerun = step(alert)
        except Conflict:
            continue
        jobs += rerun
        after = picture(alert)
        changed += rerun > 0 or before != after
        if before != after:
            entries.append({"alert_id": alert.id, "before": before, "after": after})
    db.session.flush()
    return _Done(len(alerts), changed, jobs, entries)


def picture(alert: Alert) -> dict[str, Any]:
    """What people's verbs change of an alert, as JSON: equal pictures mean that nobody has touched it between."""
    found = {name: getattr(alert, name) for name in PICTURED}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}
