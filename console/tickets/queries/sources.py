"""Where tickets come from, as followers and pages need it."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of
from console.tickets.models import SourceWant, Ticket, TicketEvent, TicketSource
from console.tickets.rules.history import Kind
from console.tickets.rules.sources.feed import Feed
from console.tickets.rules.sources.rows import Unfit, instant

# Tickets that webhooks named, fetched in one go.
WANTS: Final = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a ticket before a row of its source is taken; `reopened_at` is the last time."""

    resolved_at: datetime | None
    updated_at: datetime | None
    reopened_at: datetime | None


def known(source: str, external_ids: Collection[str]) -> dict[str, Known]:
    """What is known of some tickets of a source, by their keys there."""
    again = TicketEvent.ticket_id == Ticket.id, TicketEvent.kind == Kind.REOPENED.value
    reopened_at = select(func.max(TicketEvent.at)).where(*again).scalar_subquery()
    columns = (Ticket.external_id, Ticket.resolved_at, Ticket.source_updated_at, reopened_at)
    rows = select(*columns).where(Ticket.source == source, Ticket.external_id.in_(list(external_ids)))
    return {key: Known(*told) for key, *told in db.session.execute(rows)}


def listed(*, limit: int, cursor: str | None = None) -> Page[TicketSource]:
    """Sources by name."""
    rows = select(TicketSource).order_by(TicketSource.name).limit(limit + 1)
    if cursor:
        (after,) = decode(cursor, str)
        rows = rows.where(TicketSource.name > after)
    return page_of(db.session.scalars(rows).all(), limit, lambda source: [source.name])


def find(name: str) -> TicketSource | None:
    """A source by name, or None."""
    return None if "\0" in name else db.session.scalar(select(TicketSource).where(TicketSource.name == name))


def get(name: str) -> TicketSource:
    """A source by name; raises NotFound."""
    found = find(name)
    if found is None:
        raise NotFound(f"There is no source {name}.")
    return found


def get_for_change(name: str) -> TicketSource:
    """The same, locked until the transaction ends, as it is now."""
    db.session.execute(select(TicketSource.id).where(TicketSource.id == get(name).id).with_for_update())
    found = get(name)
    db.session.refresh(found)
    return found


def locked(source_id: int) -> TicketSource | None:
    """A source by its number, locked until the transaction ends; None when it was deleted."""
    row = select(TicketSource).where(TicketSource.id == source_id).with_for_update()
    return db.session.scalar(row.execution_options(populate_existing=True))


def feed(source_id: int, lease_id: str) -> Feed | None:
    """What the holder of a lease follows, with the tickets that webhooks named; None when it is not its any more."""
    row = select(TicketSource).where(TicketSource.id == source_id, TicketSource.lease_id == lease_id)
    found = db.session.scalar(row)
    if found is None:
        return None
    wants = select(SourceWant.external_id).where(SourceWant.source_id == source_id)
    return replace(found.feed, wants=db.session.scalars(wants.order_by(SourceWant.asked_at).limit(WANTS)).all())


def is_wanted(source_id: int) -> bool:
    """Whether a webhook named a ticket that is not fetched yet."""
    return bool(db.session.scalar(select(select(SourceWant).where(SourceWant.source_id == source_id).exists())))


def lag_of(source: TicketSource, *, now: datetime) -> int | None:
    """How old what we have is, in seconds; None before the first reading."""
    cursor = source.cursor or {}
    as_of = source.last_ok_at
    if cursor.get("more") and cursor.get("at"):
        # A helpdesk's row may say infinity, or the year 44 BC.
        with suppress(Unfit):
            as_of = instant(cursor["at"], source.options["timezone"])
    return None if as_of is None else max(0, int((now - as_of).total_seconds()))
