"""The brokers that are watched: our own first, then those of others by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of
from console.queues.models import Broker, BrokerState
from console.queues.rules.brokers import CONSOLE, Kind, Watched


@dataclass(frozen=True, slots=True)
class Seen:
    """A broker and how it was when last looked at; None when it never was."""

    broker: Watched
    state: BrokerState | None


def watched(kind: Kind | None = None) -> list[Watched]:
    """All brokers to look at now, our own among them, those switched off not; of one kind, or of all."""
    rows = select(Broker).where(Broker.enabled).order_by(Broker.name)
    found = [CONSOLE, *(row.watched for row in db.session.scalars(rows))]
    return [one for one in found if kind in {None, one.kind}]


def everything() -> list[Watched]:
    """All brokers, those switched off too."""
    return [CONSOLE, *(row.watched for row in db.session.scalars(select(Broker).order_by(Broker.name)))]


def get_watched(name: str) -> Watched:
    """One of them, our own too; raises NotFound."""
    return CONSOLE if name == CONSOLE.name else get_broker(name).watched


def find_broker(name: str) -> Broker | None:
    """A broker that somebody added."""
    # No name holds a NUL, and PostgreSQL cannot even be asked for one.
    return db.session.scalar(select(Broker).where(Broker.name == name)) if "\0" not in name else None


def get_broker(name: str) -> Broker:
    """A broker that somebody added; raises NotFound."""
    found = find_broker(name)
    if found is None:
        raise NotFound(f"There is no broker called {name[:80]}.")
    return found


def get_for_change(name: str) -> Broker:
    """The same, locked."""
    if "\0" in name:
        return get_broker(name)
    found = db.session.scalar(select(Broker).where(Broker.name == name).with_for_update())
    return found or get_broker(name)


def same_place(wanted: Broker) -> str | None:
    """The name of another broker that watches the place of this one already."""
    same = [getattr(Broker, name) == getattr(wanted, name) for name in ("kind", "host", "port", "db", "prefix")]
    return db.session.scalar(select(Broker.name).where(*same, Broker.name != wanted.name))


def brokers_page(*, limit: int, cursor: str | None) -> Page[Watched]:
    """A page of all brokers; raises Invalid for a bad cursor."""
    first = [] if cursor else [CONSOLE]
    rows = select(Broker).order_by(Broker.name).limit(limit + 1)
    if cursor:
        rows = rows.where(Broker.name > decode(cursor, str)[0])
    found = [*first, *(row.watched for row in db.session.scalars(rows))]
    # Our own is on the first page whatever sorts before it: its cursor begins before every name.
    return page_of(found[: limit + 1], limit, lambda one: ("" if one.builtin else one.name,))


def seen(brokers: Sequence[Watched]) -> list[Seen]:
    """The same brokers with their states."""
    rows = select(BrokerState).where(BrokerState.broker.in_([one.name for one in brokers]))
    states = {row.broker: row for row in db.session.scalars(rows)}
    return [Seen(one, states.get(one.name)) for one in brokers]
