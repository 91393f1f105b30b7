"""What a ping does to its heartbeat and to the alerts that the heartbeat has raised."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert

from console.alerts.actions.heartbeats import create, create_unless_taken
from console.alerts.actions.ingest import ingest
from console.alerts.actions.misses import ROOM, about, note_misses, resolve_all
from console.alerts.models import Heartbeat, HeartbeatPing
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats import beats, report
from console.alerts.rules.heartbeats.address import Address
from console.alerts.rules.heartbeats.beats import BROKEN, Kind, State
from console.alerts.rules.heartbeats.wanted import Wanted
from console.infra import events
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.errors import NotFound

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


def ping(address: Address, said: Ping, *, create_missing: bool = False) -> bool:
    """Take a ping in; returns whether it made its heartbeat. Raises NotFound, and Conflict for a shared slug."""
    heartbeat, created = reads.for_ping(address), False
    if heartbeat is None:
        if not create_missing:
            raise NotFound("not found")
        heartbeat, created = _provide(address, said.at)
    _take(heartbeat, said)
    events.touch(ROOM)
    return created


def _provide(address: Address, at: datetime) -> tuple[Heartbeat, bool]:
    made = create_unless_taken(Wanted(name=address.slug, slug=address.slug), by=SYSTEM, at=at)
    if made is not None:
        return made, True
    # Somebody else has just made it, or a heartbeat of another slug has the name.
    found = reads.for_ping(address)
    if found is not None:
        return found, False
    return create(Wanted(name=f"{address.slug} {secrets.token_hex(3)}", slug=address.slug), by=SYSTEM, at=at), True


def _take(heartbeat: Heartbeat, said: Ping) -> None:
    if heartbeat.deadline_at is not None and heartbeat.deadline_at <= said.at:
        # The sweep has not come yet: the miss is told first, as it happened first.
        note_misses([heartbeat], at=said.at)
    before, duration = heartbeat.pulse, _duration(heartbeat, said)
    heartbeat.pulse = beats.beat(before, said.kind, heartbeat.rhythm, at=said.at, rid=said.rid)
    heartbeat.pings_count += 1
    if said.kind in ENDS:
        heartbeat.last_duration_ms = duration
    _keep(heartbeat.id, heartbeat.pings_count, said, duration)
    if before.state in BROKEN and said.kind is Kind.SUCCESS:
        resolve_all(heartbeat, at=said.at, why=_came(before, said.at))
    if said.kind is Kind.FAIL and before.state is not State.PAUSED:
        _report(heartbeat, before.state, said, duration)


def _duration(heartbeat: Heartbeat, said: Ping) -> int | None:
    """Milliseconds since the start of the same run, for a ping that ends it."""
    if said.kind not in ENDS:
        return None
    same = said.rid == heartbeat.started_rid
    began = heartbeat.started_at if same else reads.start_of(heartbeat.id, said.rid) if said.rid else None
    return None if began is None else int((said.at - began) / timedelta(milliseconds=1))


def _keep(heartbeat_id: int, number: int, said: Ping, duration: int | None) -> None:
    row = {**asdict(said), "heartbeat_id": heartbeat_id, "number": number, "duration_ms": duration}
    db.session.execute(insert(HeartbeatPing), row)
    if number % PRUNE_EVERY == 0:
        old = HeartbeatPing.heartbeat_id == heartbeat_id, HeartbeatPing.number <= number - KEEP_PINGS
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
