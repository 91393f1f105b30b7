"""What a ping does to its heartbeat and to the alerts that the heartbeat has raised."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from console.alerts.actions.heartbeats import create, create_unless_taken
from console.alerts.actions.ingest import ingest
from console.alerts.actions.misses import ROOM, about, note_misses, resolve_all
from console.alerts.models import PULSE, Heartbeat, HeartbeatPing, pulse_of, rhythm_of
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats import beats, report
from console.alerts.rules.heartbeats.address import Address
from console.alerts.rules.heartbeats.beats import BROKEN, Kind, State
from console.alerts.rules.heartbeats.wanted import Wanted
from console.infra import events
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.prepared import Prepared

MAX_BODY = 10_000
MAX_AGENT = 200
# The newest pings of a heartbeat are kept; the others go once in a while, so that most pings delete nothing.
KEEP_PINGS = 1_000
PRUNE_EVERY = 100
ENDS = frozenset({Kind.SUCCESS, Kind.FAIL})


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping as it came; `body` is cut to MAX_BODY bytes, and `body_cut` says whether anything was."""

    kind: Kind
    at: datetime
    exit_code: int | None = None
    rid: UUID | None = None
    method: str = "GET"
    address: str | None = None
    agent: str | None = None
    body: bytes | None = None
    body_cut: bool = False


# The columns of a ping and of a pulse, as PostgreSQL types them.
_PING = {
    "kind": "smallint",
    "at": "timestamptz",
    "exit_code": "smallint",
    "rid": "uuid",
    "method": "text",
    "address": "text",
    "agent": "text",
    "body": "bytea",
    "body_cut": "boolean",
}
_PULSE = dict.fromkeys(PULSE, "timestamptz") | {"state": "smallint", "started_rid": "uuid"}
_TYPES = {"id": "bigint", "number": "bigint", "duration_ms": "bigint", "ends": "boolean", **_PING, **_PULSE}
_PLACES = {name: f"${place}" for place, name in enumerate(_TYPES, 1)}
# Both rows in one statement: most of what a ping costs is its way to PostgreSQL and back.
_KEEP = Prepared(
    "keep_ping",
    _TYPES,
    f"""
    WITH kept AS (
        INSERT INTO heartbeat_pings (heartbeat_id, number, duration_ms, {", ".join(_PING)})
        VALUES ($1, $2, $3, {", ".join(_PLACES[name] for name in _PING)})
    )
    UPDATE heartbeats SET pings_count = $2, {", ".join(f"{name} = {_PLACES[name]}" for name in _PULSE)},
        last_duration_ms = CASE WHEN $4 THEN $3 ELSE last_duration_ms END
    WHERE id = $1
    """,  # noqa: S608 - names of our own columns
)


def ping(address: Address, said: Ping, *, create_missing: bool = False) -> bool:
    """Take a ping in; returns whether it made its heartbeat. Raises NotFound, and Conflict for a shared slug."""
    row, created = reads.for_ping(address), False
    if row is None:
        if not create_missing:
            raise NotFound("not found")
        row, created = _provide(address, said.at)
    if row.deadline_at is not None and row.deadline_at <= said.at:
        # The sweep has not come yet: the miss is told first, as it happened first.
        note_misses([reads.heartbeat_for_change(row.id)], at=said.at)
        row = reads.for_ping(address)
        assert row is not None
    _take(row, said)
    events.touch(ROOM)
    return created


def _provide(address: Address, at: datetime) -> tuple[Any, bool]:
    made = create_unless_taken(Wanted(name=address.slug, slug=address.slug), by=SYSTEM, at=at)
    row = reads.for_ping(address)
    if row is None:
        # Nobody has made it just now: a heartbeat of another slug has the name.
        made = create(Wanted(name=f"{address.slug} {secrets.token_hex(3)}", slug=address.slug), by=SYSTEM, at=at)
        row = reads.for_ping(address)
    assert row is not None
    return row, made is not None


def _take(row: Any, said: Ping) -> None:
    before = pulse_of(row)
    duration = _duration(row.id, before, said)
    after = beats.beat(before, said.kind, rhythm_of(row), at=said.at, rid=said.rid)
    _keep(row, said, after, duration)
    ended = before.state in BROKEN and said.kind is Kind.SUCCESS
    failed = said.kind is Kind.FAIL and before.state is not State.PAUSED
    if ended or failed:
        heartbeat = reads.heartbeat_for_change(row.id)
        if ended:
            resolve_all(heartbeat, at=said.at, why=_came(before, said.at))
        else:
            _report(heartbeat, before.state, said, duration)


def _duration(heartbeat_id: int, pulse: beats.Pulse, said: Ping) -> int | None:
    """Milliseconds since the start of the same run, for a ping that ends it."""
    if said.kind not in ENDS:
        return None
    same = said.rid == pulse.started_rid
    began = pulse.started_at if same else reads.start_of(heartbeat_id, said.rid) if said.rid else None
    return None if began is None else int((said.at - began) / timedelta(milliseconds=1))


def _keep(row: Any, said: Ping, pulse: beats.Pulse, duration: int | None) -> None:
    number = row.pings_count + 1
    told = {name: getattr(said, name) for name in _PING} | {name: getattr(pulse, name) for name in _PULSE}
    told |= {name: None if told[name] is None else str(told[name]) for name in ("rid", "started_rid")}
    told |= {"kind": int(said.kind), "state": int(pulse.state)}
    _KEEP.run(id=row.id, number=number, duration_ms=duration, ends=said.kind in ENDS, **told)
    if number % PRUNE_EVERY == 0:
        old = HeartbeatPing.heartbeat_id == row.id, HeartbeatPing.number <= number - KEEP_PINGS
        db.session.execute(delete(HeartbeatPing).where(*old).execution_options(synchronize_session=False))


def _came(before: beats.Pulse, at: datetime) -> str:
    if before.state is State.FAILED:
        return "the next run succeeded"
    return f"a success came {report.span(at - before.state_since)} after the deadline"


def _report(heartbeat: Heartbeat, before: State, said: Ping, duration: int | None) -> None:
    if before in {State.MISSED, State.UNFINISHED}:
        why = "the run came and failed, which is an alert of its own"
        resolve_all(heartbeat, at=said.at, why=why, of={State.MISSED, State.UNFINISHED})
    failure = report.failed(
        about(heartbeat),
        at=said.at,
        number=heartbeat.pings_count,
        exit_code=said.exit_code,
        duration=None if duration is None else timedelta(milliseconds=duration),
        body=said.body,
    )
    db.session.flush()
    ingest([failure], at=said.at)
