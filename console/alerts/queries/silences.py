"""Reads of silences and maintenance windows: lists, what mutes now, which alerts matchers would hide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import joinedload

from console.alerts.models import Alert, AlertDetail, Silence, SilenceKind
from console.alerts.queries.counts import Capped
from console.alerts.rules.silences.matchers import TAG, Facts, Matcher, Op, all_meet
from console.alerts.rules.silences.spans import SilenceState
from console.alerts.rules.states import Severity, Status
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of
from console.infra.regex import fits

# So many alerts are looked at for a preview, and in one step of marking: what a page can wait for.
LOOKED_AT = 10_000
SHOWN = 20
NAMES = {SilenceKind.SILENCE: "silence", SilenceKind.MAINTENANCE: "maintenance window"}
PARTS = ("service", "environment", "severity", "task", "exception_type", "title", "source")


@dataclass(frozen=True, slots=True)
class Mute:
    """A silence that holds now, `until` an instant."""

    id: int
    kind: str
    matchers: tuple[Matcher, ...]
    until: datetime
    reason: str
    created_by: str

    def hides(self, facts: Facts) -> bool:
        """Whether it mutes an alert of such facts."""
        return all_meet(self.matchers, facts, fits)


@dataclass(frozen=True, slots=True)
class Preview:
    """Alerts that matchers hide now: how many, and the worst and newest of them.

    `complete` is False when there are more alerts than are looked at: then `count` is the least it can be.
    """

    count: int
    complete: bool
    alerts: Sequence[Alert]

    @property
    def capped(self) -> Capped:
        """The number as people read it."""
        return Capped(self.count, more=not self.complete)


def get(silence_id: int, kind: SilenceKind) -> Silence:
    """A silence of a kind by its number; raises NotFound."""
    return _one(silence_id, kind, lock=False)


def get_for_change(silence_id: int, kind: SilenceKind) -> Silence:
    """The same, locked until the transaction ends."""
    return _one(silence_id, kind, lock=True)


def get_any(silence_id: int, *, lock: bool = False) -> Silence:
    """One of either kind by its number; raises NotFound."""
    return _one(silence_id, None, lock=lock)


def _one(silence_id: int, kind: SilenceKind | None, *, lock: bool) -> Silence:
    rows = select(Silence).where(Silence.id == silence_id)
    if kind is not None:
        rows = rows.where(Silence.kind == kind)
    if lock:
        rows = rows.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = db.session.scalar(rows) if 0 < silence_id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no {NAMES[kind or SilenceKind.SILENCE]} {silence_id}.")
    return found


def listed(
    kind: SilenceKind, state: SilenceState | None, now: datetime, *, limit: int, cursor: str | None = None
) -> Page[Silence]:
    """Those of a kind in one state or in any, the newest first; raises Invalid for a bad cursor."""
    rows = select(Silence).where(Silence.kind == kind).order_by(Silence.id.desc())
    if cursor:
        rows = rows.where(Silence.id < decode(cursor, int)[0])
    if state in {None, SilenceState.EXPIRED}:
        rows = rows if state is None else rows.where(Silence.over_at <= now)
        return page_of(db.session.scalars(rows.limit(limit + 1)).all(), limit, lambda one: (one.id,))
    # What is not over is little; which of it holds, the clocks of its zone must say.
    standing = [one for one in db.session.scalars(rows.where(Silence.over_at > now)) if one.span.state(now) is state]
    return page_of(standing[: limit + 1], limit, lambda one: (one.id,))


def tally(kind: SilenceKind, now: datetime) -> dict[SilenceState, Capped]:
    """How many of a kind are in each state."""
    live = db.session.scalars(select(Silence).where(Silence.kind == kind, Silence.over_at > now)).all()
    over = select(Silence.id).where(Silence.kind == kind, Silence.over_at <= now).limit(LOOKED_AT + 1)
    gone = db.session.scalar(select(func.count()).select_from(over.subquery())) or 0
    states = [one.span.state(now) for one in live]
    counted = {state: Capped(states.count(state), more=False) for state in SilenceState}
    return counted | {SilenceState.EXPIRED: Capped(min(gone, LOOKED_AT), gone > LOOKED_AT)}


def live_count(now: datetime) -> int:
    """How many, of both kinds, are not over."""
    return db.session.scalar(select(func.count()).where(Silence.over_at > now)) or 0


def muting(now: datetime) -> tuple[Mute, ...]:
    """What mutes at `now`, of both kinds, in one short query; what ends last comes first."""
    rows = db.session.scalars(select(Silence).where(Silence.over_at > now, Silence.starts_at <= now))
    found = [_mute(one, turn[1]) for one in rows if (turn := one.span.turn(now)) is not None and turn[0] <= now]
    return tuple(sorted(found, key=lambda mute: (mute.until, mute.id), reverse=True))


def _mute(one: Silence, until: datetime) -> Mute:
    return Mute(one.id, one.kind, one.asks, until, one.reason, one.created_by)


def mute_of(facts: Facts, mutes: Iterable[Mute]) -> Mute | None:
    """The one that mutes an alert for longest, if any does."""
    return next((mute for mute in mutes if mute.hides(facts)), None)


def muted_by(alert: Alert, now: datetime) -> Mute | None:
    """The one that mutes an alert now, if any does; what is resolved nobody is told of anyway."""
    if alert.status <= Status.RESOLVED:
        return None
    mutes = muting(now)
    return mute_of(facts_of(alert), mutes) if mutes else None


def facts_of(alert: Alert) -> Facts:
    """What of an alert matchers look at."""
    return _facts(alert, alert.tags)


def facts_in(row: Row[Any]) -> Facts:
    """The same of a row of `looking_at`."""
    return _facts(row, row.tags)


def _facts(found: Any, tags: dict[str, Any]) -> Facts:
    told = {name: getattr(found, name) for name in PARTS}
    return Facts(**told | {"severity": Severity(found.severity).word}, tags=tags)


def looking_at() -> Select[Any]:
    """Alerts with what matchers look at, and the silence that they are marked with."""
    parts = (getattr(Alert, name) for name in PARTS)
    rows = select(Alert.id, Alert.silence_id, Alert.last_seen, *parts, AlertDetail.tags)
    return rows.join(AlertDetail, AlertDetail.alert_id == Alert.id)


def candidates(matchers: Iterable[Matcher]) -> list[ColumnElement[bool]]:
    """Conditions that everything meets which the matchers hide: those that the database can tell."""
    alive = Alert.status.in_([Status.OPEN, Status.ACKNOWLEDGED, Status.SNOOZED])
    return [alive, *(_condition(one) for one in matchers if not one.op.regex and not one.field.startswith(TAG))]


def _condition(one: Matcher) -> ColumnElement[bool]:
    if one.field == "severity":
        column: Any = Alert.severity
        value: Any = Severity[one.value.upper()]
    else:
        column, value = getattr(Alert, one.field), one.value
        column = func.coalesce(column, "") if one.field == "exception_type" else column
    met: ColumnElement[bool] = column == value if one.op is Op.IS else column != value
    return met


def preview(matchers: Sequence[Matcher]) -> Preview:
    """What matchers, which must be valid, would hide now."""
    rows = db.session.execute(looking_at().where(*candidates(matchers)).limit(LOOKED_AT + 1)).all()
    hidden = [row for row in rows[:LOOKED_AT] if all_meet(matchers, facts_in(row), fits)]
    worst = sorted(hidden, key=lambda row: (row.severity, row.last_seen, row.id), reverse=True)[:SHOWN]
    ids = {row.id: place for place, row in enumerate(worst)}
    shown = select(Alert).where(Alert.id.in_(ids)).options(joinedload(Alert.detail, innerjoin=True))
    alerts = sorted(db.session.scalars(shown), key=lambda alert: ids[alert.id])
    return Preview(len(hidden), len(rows) <= LOOKED_AT, alerts)


def marked_count(silence_id: int) -> Capped:
    """How many alerts carry the mark of a silence."""
    rows = select(Alert.id).where(Alert.silence_id == silence_id).limit(LOOKED_AT + 1)
    found = db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    return Capped(min(found, LOOKED_AT), found > LOOKED_AT)
