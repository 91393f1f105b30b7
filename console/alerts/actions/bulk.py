"""One verb for every alert that a filter matches, if it still matches as many as the asker saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import collate, select

from console.alerts import queries
from console.alerts.actions import retries, triage
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter
from console.alerts.rules.states import Verb
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid

CAP = 10_000


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many alerts matched, how many the verb changed, and, for a retry, how many jobs run again."""

    matched: int
    changed: int
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What to do to each; `until` belongs to snooze, `user` to assign."""

    action: str
    until: datetime | None = None
    user: str | None = None


def bulk(wanted: AlertFilter, order: Order, *, expect: int, by: Actor, at: datetime) -> BulkResult:
    """Change all matching alerts, leaving those for which the verb makes no sense as they are.

    Raises Conflict when another number matches than `expect`; then nothing is done. Raises Invalid over 10,000.
    """
    ids = queries.matching_ids(wanted, at, cap=CAP)
    if len(ids) > CAP:
        raise Invalid(f"More than {CAP:,} alerts match; narrow the filter.", errors=[Fault("/filter", "Too wide.")])
    if len(ids) != expect:
        raise Conflict(f"{len(ids):,} alerts match now, not {expect:,}. Nothing was done; look again.")
    return _each(_locked(ids), _step(order, by=by, at=at))


def move_all(ids: Sequence[int], verb: Verb, *, by: Actor, at: datetime, until: datetime | None = None) -> int:
    """Do a verb to alerts that were picked one by one; returns for how many it made sense. A snooze needs `until`."""
    return _each(_locked(ids[:CAP]), _step(Order(verb.value, until=until), by=by, at=at)).changed


def _locked(ids: Sequence[int]) -> list[Alert]:
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


def _each(alerts: list[Alert], step: Callable[[Alert], int]) -> BulkResult:
    changed = jobs = 0
    for alert in alerts:
        before = (alert.status, alert.assignee)
        try:
            rerun = step(alert)
        except Conflict:
            continue
        jobs += rerun
        changed += rerun > 0 or before != (alert.status, alert.assignee)
    db.session.flush()
    return BulkResult(len(alerts), changed, jobs)
