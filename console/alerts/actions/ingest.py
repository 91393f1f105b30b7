"""Failures into alerts: every source's way in, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from console.alerts.actions import muting as silencing
from console.alerts.actions import store
from console.alerts.actions.history import ROOM
from console.alerts.actions.prepare import Key, Prepared, prepare
from console.alerts.actions.recur import recurrences
from console.alerts.actions.store import Begun, Found
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
    # What was changed in the session goes first, and what it holds afterwards is old.
    db.session.flush()
    begun = store.begin([item.event for item in arrived if item.event], sorted({item.key for item in items}), at)
    fresh = list(_news(arrived, begun.given))
    ids = _keep(fresh, begun, at) if fresh else {}
    return IngestResult(len(fresh), len(items) - len(fresh), _alerts_of(items, fresh, ids))


def _news(items: Iterable[Prepared], given: dict[tuple[str, str], int]) -> Iterable[Prepared]:
    left = set(given)
    for item in items:
        if item.event is None:
            yield item
        elif item.event in left:
            left.remove(item.event)
            yield item


def _keep(fresh: Sequence[Prepared], begun: Begun, at: datetime) -> dict[Key, int]:
    """Store what is news; returns the ids of the alerts that stand for it.

    A failure whose fingerprint is merged counts for its own alert and for the one that this was merged into.
    """
    groups: dict[Key, list[Prepared]] = {}
    for item in fresh:
        groups.setdefault(item.key, []).append(item)
    counted = _with_merged(groups, begun.leads) if begun.leads else groups
    keys = sorted(counted)
    places = {key: place for place, key in enumerate(keys, 1)}
    known = [_known(places[key], group) for key, group in sorted(groups.items())]
    found, muting = store.store(
        [_alert(key, counted[key], at) for key in keys],
        at,
        occurrences=[_occurrence(item, places, begun.given) for item in fresh],
        counts=_counts(fresh, places, begun.leads, at),
        details=[detail for detail in known if detail["tags"] or detail["runbook_url"]],
        traits=_traits(fresh, places),
    )
    ids = {key: row.id for key, row in zip(keys, found, strict=True)}
    _tell(found, [counted[key] for key in keys], muting=muting, at=at)
    return {key: ids[begun.leads.get(key, key)] for key in groups}


def _tell(found: Sequence[Found], groups: Sequence[Sequence[Prepared]], *, muting: bool, at: datetime) -> None:
    """What the failures mean for each alert: its details if it is new, its state, its silence."""
    told = list(zip(found, groups, strict=True))
    store.add_details([_detail(row.id, group) for row, group in told if row.created])
    recurrences([(row, [item.failure.severity for item in group]) for row, group in told], at=at)
    if muting:
        silencing.mark([row.id for row in found], at=at)
    events.touch(ROOM)
    db.session.expire_all()


def _with_merged(groups: dict[Key, list[Prepared]], leads: dict[Key, Key]) -> dict[Key, list[Prepared]]:
    """The failures that each alert counts: its own, and for the target of a merge those of the merged as well."""
    counted = {key: list(group) for key, group in groups.items()}
    for key, target in leads.items():
        counted.setdefault(target, []).extend(groups[key])
    return counted


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


def _known(alert_id: int, group: Sequence[Prepared]) -> dict[str, Any]:
    """The tags and the runbook that failures tell of their alert."""
    tags: dict[str, Any] = {}
    for item in group:
        tags.update(item.row["tags"] or {})
    runbooks = [item.row["runbook_url"] for item in group if item.row["runbook_url"]]
    return {"alert_id": alert_id, "runbook_url": runbooks[-1] if runbooks else None, "tags": tags}


def _detail(alert_id: int, group: Sequence[Prepared]) -> dict[str, Any]:
    first, message = group[0], group[0].row["message"]
    words = "\n".join(part for part in (first.title, first.row["task"], message) if part)
    return {"message": message, "text": words, **_known(alert_id, group)}


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
