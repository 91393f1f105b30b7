"""What a ticket's events, policy and calendar make of its row: the one place that says which columns follow."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from console.tickets.queries.promises import Promise
from console.tickets.queries.tickets import Counted, Facts, facts_of, history_of
from console.tickets.rules import telling
from console.tickets.rules.history import Event
from console.tickets.rules.instants import micros, when
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import outlook, overall, pack, unpack


def count(
    ticket: Counted, events: Iterable[Event], promise: Promise | None, told: Mapping[str, Any], *, at: datetime
) -> tuple[Facts, dict[str, Any]]:
    """The clocks of a ticket, and the columns that follow from them and from what was `told` of them."""
    history = history_of(ticket, events, promise)
    facts = facts_of(history, promise)
    return facts, {"resolved_at": when(history.resolved), **versions(promise), **columns(facts, told, at=at)}


def versions(promise: Promise | None) -> dict[str, int | None]:
    """The columns that name what a ticket was counted under."""
    return {
        "policy_id": promise.policy_id if promise else None,
        "policy_version_id": promise.policy_version_id if promise else None,
        "calendar_version_id": promise.calendar_version_id if promise else None,
    }


def columns(facts: Facts, told: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """The columns that follow from the clocks and from what was told of them."""
    ahead = outlook(facts)
    return {
        "clocks": {name: pack(clock) for name, clock in zip(CLOCKS, facts, strict=True)},
        "next_due_at": when(ahead.due),
        "at_risk_at": when(ahead.risk),
        "breach_at": when(ahead.breach),
        **passing(facts, telling.remember(facts, told, micros(at)), at=at),
    }


def passing(facts: Facts, told: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
    """Those of them that time alone changes, when so much is `told` as of now."""
    return {
        "state": overall(facts, micros(at)).value,
        "told": told,
        "sweep_at": when(telling.next_look(facts, told)),
    }


def facts_in(found: Mapping[str, Any]) -> Facts:
    """The clocks of a stored row."""
    first, following, resolution = (unpack(found[name]) for name in CLOCKS)
    return first, following, resolution
