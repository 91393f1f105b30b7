"""What people do to heartbeats: make, change, pause, resume, delete."""

import secrets
import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from console.alerts.actions.misses import ROOM, resolve_all
from console.alerts.models import Heartbeat, PingKey
from console.alerts.queries import heartbeats as reads
from console.alerts.rules import storable
from console.alerts.rules.heartbeats import beats
from console.alerts.rules.heartbeats.beats import State
from console.alerts.rules.heartbeats.wanted import Wanted, faults
from console.audit.actions import record
from console.infra import events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid


def keep(word: str, wanted: Wanted, *, by: Actor, at: datetime) -> Heartbeat:
    """Make the heartbeat of this name or slug, or make it so. Raises Invalid and Conflict."""
    found = reads.find_heartbeat(word)
    if found is None:
        return create(wanted, by=by, at=at)
    heartbeat = reads.heartbeat_for_change(found.id)
    change(heartbeat, wanted, by=by, at=at)
    return heartbeat


def create(wanted: Wanted, *, by: Actor, at: datetime) -> Heartbeat:
    """A heartbeat that waits for its first ping. Raises Invalid, and Conflict when the name is taken."""
    made = create_unless_taken(wanted, by=by, at=at)
    if made is None:
        raise _taken(wanted.name)
    return made


def create_unless_taken(wanted: Wanted, *, by: Actor, at: datetime) -> Heartbeat | None:
    """The same, but None when the name is taken: waits for whoever is just taking it."""
    _check(wanted)
    values: dict[str, Any] = {**_columns(wanted), "uuid": uuid.uuid4(), "created_at": at, "updated_at": at}
    row = (
        insert(Heartbeat)
        .values(**values, state=State.NEW, state_since=at)
        .on_conflict_do_nothing(index_elements=["name"])
    )
    made = db.session.scalar(row.returning(Heartbeat))
    if made is not None:
        _tell("created", made, by=by, details=_columns(wanted))
    return made


def change(heartbeat: Heartbeat, wanted: Wanted, *, by: Actor, at: datetime) -> None:
    """Make a locked heartbeat as it is wanted; a new rhythm counts from now. Raises Invalid and Conflict."""
    _check(wanted)
    if reads.name_taken(wanted.name, besides=heartbeat.id):
        raise _taken(wanted.name)
    changed = {name: value for name, value in _columns(wanted).items() if getattr(heartbeat, name) != value}
    if not changed:
        return
    if changed.keys() & {"service", "environment"}:
        resolve_all(heartbeat, at=at, why="the heartbeat now belongs to another service or environment")
    before, rhythm = {name: getattr(heartbeat, name) for name in changed}, heartbeat.rhythm
    for name, value in changed.items():
        setattr(heartbeat, name, value)
    heartbeat.updated_at = at
    if heartbeat.rhythm != rhythm:
        heartbeat.pulse = beats.reschedule(heartbeat.pulse, heartbeat.rhythm, at=at)
    _tell("changed", heartbeat, by=by, details={"from": before, "to": changed})


def pause(heartbeat: Heartbeat, *, by: Actor, at: datetime) -> None:
    """Watch a locked heartbeat no more, until it is resumed or succeeds. Raises Conflict when it is paused."""
    if heartbeat.state is State.PAUSED:
        raise Conflict("The heartbeat is paused.")
    resolve_all(heartbeat, at=at, why="the heartbeat was paused")
    heartbeat.pulse = beats.pause(heartbeat.pulse, at=at)
    _tell("paused", heartbeat, by=by)


def resume(heartbeat: Heartbeat, *, by: Actor, at: datetime) -> None:
    """Watch a locked heartbeat again, from now on. Raises Conflict when it is not paused."""
    if heartbeat.state is not State.PAUSED:
        raise Conflict("The heartbeat is not paused.")
    heartbeat.pulse = beats.resume(heartbeat.pulse, heartbeat.rhythm, at=at)
    _tell("resumed", heartbeat, by=by)


def remove(heartbeat: Heartbeat, *, by: Actor, at: datetime) -> None:
    """Delete a locked heartbeat and its pings; its address answers 404 from now on, its alerts are kept resolved."""
    resolve_all(heartbeat, at=at, why="the heartbeat was deleted")
    _tell("deleted", heartbeat, by=by)
    db.session.delete(heartbeat)
    db.session.flush()


def ensure_ping_key(*, at: datetime) -> str:
    """The key of addresses by slug, made at the first asking."""
    row = insert(PingKey).values(id=1, key=secrets.token_urlsafe(16), created_at=at)
    db.session.execute(row.on_conflict_do_nothing())
    key = reads.ping_key()
    assert key is not None
    return key


def _check(wanted: Wanted) -> None:
    if found := faults(wanted):
        errors = [Fault(f"/{name}", sentence) for name, sentence in found.items()]
        raise Invalid("This cannot be a heartbeat; see errors.", errors=errors)


def _columns(wanted: Wanted) -> dict[str, Any]:
    return {**asdict(wanted), "tags": storable.json(wanted.tags)}


def _taken(name: str) -> Conflict:
    return Conflict(f"There is another heartbeat called '{name}'.")


def _tell(event: str, heartbeat: Heartbeat, *, by: Actor, details: dict[str, Any] | None = None) -> None:
    db.session.flush()
    record(f"heartbeat.{event}", by=by, object=("heartbeat", str(heartbeat.id), heartbeat.name), details=details)
    events.touch(ROOM)
