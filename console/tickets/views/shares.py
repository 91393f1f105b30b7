"""Who has how much, drawn as blocks; who has room; who may give tickets away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.infra.actor import Role
from console.tickets.queries.desk import Load
from console.web import filters
from console.web.auth import current_actor

ROOM_FOR: Final = 8
BLOCKS: Final = 12
STEP: Final = 18
WORDS: Final = {"breached": "breached", "at_risk": "at risk", "ok": "on track", "paused": "paused"}


@dataclass(frozen=True, slots=True)
class Share:
    """An owner's load as blocks: (x, class) each; `label` says it in words."""

    load: Load
    blocks: Sequence[tuple[int, str]]
    label: str


def may_assign() -> bool:
    """Whether this reader may give tickets away."""
    role = current_actor().role
    return role is not None and (role.includes(Role.RESPONDER) or role.includes(Role.MANAGER))


def mine(loads: Sequence[Load]) -> str:
    """What the helpdesk calls the reader: their name or address, whichever has tickets."""
    address = current_actor().label
    names = (address, filters.reader_name(), filters.person(address))
    known = {load.owner for load in loads}
    return next((name for name in names if name in known), address)


def block(loads: Sequence[Load]) -> int:
    """How many tickets a block stands for, so that the longest row has no more than BLOCKS."""
    return max(1, -(-max((load.open for load in loads), default=0) // BLOCKS))


def shown(loads: Sequence[Load], limit: int) -> list[Share]:
    """The most pressed, nobody last."""
    size = block(loads)
    people = [load for load in loads if load.owner is not None][:limit]
    return [_share(load, size) for load in [*people, *(load for load in loads if load.owner is None)]]


def free(loads: Sequence[Load]) -> list[Load]:
    """Those who could take something, the one with the most room first."""
    return sorted((load for load in loads if load.owner), key=lambda load: (load.room, load.owner))


def _share(load: Load, size: int) -> Share:
    parts = {"breached": load.breached, "at_risk": load.at_risk, "paused": load.paused}
    rest = load.open - sum(parts.values())
    ordered = (("breached", load.breached), ("at_risk", load.at_risk), ("ok", rest), ("paused", load.paused))
    drawn = [name for name, number in ordered for _ in range(-(-number // size))]
    label = ", ".join(f"{number} {WORDS[name]}" for name, number in ordered if number)
    return Share(load, [(index * STEP, name) for index, name in enumerate(drawn)], label)
