"""What else began when an alert did, and what its failures have in common with it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, SmallInteger, Text, and_, column, func, select, true, values

from console.alerts.models import Alert, AlertOpening, AlertTrait, Trait
from console.alerts.queries import merges
from console.alerts.rules.states import Status
from console.infra.db import db

# How far from an alert's beginning something may begin and still be news of the same.
AROUND = timedelta(minutes=20)
MINUTE = timedelta(minutes=1)
SHOWN = 5
# Enough to choose from, and a bound on what a host of ten thousand alerts costs.
LOOKED_AT = 50
RELEASES = 3
WORDS = {Trait.RELEASE: "same release", Trait.HOST: "same host"}


@dataclass(frozen=True, slots=True)
class Related:
    """Another alert and why it is shown: "same release", "same host", "same minute"."""

    alert: Alert
    why: tuple[str, ...]
    began: datetime


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the alert's service, and when the first failure of it that we know of occurred, of any cause."""

    name: str
    first_at: datetime


def related(alert: Alert, since: datetime) -> list[Related]:
    """The alerts of its environment that began about `since` and share something, the closest first."""
    family = merges.family(alert.id)
    reasons: dict[int, dict[str, datetime]] = defaultdict(dict)
    for row in _sharing(family, since):
        reasons[row.alert_id][WORDS[Trait(row.kind)]] = row.first_at
    for opening in _opened(since):
        reasons[opening.alert_id]["same minute"] = opening.opened_at
    ids = sorted(reasons.keys() - set(family))[: 3 * LOOKED_AT]
    rows = select(Alert).where(Alert.id.in_(ids), Alert.environment == alert.environment, Alert.status != Status.MERGED)
    found = [Related(a, tuple(reasons[a.id]), min(reasons[a.id].values())) for a in db.session.scalars(rows)]
    return sorted(found, key=lambda one: (-len(one.why), abs(one.began - since), one.alert.id))[:SHOWN]


def releases(alert: Alert) -> list[Release]:
    """The newest releases that its failures named, the newest first, each with its beginning."""
    mine = select(AlertTrait.value, func.max(AlertTrait.first_at).label("at")).where(
        AlertTrait.alert_id.in_(merges.family(alert.id)), AlertTrait.kind == Trait.RELEASE
    )
    named = mine.group_by(AlertTrait.value).order_by(func.max(AlertTrait.first_at).desc()).limit(RELEASES).subquery()
    first = (
        select(AlertTrait.first_at)
        .join(Alert, and_(Alert.id == AlertTrait.alert_id, Alert.service == alert.service))
        .where(AlertTrait.kind == Trait.RELEASE, AlertTrait.value == named.c.value)
        .order_by(AlertTrait.first_at)
        .limit(1)
        .correlate(named)
        .lateral("first")
    )
    rows = select(named.c.value, first.c.first_at).select_from(named.join(first, true()))
    return [Release(name, first_at) for name, first_at in db.session.execute(rows.order_by(first.c.first_at.desc()))]


def _sharing(family: list[int], since: datetime) -> list[Row[int, int, datetime]]:
    mine = select(AlertTrait.kind, AlertTrait.value).where(AlertTrait.alert_id.in_(family))
    newest = mine.order_by(AlertTrait.first_at.desc()).limit(8)
    pairs = {(int(kind), value) for kind, value in db.session.execute(newest)}
    if not pairs:
        return []
    shared = values(column("kind", SmallInteger), column("value", Text), name="shared").data(sorted(pairs))
    others = (
        select(AlertTrait.alert_id, AlertTrait.first_at)
        .where(
            AlertTrait.kind == shared.c.kind,
            AlertTrait.value == shared.c.value,
            AlertTrait.first_at.between(since - AROUND, since + AROUND),
        )
        .order_by(AlertTrait.first_at)
        .limit(LOOKED_AT)
        .correlate(shared)
        .lateral("others")
    )
    rows = select(others.c.alert_id, shared.c.kind, others.c.first_at).select_from(shared.join(others, true()))
    return list(db.session.execute(rows))


def _opened(since: datetime) -> list[Row[int, datetime]]:
    about = AlertOpening.opened_at.between(since - MINUTE, since + MINUTE)
    rows = select(AlertOpening.alert_id, AlertOpening.opened_at).where(about).order_by(AlertOpening.opened_at)
    return list(db.session.execute(rows.limit(LOOKED_AT)))
