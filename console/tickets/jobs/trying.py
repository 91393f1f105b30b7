"""What the test button of a source finds: asked now, kept nowhere but in the trail."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.infra.actor import Actor
from console.infra.errors import Fault
from console.tickets import client
from console.tickets.actions import sources as actions
from console.tickets.models import TicketSource
from console.tickets.rules.sources.feed import Batch
from console.tickets.rules.sources.rows import Row


@dataclass(frozen=True, slots=True)
class Tried:
    """Up to five rows as they would be taken, and what is wrong."""

    ok: bool
    said: str
    faults: Sequence[Fault]
    rows: Sequence[Row]


def try_out(source: TicketSource, *, by: Actor) -> Tried:
    """Read a few rows; a source that is away is an answer too."""
    try:
        found = _told(client.preview(source.feed))
    except client.Trouble as trouble:
        found = Tried(ok=False, said=str(trouble), faults=trouble.faults, rows=())
    actions.note_test(source, by=by, outcome={"ok": found.ok, "said": found.said[:500]})
    return found


def _told(batch: Batch) -> Tried:
    faults = [Fault("/columns", f"Row {each.key}: {each.reason}.") for each in batch.rejects]
    said = f"It answers: {len(batch.rows)} of {batch.seen} rows can be taken." if batch.seen else "It has no tickets."
    return Tried(ok=not faults, said=said, faults=faults, rows=batch.rows)
