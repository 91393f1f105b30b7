"""What else began when an alert did, and what its failures have in common with it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from console.alerts.models import Alert, Trait
from console.alerts.rules.states import Status
from console.infra.db import db

# How far from an alert's beginning something may begin and still be news of the same.
AROUND = timedelta(minutes=20)
MINUTE = timedelta(minutes=1)
SHOWN = 5
# Enough to choose from, and a bound on what a host of ten thousand alerts costs.
LOOKED_AT = 50
RELEASES = 3
# So many of its newest releases and hosts are looked for in others.
TRAITS = 8
WORDS: Mapping[int, str] = {Trait.RELEASE: "same release", Trait.HOST: "same host"}


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


def related(alert: Alert, since: datetime, family: Sequence[int]) -> list[Related]:
    """The alerts of its environment that began about `since` and share something, the closest first.

    `family` is the alert and all that is merged into it.
    """
    reasons: dict[int, dict[str, datetime]] = defaultdict(dict)
    for row in _about(family, since):
        reasons[row.alert_id][WORDS.get(row.kind, "same minute")] = row.at
    ids = sorted(reasons.keys() - set(family))[: 3 * LOOKED_AT]
    if not ids:
        return []
    rows = select(Alert).where(Alert.id.in_(ids), Alert.environment == alert.environment, Alert.status != Status.MERGED)
    found = [Related(a, tuple(reasons[a.id]), min(reasons[a.id].values())) for a in db.session.scalars(rows)]
    return sorted(found, key=lambda one: (-len(one.why), abs(one.began - since), one.alert.id))[:SHOWN]


def releases(alert: Alert, family: Sequence[int]) -> list[Release]:
    """The newest releases that its failures named, the newest first, each with its beginning."""
    given = {"family": list(family), "service": alert.service}
    return [Release(name, first_at) for name, first_at in db.session.connection().execute(_RELEASES, given)]


def _about(family: Sequence[int], since: datetime) -> Sequence[Row[Any]]:
    """What began about an instant: with a trait of these alerts (its kind), or whatever opened (no kind)."""
    given = {"family": list(family), "since": since, "around": AROUND, "minute": MINUTE}
    return db.session.connection().execute(_ABOUT, given).all()


_FAMILY = bindparam("family", type_=ARRAY(BigInteger))
_RELEASES = text(f"""
    SELECT named.value, first.first_at
    FROM (
        SELECT value, max(first_at) AS at FROM alert_traits
        WHERE alert_id = ANY(:family) AND kind = {int(Trait.RELEASE)}
        GROUP BY value ORDER BY at DESC LIMIT {RELEASES}
    ) AS named, LATERAL (
        SELECT t.first_at FROM alert_traits AS t JOIN alerts AS a ON a.id = t.alert_id AND a.service = :service
        WHERE t.kind = {int(Trait.RELEASE)} AND t.value = named.value ORDER BY t.first_at LIMIT 1
    ) AS first
    ORDER BY first.first_at DESC
""").bindparams(_FAMILY)  # noqa: S608 - our own numbers
_ABOUT = text(f"""
    SELECT others.alert_id, shared.kind, others.first_at AS at
    FROM (
        SELECT kind, value FROM (
            SELECT kind, value, first_at FROM alert_traits WHERE alert_id = ANY(:family)
            ORDER BY first_at DESC LIMIT {TRAITS}
        ) AS newest GROUP BY kind, value
    ) AS shared, LATERAL (
        SELECT t.alert_id, t.first_at FROM alert_traits AS t
        WHERE t.kind = shared.kind AND t.value = shared.value
            AND t.first_at BETWEEN :since - :around AND :since + :around
        ORDER BY t.first_at LIMIT {LOOKED_AT}
    ) AS others
    UNION ALL (
        SELECT alert_id, NULL, opened_at FROM alert_openings
        WHERE opened_at BETWEEN :since - :minute AND :since + :minute ORDER BY opened_at LIMIT {LOOKED_AT}
    )
""").bindparams(_FAMILY)  # noqa: S608 - names and numbers of our own
