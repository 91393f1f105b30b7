"""Who gets which ticket when a load is shared out: the most pressing first, each to whoever then has the least.

A ticket weighs by how much of its business time is left, as its state tells: one on track counts once, one at risk
twice, a breached one three times, one that stands still half.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Final

from console.tickets.rules.standing import State

WEIGHTS: Final = {
    State.BREACHED: 6, State.AT_RISK: 4, State.OK: 2, State.PAUSED: 1, State.MET: 2, State.NONE: 2,
}  # fmt: skip
# Halves, so that weights are whole numbers.
ONE: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A ticket to be given to somebody, and who has it now; `due_at` is its nearest deadline."""

    id: int
    owner: str | None
    state: State
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one owner has by state, now and then; `gets` of the tickets shared, `new` of them not theirs before."""

    owner: str
    before: Mapping[State, int]
    after: Mapping[State, int]
    gets: int
    new: int

    @property
    def weight(self) -> float:
        """What they have then, counted in tickets on track."""
        return weight(self.after) / ONE


@dataclass(frozen=True, slots=True)
class Plan:
    """Who gets what: `owners` by the ticket's number; `key` is another one as soon as one ticket would go elsewhere."""

    shares: Sequence[Share]
    owners: Mapping[int, str]
    key: str
    moves: int


def weight(states: Mapping[State, int]) -> int:
    """What so many tickets weigh, in halves."""
    return sum(WEIGHTS[state] * number for state, number in states.items())


def plan(pieces: Iterable[Piece], loads: Mapping[str, Mapping[State, int]], owners: Sequence[str]) -> Plan:
    """Give every piece to one of `owners`; `loads` is what each has now, theirs among the pieces included.

    Whoever weighs least takes the next; of equals the one with fewer tickets, then whose it is already, then by name.
    """
    found = sorted(pieces, key=lambda piece: (-WEIGHTS[piece.state], piece.due_at is None, piece.due_at or 0, piece.id))
    names = sorted(set(owners))
    before = {name: {state: loads.get(name, {}).get(state, 0) for state in State} for name in names}
    after = {name: dict(states) for name, states in before.items()}
    for piece in found:
        if piece.owner in after:
            after[piece.owner][piece.state] -= 1
    given = {piece.id: _give(piece, after) for piece in found}
    shares = [_share(name, before[name], after[name], found, given) for name in names]
    moves = sum(piece.owner != given[piece.id] for piece in found)
    return Plan(shares, given, _key(given), moves)


def _give(piece: Piece, held: Mapping[str, dict[State, int]]) -> str:
    """Whoever has the least takes it."""
    taker = min(held, key=lambda name: (weight(held[name]), sum(held[name].values()), name != piece.owner, name))
    held[taker][piece.state] += 1
    return taker


def _share(
    name: str,
    before: Mapping[State, int],
    after: Mapping[State, int],
    pieces: Sequence[Piece],
    given: Mapping[int, str],
) -> Share:
    mine = [piece for piece in pieces if given[piece.id] == name]
    return Share(name, before, after, len(mine), sum(piece.owner != name for piece in mine))


def _key(given: Mapping[int, str]) -> str:
    told = "\n".join(f"{number} {owner}" for number, owner in sorted(given.items()))
    return blake2s(told.encode(), digest_size=8).hexdigest()
