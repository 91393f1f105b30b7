"""Sources as admins set them up. Every change is audited, without addresses and tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from console.audit.actions import record
from console.infra import crypto, events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.tickets.actions import source_alarms
from console.tickets.models import SourceWant, TicketSource
from console.tickets.queries import sources as reads

ROOM: Final = "tickets"
SECRETS: Final = ("url", "token", "webhook_secret")
# What makes other rows of it: everything is read again from the beginning.
DECISIVE: Final = ("query", "columns", "timezone")


@dataclass(frozen=True, slots=True)
class SourceWanted:
    """A source as somebody wants it. Of the secrets, None keeps what is stored; `place` belongs to `url`."""

    kind: str
    options: Mapping[str, Any]
    interval_seconds: int
    enabled: bool = True
    url: str | None = field(default=None, repr=False)
    place: str | None = None
    token: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


def put(name: str, wanted: SourceWanted, *, by: Actor, at: datetime) -> tuple[TicketSource, bool]:
    """Make or change a source; True when it is new. Raises Conflict for another kind, Invalid without an address."""
    new = reads.find(name) is None
    source = _made(name, wanted, at) if new else reads.get_for_change(name)
    if source.kind != wanted.kind:
        raise Conflict(f"{name} is a source of kind {source.kind}; make another one for {wanted.kind}.")
    before = {} if new else _facts(source)
    _fill(source, wanted, at)
    _store(source)
    changed = {key: value for key, value in _facts(source).items() if before.get(key) != value}
    if not new and (changed.keys() & {"place", *DECISIVE}):
        source.cursor = None
    replaced = {name: "replaced" for name in SECRETS if getattr(wanted, name) is not None}
    _audit("ticket_source.created" if new else "ticket_source.changed", source, by, changed | replaced)
    return source, new


def delete(source: TicketSource, *, by: Actor, at: datetime) -> None:
    """Follow it no longer; its tickets stay."""
    source_alarms.settle(source, at=at, why="the source was deleted")
    _audit("ticket_source.deleted", source, by, _facts(source))
    db.session.delete(source)
    db.session.flush()


def set_enabled(source: TicketSource, *, enabled: bool, by: Actor, at: datetime) -> None:
    """Pause it or let it go on; where it is so already nothing changes. It goes on where it stopped."""
    if source.enabled == enabled:
        return
    source.enabled, source.updated_at, source.next_at, source.lease_id = enabled, at, at, None
    if not enabled:
        source_alarms.settle(source, at=at, why="the source was paused")
        source.failing_since, source.failures, source.error = None, 0, None
    db.session.flush()
    _audit("ticket_source.changed", source, by, {"enabled": enabled})


def run_now(source: TicketSource, *, by: Actor, at: datetime) -> None:
    """Read it as soon as a scheduler looks; raises Conflict while it is paused."""
    if not source.enabled:
        raise Conflict(f"{source.name} is paused; let it go on first.")
    source.next_at = at
    db.session.flush()
    _audit("ticket_source.run", source, by, {})


def want(source: TicketSource, external_id: str, *, at: datetime) -> None:
    """A webhook named a ticket: it is fetched next. Raises Conflict while the source is paused."""
    if not source.enabled:
        raise Conflict(f"{source.name} is paused; nothing is fetched.")
    row = insert(SourceWant).values(source_id=source.id, external_id=external_id, asked_at=at)
    db.session.execute(row.on_conflict_do_update(index_elements=["source_id", "external_id"], set_={"asked_at": at}))
    # A source that fails is left alone as long as it was to be.
    if source.failing_since is None:
        source.next_at = min(source.next_at, at)
    db.session.flush()


def note_test(source: TicketSource, *, by: Actor, outcome: Mapping[str, Any]) -> None:
    """Somebody pressed the test button; `outcome` is what it found."""
    record("ticket_source.tested", by=by, object=("ticket_source", source.id, source.name), details=dict(outcome))


def _made(name: str, wanted: SourceWanted, at: datetime) -> TicketSource:
    return TicketSource(
        name=name, kind=wanted.kind, created_at=at, next_at=at, rows=0, last_rows=0, failures=0, rejected=0, rejects=[]
    )


def _fill(source: TicketSource, wanted: SourceWanted, at: datetime) -> None:
    for name in SECRETS:
        if (value := getattr(wanted, name)) is not None:
            setattr(source, name, crypto.seal(value))
    source.place = wanted.place or source.place
    for name, what in (("url", "its address"), *((("token", "its token"),) if wanted.kind == "zammad" else ())):
        if not getattr(source, name):
            raise Invalid(f"Give {what}.", errors=[Fault(f"/{name}", f"Give {what}.")])
    source.options, source.interval_seconds = dict(wanted.options), wanted.interval_seconds
    # Whoever reads it now reads it as it was: what it brings is not taken.
    source.enabled, source.updated_at, source.next_at, source.lease_id = wanted.enabled, at, at, None


def _store(source: TicketSource) -> None:
    try:
        db.session.add(source)
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("Somebody made a source of this name just now. Look again.") from error


def _facts(source: TicketSource) -> dict[str, Any]:
    found = {name: getattr(source, name) for name in ("kind", "place", "interval_seconds", "enabled")}
    return {**found, **source.options}


def _audit(action: str, source: TicketSource, by: Actor, details: dict[str, Any]) -> None:
    events.touch(ROOM)
    record(action, by=by, object=("ticket_source", source.id, source.name), details=details)
