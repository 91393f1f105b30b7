"""Failures into alerts: every source's way in, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from console.alerts.actions import muting, store
from console.alerts.actions.history import ROOM
from console.alerts.actions.prepare import Key, Prepared, prepare
from console.alerts.actions.recur import recurrences
from console.alerts.models import Grain, Trait
from console.alerts.queries.charts import floor
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Status
from console.infra import events
from console.infra.db import db

# Charts by the minute look back half an hour; older failures count by the hour only.
MINUTES_FOR = timedelta(hours=1)
# Releases and hosts are indexed, and an index entry has a limit.
MAX_TRAIT = 200


@dataclass(frozen=True, slots=True)
class IngestResult:
    """How many failures were news and how many repeats, and each one's alert in the order they came."""

    accepted: int
    duplicates: int
    alerts: tuple[int, ...]


def ingest(failures: Sequence[Failure], *, at: datetime) -> IngestResult:
    """Store failures received `at`: scrubbed, grouped, counted, each `event_id` once per service.

    Safe with any number of others doing the same; raises nothing of its own.
    """
    items = [prepare(failure, at=at) for failure in failures]
    if not items:
        return IngestResult(0, 0, ())
    # A batch is one moment: of what it brings the earlier failure has the smaller id.
    arrived = sorted(items, key=lambda item: item.failure.occurred_at)
    given = store.claim_events([item.event for item in arrived if item.event], at)
    fresh = list(_news(arrived, given))
    ids = _keep(fresh, given, at) if fresh else {}
    return IngestResult(len(fresh), len(items) - len(fresh), _alerts_of(items, fresh, ids))


def _news(items: Iterable[Prepared], given: dict[tuple[str, str], int]) -> Iterable[Prepared]:
    left = set(given)
    for item in items:
        if item.event is None:
            yield item
        elif item.event in left:
            left.remove(item.event)
            yield item


def _keep(fresh: Sequence[Prepared], given: dict[tuple[str, str], int], at: datetime) -> dict[Key, int]:
    """Store what is news; returns the ids of the alerts that stand for it.

    A failure whose fingerprint is merged counts for its own alert and for the one that this was merged into.
    """
    groups: dict[Key, list[Prepared]] = {}
    for item in fresh:
        groups.setdefault(item.key, []).append(item)
    # What was changed in the session goes first, and what it holds afterwards is old.
    db.session.flush()
    leads = store.leads(sorted(groups))
    counted = _with_merged(groups, leads) if leads else groups
    found = store.count_alerts([_alert(key, counted[key], at) for key in sorted(counted)], at)
    ids = {_key(row): row.id for row in found}
    store.add_details([_detail(row.id, groups[_key(row)]) for row in found if row.created])
    known = [_detail(row.id, groups[_key(row)]) for row in found if not row.created and _key(row) in groups]
    store.record(
        occurrences=[_occurrence(item, ids, given) for item in fresh],
        counts=_counts(fresh, ids, leads, at),
        details=[detail for detail in known if detail["tags"] or detail["runbook_url"]],
        traits=_traits(fresh, ids),
    )
    recurrences([(row, [item.failure.severity for item in counted[_key(row)]]) for row in found], at=at)
    if found[0].muting:
        muting.mark(ids.values(), at=at)
    events.touch(ROOM)
    db.session.expire_all()
    return {key: ids[leads.get(key, key)] for key in groups}


def _with_merged(groups: dict[Key, list[Prepared]], leads: dict[Key, Key]) -> dict[Key, list[Prepared]]:
    """The failures that each alert counts: its own, and for the target of a merge those of the merged as well."""
    counted = {key: list(group) for key, group in groups.items()}
    for key, target in leads.items():
        counted.setdefault(target, []).extend(groups[key])
    return counted


def _key(row: "Row[Any]") -> Key:
    return (row.service, row.environment, row.fingerprint)


def _alert(key: Key, group: Sequence[Prepared], at: datetime) -> dict[str, Any]:
    first = group[0]
    return {
        "service": key[0],
        "environment": key[1],
        "fingerprint": key[2],
        "task": first.row["task"],
        "exception_type": first.row["exception_type"],
        "title": first.title,
        "severity": first.row["severity"],
        "status": int(Status.OPEN),
        "source": first.row["source"],
        "count": len(group),
        "first_seen": min(item.failure.occurred_at for item in group),
        "last_seen": max(item.failure.occurred_at for item in group),
        "opened_at": at,
        "updated_at": at,
    }


def _detail(alert_id: int, group: Sequence[Prepared]) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    for item in group:
        tags.update(item.row["tags"] or {})
    first, runbooks = group[0], [item.row["runbook_url"] for item in group if item.row["runbook_url"]]
    message = first.row["message"]
    return {
        "alert_id": alert_id,
        "message": message,
        "runbook_url": runbooks[-1] if runbooks else None,
        "tags": tags,
        "text": "\n".join(part for part in (first.title, first.row["task"], message) if part),
    }


def _occurrence(item: Prepared, ids: dict[Key, int], given: dict[tuple[str, str], int]) -> dict[str, Any]:
    return {"id": given[item.event] if item.event else None, "alert_id": ids[item.key], **item.row}


def _counts(
    fresh: Sequence[Prepared], ids: dict[Key, int], leads: dict[Key, Key], at: datetime
) -> list[dict[str, Any]]:
    counted: dict[tuple[int, int, datetime], list[int]] = {}
    for item in fresh:
        grains = [(Grain.HOUR, timedelta(hours=1))]
        if item.failure.occurred_at > at - MINUTES_FOR:
            grains.append((Grain.MINUTE, timedelta(minutes=1)))
        for key in (item.key, leads[item.key]) if item.key in leads else (item.key,):
            for grain, width in grains:
                place = (ids[key], int(grain), floor(item.failure.occurred_at, width))
                counted.setdefault(place, [0, 0])[item.failure.will_retry] += 1
    return [
        {"alert_id": alert_id, "grain": grain, "at": hour, "final": final, "retried": retried}
        for (alert_id, grain, hour), (final, retried) in sorted(counted.items())
    ]


def _traits(fresh: Sequence[Prepared], ids: dict[Key, int]) -> list[dict[str, Any]]:
    """The releases and hosts that the failures of each alert name, with the first time of each."""
    found: dict[tuple[int, int, str], datetime] = {}
    for item in fresh:
        for kind, value in ((Trait.RELEASE, item.row["release"]), (Trait.HOST, item.row["host"])):
            if value:
                key = (ids[item.key], int(kind), value[:MAX_TRAIT])
                found[key] = min(found.get(key, item.failure.occurred_at), item.failure.occurred_at)
    return [{"alert_id": a, "kind": k, "value": v, "first_at": at} for (a, k, v), at in sorted(found.items())]


def _alerts_of(items: Sequence[Prepared], fresh: Sequence[Prepared], ids: dict[Key, int]) -> tuple[int, ...]:
    new = {id(item) for item in fresh}
    repeated = store.alerts_of_events([item.event for item in items if item.event and id(item) not in new])
    return tuple(repeated[item.event] if item.event and id(item) not in new else ids[item.key] for item in items)
