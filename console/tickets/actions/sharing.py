"""A load shared out: tickets given to whoever of the chosen has the least, as a preview said, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.tickets.actions import assigning
from console.tickets.queries import sharing as reads
from console.tickets.queries.sharing import MOST, Chosen
from console.tickets.queries.tickets import current_book
from console.tickets.rules import sharing as rules
from console.tickets.rules.sharing import Plan

OWNERS_MOST: Final = 50
# Two at once would both give to those who had the least before either.
LOCK: Final = 0x5AA2E0


@dataclass(frozen=True, slots=True)
class Looked:
    """So many open tickets, and who would get which."""

    tickets: int
    plan: Plan


def look(chosen: Chosen, owners: Sequence[str]) -> Looked:
    """What sharing would do; changes nothing. Raises Invalid for too many tickets, or owners that are none."""
    names, ids = checked(owners), _some(reads.open_ids(chosen))
    return Looked(len(ids), rules.plan(reads.pieces(reads.of_ids(ids)), reads.loads(), names))


def share(chosen: Chosen, owners: Sequence[str], *, expect: int, key: str | None, by: Actor, at: datetime) -> Looked:
    """Do it. Raises Conflict, with nothing done, when another number is open than `expect`, or the plan is another one.

    `key` is that of the plan that was looked at; None takes any plan.
    """
    names = checked(owners)
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    book = current_book()
    ids = _some(reads.open_ids(chosen))
    tickets = assigning.locked(ids)
    # Nobody can change them any more: are they what was asked for?
    now = reads.open_ids(chosen)
    if len(now) != expect or now != ids:
        raise Conflict(f"{len(now):,} open tickets match now, not {expect:,}. Nothing was done; look again.")
    found = rules.plan(reads.pieces(tickets), reads.loads(), names)
    if key is not None and key != found.key:
        raise Conflict("Who has how much has moved since the preview. Nothing was done; look again.")
    assigning.give([(ticket, found.owners[ticket.id]) for ticket in tickets], book, by=by, at=at)
    return Looked(len(ids), found)


def checked(owners: Sequence[str]) -> list[str]:
    """Names of owners as they are stored; raises Invalid for none, for too many and for what is no name."""
    names = {name for owner in owners if (name := assigning.name_of(owner, "/owners")) is not None}
    if not names or len(names) > OWNERS_MOST:
        said = f"Choose 1 to {OWNERS_MOST} owners."
        raise Invalid(said, errors=[Fault("/owners", said)])
    return sorted(names)


def _some(ids: list[int]) -> list[int]:
    if len(ids) > MOST:
        said = f"More than {MOST} open tickets match. Narrow the list, and share it out part by part."
        raise Invalid(said, errors=[Fault("/filter", said)])
    return ids
