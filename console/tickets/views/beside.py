"""What stands beside the rows of tickets, the same for all readers: who has how much, values to choose, promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.tickets.queries import desk, promises
from console.tickets.queries.desk import Load
from console.tickets.queries.promises import Book
from console.tickets.views import shares
from console.tickets.views.blueprint import ROOM
from console.tickets.views.shares import Share
from console.web import live

CHOSEN: Final = ("priority", "organization", "source")


@dataclass(frozen=True, slots=True)
class Beside:
    """Who has how much, as numbers by owner, in words, and drawn; `free` could take more, the first of them most."""

    loads: Sequence[Load]
    load_of: Mapping[str | None, Load]
    told: Mapping[str | None, str]
    drawn: Sequence[Share]
    block: int
    free: Sequence[Load]
    choices: Mapping[str, Sequence[str]]
    book: Book

    @property
    def nobody(self) -> Load:
        """What nobody has."""
        return self.load_of.get(None) or Load(None)


def beside() -> Beside:
    """As it is now; what no change of tickets has touched since is not read again."""
    return live.lasting(ROOM, _read)


def _read() -> Beside:
    loads, book = desk.loads(), promises.book()
    owners = sorted(load.owner for load in loads if load.owner)[: desk.MANY]
    named = [promise.name for promise in book.promises]
    return Beside(
        loads=loads,
        load_of={load.owner: load for load in loads},
        told={load.owner: f"{load.open:,} open, {load.at_risk + load.breached:,} pressing" for load in loads},
        drawn=shares.shown(loads, shares.ROOM_FOR),
        block=shares.block(loads),
        free=shares.free(loads),
        choices={"assignee": owners, **desk.seen(CHOSEN), "policy": named},
        book=book,
    )
