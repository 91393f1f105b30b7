"""What the clock and edits of promises do for tickets."""

from typing import Any

from console.infra import clock, jobs
from console.infra.actor import Actor
from console.infra.jobs import JobContext, job
from console.infra.transaction import unit
from console.tickets.actions import rebuilds
from console.tickets.actions import sweep as sweeping
from console.tickets.models import Rebuild


def sweep() -> None:
    """Tell of clocks that came at risk or over: a duty of the scheduler, every second."""
    while True:
        with unit():
            looked = sweeping.sweep(at=clock.now())
        if looked == 0:
            return


def carry_on(rebuild: Rebuild | None, *, by: Actor) -> None:
    """See to it that a rebuild which was too long for its request goes on in a worker."""
    if rebuild is not None and rebuild.finished_at is None:
        rebuild.job_id = jobs.request(rebuild_clocks, rebuild.id, by=by).id


@job(queue="long", timeout=3_600, max_attempts=5, backoff=5)
def rebuild_clocks(context: JobContext, rebuild_id: int) -> dict[str, Any]:
    """Count all open tickets anew; a newer edit takes over between two batches."""
    more = True
    while more:
        context.check()
        with unit():
            found = rebuilds.step(rebuild_id, at=clock.now())
        more = found.more
        context.progress(found.done / max(found.total, 1), f"{found.done:,} of {found.total:,} tickets")
    return {"tickets": found.done}
