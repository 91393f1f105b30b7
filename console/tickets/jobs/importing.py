"""Taking a file of tickets in, a batch to a transaction: a worker that dies is carried on where it stopped."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from console.infra import clock, jobs
from console.infra.actor import Actor
from console.infra.errors import Conflict
from console.infra.jobs import JobContext, job
from console.infra.transaction import unit
from console.tickets.actions import imports
from console.tickets.models import TicketImport
from console.tickets.queries import imports as reads
from console.tickets.rules.sources import table
from console.tickets.rules.sources.rows import Reading
from console.tickets.rules.sources.table import Judged

BATCH: Final = 500
SHOWN: Final = 20


def start(found: TicketImport, *, by: Actor) -> None:
    """Ask for it to be taken; one whose job ended early goes on where it stopped. Raises Conflict, Invalid."""
    if reads.ended_early(found):
        found.job_id = jobs.request(import_file, found.id, by=by).id
        return
    if found.state == "importing":
        raise Conflict("It is being imported already.")
    imports.begin(found, by=by)
    found.job_id = jobs.request(import_file, found.id, by=by).id


def preview(found: TicketImport) -> list[Judged]:
    """The first rows as they would be taken; none once the file was."""
    if found.body is None:
        return []
    return list(islice(_judged(found), SHOWN))


@job(queue="long", timeout=3_600, max_attempts=5, backoff=5)
def import_file(context: JobContext, import_id: int) -> dict[str, Any]:
    """Take the rows that were not judged yet."""
    with unit():
        found = reads.get(import_id)
        done, total = found.done, found.total
        rows = _judged(found, after=done) if found.body is not None else iter(())
    while batch := list(islice(rows, BATCH)):
        context.check()
        with unit():
            if not imports.take(import_id, batch, after=done, at=clock.now()):
                break
        done += len(batch)
        context.progress(done / max(total, 1), f"{done:,} of {total:,} rows")
    with unit():
        left = reads.get_for_change(import_id)
        if left.state == "importing" and left.done >= left.total:
            imports.finish(import_id, at=clock.now())
    return {"rows": done}


def _judged(found: TicketImport, *, after: int = 0) -> Iterator[Judged]:
    """Its rows one by one, from a place on: all at once they would fill a hundred times the space of the file."""
    options, now = found.options, clock.now()
    text, _ = table.decode(found.body or b"")
    reading = Reading(options["timezone"], options["resolved_statuses"])
    numbered = islice(table.lines(text, found.delimiter), 1 + after, None)
    return (table.judge(each, options["header"], options["columns"], reading, now) for each in numbered)
