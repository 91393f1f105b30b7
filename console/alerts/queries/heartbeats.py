"""Reads of heartbeats: by the address of a ping, by name or slug, in lists, and their pings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Select,
    SmallInteger,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from console.alerts.models import Alert, Heartbeat, HeartbeatPing, PingKey
from console.alerts.rules.heartbeats.address import Address
from console.alerts.rules.heartbeats.beats import BROKEN, Kind, State
from console.alerts.rules.heartbeats.report import fingerprint
from console.alerts.rules.states import Status
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.infra.paging import Page, decode, page_of
from console.infra.prepared import Prepared

# Pings come by the hundred a second: columns are read, as the driver gives them, instead of an object.
_READ = """
    SELECT id, pings_count, period_seconds, cron, timezone, grace_seconds,
           state, state_since, last_ping_at, started_at, started_rid, expected_at, deadline_at
    FROM heartbeats
"""
_BY_UUID = Prepared("ping_by_uuid", {"uuid": "uuid"}, f"{_READ} WHERE uuid = $1 FOR NO KEY UPDATE")
_BY_SLUG = Prepared("ping_by_slug", {"slug": "text"}, f"{_READ} WHERE slug = $1 ORDER BY id LIMIT 2 FOR NO KEY UPDATE")


def for_ping(address: Address) -> Any:
    """What a ping must know of its heartbeat, locked; None when the key is right and no slug is such.

    Raises NotFound, and Conflict when heartbeats share the slug.
    """
    if address.uuid is not None:
        found = _BY_UUID.run(uuid=address.uuid.hex)
    elif address.key != ping_key():
        raise NotFound("not found")
    else:
        found = _BY_SLUG.run(slug=address.slug)
    if len(found) > 1:
        raise Conflict("several heartbeats share this slug")
    if not found and address.uuid is not None:
        raise NotFound("not found")
    return found[0] if found else None


def _locked(rows: Select[Heartbeat]) -> Sequence[Heartbeat]:
    return db.session.scalars(rows.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def ping_key() -> str | None:
    """The key of addresses by slug; None until it is first asked for."""
    return db.session.scalar(select(PingKey.key))


def heartbeat(heartbeat_id: int) -> Heartbeat:
    """A heartbeat by its number; raises NotFound."""
    found = db.session.get(Heartbeat, heartbeat_id) if 0 < heartbeat_id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no heartbeat {heartbeat_id}.")
    return found


def heartbeat_of(uuid: UUID) -> Heartbeat:
    """A heartbeat by the secret of its address; raises NotFound."""
    found = db.session.scalar(select(Heartbeat).where(Heartbeat.uuid == uuid))
    if found is None:
        raise NotFound("This heartbeat was deleted.")
    return found


def heartbeat_for_change(heartbeat_id: int) -> Heartbeat:
    """A heartbeat by its number, locked; raises NotFound."""
    found = _locked(select(Heartbeat).where(Heartbeat.id == heartbeat(heartbeat_id).id))
    if not found:
        raise NotFound(f"There is no heartbeat {heartbeat_id}.")
    return found[0]


def heartbeat_named(word: str) -> Heartbeat:
    """A heartbeat by its name or slug; raises NotFound, and Conflict when heartbeats share the slug."""
    found = find_heartbeat(word)
    if found is None:
        raise NotFound(f"There is no heartbeat '{word}'.")
    return found


def find_heartbeat(word: str) -> Heartbeat | None:
    """The same, or None. Raises Conflict."""
    if "\0" in word:
        return None
    named = db.session.scalar(select(Heartbeat).where(Heartbeat.name == word))
    if named is not None:
        return named
    found = db.session.scalars(select(Heartbeat).where(Heartbeat.slug == word).order_by(Heartbeat.id).limit(2)).all()
    if len(found) > 1:
        raise Conflict(f"Several heartbeats have the slug '{word}'; use the name.")
    return found[0] if found else None


def name_taken(name: str, *, besides: int | None) -> bool:
    """Whether another heartbeat has this name."""
    rows = select(Heartbeat.id).where(Heartbeat.name == name)
    return db.session.scalar(rows if besides is None else rows.where(Heartbeat.id != besides)) is not None


def heartbeats(*, limit: int, cursor: str | None = None) -> Page[Heartbeat]:
    """Heartbeats by name; raises Invalid for a bad cursor."""
    rows = select(Heartbeat).order_by(Heartbeat.name).limit(limit + 1)
    if cursor:
        rows = rows.where(Heartbeat.name > decode(cursor, str)[0])
    return page_of(list(db.session.scalars(rows)), limit, lambda h: (h.name,))


def board(now: datetime, *, limit: int, cursor: str | None = None) -> Page[Heartbeat]:
    """Heartbeats for people: what is broken first, then what is late, then by name; raises Invalid for a bad cursor."""
    stands = _standing(now)
    rows = select(Heartbeat, stands).order_by(stands.desc(), Heartbeat.name).limit(limit + 1)
    if cursor:
        state, name = decode(cursor, int, str)
        rows = rows.where(or_(stands < state, and_(stands == state, Heartbeat.name > name)))
    found = [(heartbeat, state) for heartbeat, state in db.session.execute(rows)]
    page = page_of(found, limit, lambda row: (row[1], row[0].name))
    return Page([heartbeat for heartbeat, _ in page.items], page.next_cursor)


def broken_count(now: datetime) -> int:
    """How many heartbeats are missed, unfinished or failed."""
    return db.session.scalar(_BROKEN_NOW, {"now": now}) or 0


def _standing(now: datetime | BindParameter[datetime]) -> ColumnElement[int]:
    """The state as `Pulse.at` tells it, as a rank."""
    began = and_(
        Heartbeat.started_at.is_not(None),
        or_(Heartbeat.expected_at.is_(None), Heartbeat.started_at <= Heartbeat.expected_at),
    )
    return case(
        (and_(Heartbeat.deadline_at <= now, began), literal(int(State.UNFINISHED))),
        (Heartbeat.deadline_at <= now, literal(int(State.MISSED))),
        (and_(Heartbeat.state == State.UP, Heartbeat.expected_at <= now), literal(int(State.LATE))),
        else_=type_coerce(Heartbeat.state, SmallInteger),
    )


# Kept: every page asks.
_BROKEN_NOW = select(func.count()).where(_standing(bindparam("now", type_=DateTime(timezone=True))) >= min(BROKEN))


def due_heartbeats(at: datetime, *, limit: int) -> Sequence[Heartbeat]:
    """Heartbeats whose deadline has passed, locked; those that somebody else holds are left to them."""
    rows = select(Heartbeat).where(Heartbeat.deadline_at <= at).order_by(Heartbeat.deadline_at).limit(limit)
    locked = rows.with_for_update(skip_locked=True, key_share=True).execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def pings(heartbeat_id: int, *, limit: int, cursor: str | None = None) -> Page[HeartbeatPing]:
    """Pings, newest first; raises Invalid for a bad cursor."""
    rows = select(HeartbeatPing).where(HeartbeatPing.heartbeat_id == heartbeat_id)
    if cursor:
        rows = rows.where(HeartbeatPing.number < decode(cursor, int)[0])
    newest = rows.order_by(HeartbeatPing.number.desc()).limit(limit + 1)
    return page_of(list(db.session.scalars(newest)), limit, lambda p: (p.number,))


def ping(heartbeat_id: int, number: int) -> HeartbeatPing:
    """One ping; raises NotFound."""
    found = db.session.get(HeartbeatPing, (heartbeat_id, number)) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound(f"This heartbeat has no ping {number}, or it is no longer kept.")
    return found


def start_of(heartbeat_id: int, rid: UUID) -> datetime | None:
    """When the run with this id began: its newest start that is still kept."""
    rows = select(func.max(HeartbeatPing.at)).where(HeartbeatPing.heartbeat_id == heartbeat_id)
    return db.session.scalar(rows.where(HeartbeatPing.rid == rid, HeartbeatPing.kind == Kind.START))


def raised_by(heartbeat: Heartbeat) -> Sequence[Alert]:
    """The alerts that a heartbeat has raised and that are not resolved, locked."""
    rows = _raised(heartbeat).where(Alert.status != Status.RESOLVED).order_by(Alert.id)
    return db.session.scalars(rows.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def alerts_of(heartbeat: Heartbeat) -> Sequence[Alert]:
    """Every alert that a heartbeat has raised, at most one of each kind, the most pressing first."""
    return db.session.scalars(_raised(heartbeat).order_by(Alert.status.desc(), Alert.last_seen.desc())).all()


def _raised(heartbeat: Heartbeat) -> Select[Alert]:
    return select(Alert).where(
        Alert.service == heartbeat.service,
        Alert.environment == heartbeat.environment,
        Alert.fingerprint.in_([fingerprint(heartbeat.uuid, state) for state in sorted(BROKEN)]),
    )
