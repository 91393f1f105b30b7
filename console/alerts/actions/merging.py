"""Merging by hand: an alert goes into another, which from then on counts and shows its failures, and comes out again.

The merged alert's own row, failures and counts stay its own, so that taking it out is arithmetic and no guess. Who
merges holds off ingest for that moment, then locks alerts in the order in which ingest does.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import collate, select

from console.alerts.actions import muting, store, sums, triage
from console.alerts.actions.history import write
from console.alerts.models import Alert, AlertMerge
from console.alerts.queries import merges
from console.alerts.rules.states import Change, Event, State, Status, recur
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid, NotFound

# So many can be merged into one alert: its page reads the failures of each.
MOST = 200


def merge(target_id: int, alert_ids: Sequence[int], *, by: Actor, at: datetime) -> list[AlertMerge]:
    """Merge alerts into one; what was merged into them comes along. Returns the merges made, in the order asked.

    An alert that is alive is to the target what a failure of its severity would be: it re-opens what is resolved.
    Raises NotFound, Invalid across environments, Conflict for itself, what is merged already, and too many.
    """
    ids = list(dict.fromkeys(alert_ids))
    store.hold_merges()
    within = {alert_id: merges.of(alert_id) for alert_id in ids}
    found = _locked([target_id, *ids, *(row.alert_id for rows in within.values() for row in rows)])
    target = _checked(target_id, ids, found)
    if len(merges.of(target_id)) + len(ids) + sum(map(len, within.values())) > MOST:
        raise Conflict(f"At most {MOST} alerts can be merged into one. Nothing was merged.")
    for alert_id in ids:
        child, alive = found[alert_id], found[alert_id].state.at(at).status > Status.RESOLVED
        for row in within[alert_id]:
            sums.take_out(child, found[row.alert_id], row)
        _take_in(target, child, by=by, at=at)
        for row in within[alert_id]:
            _bring(row, target, child, found[row.alert_id], counts=alive, by=by, at=at)
    muting.mark_again(target, at=at)
    return [made for alert_id in ids if (made := merges.find(alert_id))]


def unmerge(target_id: int, alert_id: int, *, by: Actor, at: datetime) -> Alert:
    """Take an alert out again: its own failures, counts and state as before, and what its failures since make of it.

    Raises NotFound when it is not merged into that target.
    """
    store.hold_merges()
    found = _locked([target_id, alert_id])
    row = merges.find(alert_id)
    if row is None or row.target_id != target_id:
        raise NotFound(f"Alert {alert_id} is not merged into alert {target_id}.")
    target, child = found[target_id], found[alert_id]
    sums.take_out(target, child, row)
    _restore(child, row, by=by, at=at)
    target.updated_at = at
    write(target, Change(Event.LET_GO, None, None, f"#{child.id} {child.title}"), by=by, at=at)
    db.session.delete(row)
    muting.mark_again(child, at=at)
    return child


def end(alert: Alert, *, by: Actor, at: datetime, why: str) -> bool:
    """Its source says that it is over: resolve what is alive; what is merged will be resolved when it comes out."""
    if alert.status is Status.MERGED:
        row = merges.find(alert.id)
        if row is not None and row.status is not Status.RESOLVED:
            row.status, row.resolved_at, row.count_then = Status.RESOLVED, at, alert.count
            row.before_snooze = row.snoozed_until = row.acknowledged_by = row.acknowledged_at = None
        return False
    if alert.status is Status.RESOLVED:
        return False
    triage.resolve(alert, by=by, at=at, why=why)
    return True


def _locked(ids: Sequence[int]) -> dict[int, Alert]:
    order = (collate(Alert.service, "C"), collate(Alert.environment, "C"), collate(Alert.fingerprint, "C"))
    rows = select(Alert).where(Alert.id.in_(ids)).order_by(*order).with_for_update(key_share=True)
    found = {alert.id: alert for alert in db.session.scalars(rows.execution_options(populate_existing=True))}
    missing = [alert_id for alert_id in ids if alert_id not in found]
    if missing:
        raise NotFound(f"There is no alert {missing[0]}. Nothing was merged.")
    return found


def _checked(target_id: int, ids: Sequence[int], found: dict[int, Alert]) -> Alert:
    if not ids:
        raise Invalid("Say which alerts to merge.", errors=[Fault("/alerts", "Name at least one alert.")])
    if target_id in ids:
        raise Conflict(f"Alert {target_id} cannot be merged into itself. Nothing was merged.")
    target = found[target_id]
    for alert_id in (target_id, *ids):
        if found[alert_id].status is Status.MERGED:
            into = merges.find(alert_id)
            where = f"into #{into.target_id}" if into else "already"
            raise Conflict(f"#{alert_id} is merged {where}. Nothing was merged; take it out first.")
        if found[alert_id].environment != target.environment:
            told = f"#{alert_id} is of {found[alert_id].environment}, #{target_id} of {target.environment}."
            raise Invalid("Only alerts of one environment can be merged.", errors=[Fault("/alerts", told)])
    return target


def _take_in(target: Alert, child: Alert, *, by: Actor, at: datetime) -> None:
    for alert in (target, child):
        triage.wake(alert, at=at)
    alive, before = child.status > Status.RESOLVED, child.status
    first, last = merges.own_span(target)
    row = AlertMerge(
        alert_id=child.id, target_id=target.id, service=child.service, environment=child.environment,
        fingerprint=child.fingerprint, merged_at=at, merged_by=by.label, status=child.status, severity=child.severity,
        before_snooze=child.before_snooze, snoozed_until=child.snoozed_until, acknowledged_by=child.acknowledged_by,
        acknowledged_at=child.acknowledged_at, resolved_at=child.resolved_at, count_then=child.count,
        counted_from=child.count - child.count_since_open if alive else child.count,
        target_first_seen=first, target_last_seen=last,
    )  # fmt: skip
    triage.enter(child, Status.MERGED, at=at)
    write(target, Change(Event.TOOK_IN, None, None, f"#{child.id} {child.title}"), by=by, at=at)
    if alive:
        _worsen(target, child, at=at)
    db.session.add(row)
    sums.add(target, child, row)
    gone = Change(Event.MERGED, before.word, Status.MERGED.word, f"into #{target.id} {target.title}")
    write(child, gone, by=by, at=at)


def _worsen(target: Alert, child: Alert, *, at: datetime) -> None:
    """What is alive cannot end in something that is over, nor something bad in something mild."""
    was = target.status
    after, changes = recur(target.state, child.severity)
    told = {Event.REOPENED: f"#{child.id} was merged into it", Event.RAISED: f"#{child.id}, which was merged into it"}
    _stand(target, after, at=at)
    if was is Status.RESOLVED:
        target.opened_at, target.count_since_open = at, 0
        target.reopened_count += 1
        db.session.flush()
        store.restart_merges([target.id], [])
        for row in merges.of(target.id):
            db.session.expire(row)
    for change in changes:
        write(target, Change(change.event, change.before, change.after, told[change.event]), by=SYSTEM, at=at)


def _bring(
    row: AlertMerge, target: Alert, through: Alert, child: Alert, *, counts: bool, by: Actor, at: datetime
) -> None:
    """What was merged into an alert that is merged itself leads straight to the new target."""
    row.target_first_seen, row.target_last_seen = merges.own_span(target)
    row.target_id, row.merged_at, row.merged_by = target.id, at, by.label
    row.counted_from = row.counted_from if counts else child.count
    sums.add(target, child, row)
    why = f"into #{target.id} {target.title}, with #{through.id}"
    write(child, Change(Event.MERGED, Status.MERGED.word, Status.MERGED.word, why), by=by, at=at)


def _restore(child: Alert, row: AlertMerge, *, by: Actor, at: datetime) -> None:
    """As it stood before, then what its failures since would have done, then time."""
    worst = child.severity
    _stand(child, row.state, at=at)
    child.acknowledged_by, child.acknowledged_at = row.acknowledged_by, row.acknowledged_at
    child.resolved_at = row.resolved_at
    why = f"taken out of #{row.target_id}"
    write(child, Change(Event.UNMERGED, Status.MERGED.word, row.status.word, why), by=by, at=at)
    triage.wake(child, at=at)
    since, was = child.count - row.count_then, child.status
    if since:
        after, changes = recur(child.state, worst)
        _stand(child, after, at=at)
        if was is Status.RESOLVED:
            child.opened_at, child.count_since_open = at, since
            child.reopened_count += 1
        for change in changes:
            write(child, change, by=SYSTEM, at=at)


def _stand(alert: Alert, state: State, *, at: datetime) -> None:
    """Put the row into a state with all that belongs to it."""
    same = alert.status is state.status
    acknowledged = alert.acknowledged_by, alert.acknowledged_at
    resolved_at = alert.resolved_at
    triage.enter(alert, state.status, at=at)
    if same:
        (alert.acknowledged_by, alert.acknowledged_at), alert.resolved_at = acknowledged, resolved_at
    alert.severity, alert.before_snooze, alert.snoozed_until = state.severity, state.before_snooze, state.snoozed_until
