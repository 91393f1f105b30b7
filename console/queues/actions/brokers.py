"""Brokers as admins set them up. Every change is audited, without the address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from console.audit.actions import record
from console.infra import crypto, events
from console.infra.actor import Actor
from console.infra.brokers import Address
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.queues import queries
from console.queues.actions import absence
from console.queues.models import Broker, BrokerDepth, BrokerState, RqCursor, RqSeen
from console.queues.rules.brokers import CONSOLE, Kind, Watched

ROOM: Final = "queues"
FACTS: Final = (
    "kind", "service", "environment", "host", "port", "db", "secure", "prefix", "queues", "result_db", "read_only",
    "enabled",
)  # fmt: skip
# What the alert of an absence depends on. Not on `read_only`: one that we only read is missed like any other.
TOLD_BY: Final = frozenset({"service", "environment", "enabled"})


@dataclass(frozen=True, slots=True)
class BrokerWanted:
    """A broker as somebody wants it. `url` with its `address` None keeps what is stored."""

    kind: Kind
    service: str
    environment: str = "production"
    url: str | None = field(default=None, repr=False)
    address: Address | None = None
    read_only: bool = False
    enabled: bool = True
    queues: Sequence[str] = ()
    prefix: str = ""
    result_db: int | None = None


def put_broker(name: str, wanted: BrokerWanted, *, by: Actor, at: datetime) -> tuple[Broker, bool]:
    """Make or change a broker; True when it is new.

    Raises Conflict for our own, for another kind and for a place that is watched already, Invalid without an address.
    """
    refuse_builtin(name)
    broker = queries.find_broker(name)
    new = broker is None
    if broker is None:
        broker = Broker(name=name, kind=wanted.kind, created_at=at)
    elif broker.kind != wanted.kind:
        raise Conflict(f"{name} is a broker of kind {broker.kind}; make another one for {wanted.kind}.")
    before, was = ({}, None) if new else (_facts(broker), broker.watched)
    _fill(broker, wanted, at)
    _store(broker)
    changed = {key: value for key, value in _facts(broker).items() if before.get(key) != value}
    if was is not None and (TOLD_BY & changed.keys() or wanted.url is not None):
        absence.settle(was, at=at, why=f"{name} was changed")
    if {"host", "port", "db", "prefix"} & changed.keys():
        _forget_seen(name)
    _audit("broker.created" if new else "broker.changed", broker, by, changed | _secret(wanted))
    return broker, new


def delete_broker(broker: Broker, *, by: Actor, at: datetime) -> None:
    """Watch it no longer: what was seen of it goes, its alerts stay, and nothing changes in its Redis."""
    absence.settle(broker.watched, at=at, why=f"{broker.name} is watched no longer")
    _audit("broker.deleted", broker, by, _facts(broker))
    _forget_seen(broker.name)
    db.session.delete(broker)
    db.session.flush()


def set_read_only(broker: Broker, *, read_only: bool, by: Actor, at: datetime) -> None:
    """Turn the switch; turning it to where it is changes nothing."""
    if broker.read_only == read_only:
        return
    broker.read_only, broker.updated_at = read_only, at
    db.session.flush()
    _audit("broker.changed", broker, by, {"read_only": read_only})


def note_test(broker: Watched, *, by: Actor, outcome: dict[str, Any]) -> None:
    """Somebody pressed the test button; `outcome` is what it found."""
    record("broker.tested", by=by, object=("broker", broker.name, broker.name), details=outcome)


def refuse_builtin(name: str) -> None:
    """Raise Conflict for our own, which nobody can change or delete."""
    if name == CONSOLE.name:
        raise Conflict("console is the console's own RQ: it is always watched, and REDIS_URL says where.")


def require_writable(broker: Watched) -> None:
    """Raise Conflict where nothing may be requeued or deleted."""
    if broker.read_only:
        raise Conflict(f"{broker.name} is read-only: nothing is requeued or deleted there. An admin can change that.")
    if not broker.enabled:
        raise Conflict(f"{broker.name} is switched off. An admin can switch it on.")


def _fill(broker: Broker, wanted: BrokerWanted, at: datetime) -> None:
    if wanted.url is not None and wanted.address is not None:
        there = wanted.address
        broker.url = crypto.seal(wanted.url)
        broker.host, broker.port, broker.db, broker.secure = there.host, there.port, there.db, there.secure
    elif not broker.url:
        sentence = "Give the address of its Redis."
        raise Invalid(sentence, errors=[Fault("/url", sentence)])
    for name in ("service", "environment", "read_only", "enabled", "prefix", "result_db"):
        setattr(broker, name, getattr(wanted, name))
    broker.queues, broker.updated_at = list(dict.fromkeys(wanted.queues)), at


def _store(broker: Broker) -> None:
    with db.session.no_autoflush:
        other = queries.same_place(broker)
    if other is not None:
        raise Conflict(f"{other} watches this place already; two would tell every failure twice.")
    try:
        db.session.add(broker)
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("Somebody added a broker of this name or place just now. Look again.") from error


def _forget_seen(name: str) -> None:
    for table in (BrokerState, BrokerDepth, RqCursor, RqSeen):
        db.session.execute(delete(table).where(table.broker == name))


def _facts(broker: Broker) -> dict[str, Any]:
    found = {name: getattr(broker, name) for name in FACTS}
    return found | {"kind": str(broker.kind), "queues": list(broker.queues)}


def _secret(wanted: BrokerWanted) -> dict[str, str]:
    return {"address": "replaced"} if wanted.url is not None else {}


def _audit(action: str, broker: Broker, by: Actor, details: dict[str, Any]) -> None:
    events.touch(ROOM)
    record(action, by=by, object=("broker", broker.name, broker.name), details=details)
