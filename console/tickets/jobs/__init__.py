"""What the clock and edits of promises do for tickets."""

import gc
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from threading import Event
from typing import Any, Final

from flask import Flask, current_app

from console.infra import clock, jobs
from console.infra.actor import Actor
from console.infra.jobs import JobContext, job
from console.infra.transaction import unit
from console.tickets.actions import rebuilds, sums
from console.tickets.actions import sweep as sweeping
from console.tickets.models import Rebuild
from console.tickets.queries import preview as previews
from console.tickets.queries.preview import Preview
from console.tickets.queries.promises import Book

# So many open tickets are looked at while somebody waits for the answer.
PREVIEW_AT_ONCE: Final = 5_000
SWEEPERS: Final = 2
CALENDAR, POLICY, DELETION = "calendar", "policy", "deletion"


def sweep() -> None:
    """Tell of clocks that came at risk or over: a duty of the scheduler, every second.

    When an office opens on Monday and thousands are late at once, two sweep: one reads while the other writes.
    """
    if _sweep() == sweeping.BATCH:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way
        with ThreadPoolExecutor(SWEEPERS, "sweep") as pool:
            for running in [pool.submit(_sweep_all, app) for _ in range(SWEEPERS)]:
                running.result()


def _sweep_all(app: Flask) -> None:
    with app.app_context():
        while _sweep():
            pass


def _sweep() -> int:
    with uncollected(), unit():
        return sweeping.sweep(at=clock.now())


def fold_sums() -> None:
    """Add what became of promises lately to the sums of reports: a duty of the scheduler, every few seconds."""
    taken = sums.BATCH
    while taken == sums.BATCH:
        with unit():
            taken = sums.fold()


def carry_on(rebuild: Rebuild | None, *, by: Actor) -> None:
    """See to it that a rebuild which was too long for its request goes on in a worker."""
    if rebuild is not None and rebuild.finished_at is None:
        rebuild.job_id = jobs.request(rebuild_clocks, rebuild.id, by=by).id


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles within a batch: so many rows make none, and looking for them is a third of the work."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@job(queue="long", timeout=3_600, max_attempts=5, backoff=5)
def rebuild_clocks(context: JobContext, rebuild_id: int) -> dict[str, Any]:
    """Count all open tickets anew; a newer edit takes over between two batches."""
    with unit():
        lanes = rebuilds.lanes(rebuild_id)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way
    over = Event()
    with ThreadPoolExecutor(lanes, "rebuild") as pool:
        try:
            running = [pool.submit(_lane, app, context, rebuild_id, lane, over) for lane in range(lanes)]
            done = max(each.result() for each in running)
        finally:
            # What ends the one, such as a time limit, ends the other between two batches.
            over.set()
    return {"tickets": done}


def _lane(app: Flask, context: JobContext, rebuild_id: int, lane: int, over: Event) -> int:
    """One lane of a rebuild; returns how many tickets all lanes had counted when it ended."""
    with app.app_context():
        while True:
            context.check()
            with uncollected(), unit():
                found = rebuilds.step(rebuild_id, at=clock.now(), lane=lane)
            context.progress(found.done / max(found.total, 1), f"{found.done:,} of {found.total:,} tickets")
            if over.is_set() or not found.more:
                return found.done


def ask_preview(
    kind: str, name: str, position: int | None, body: Mapping[str, Any], *, by: Actor
) -> Preview | uuid.UUID:
    """What saving a calendar or policy would do; the id of a job that finds out when that takes a while."""
    if previews.open_tickets() <= PREVIEW_AT_ONCE:
        found = Preview()
        for found in previews.preview(_book(kind, name, position, body), now=clock.now()):  # noqa: B007 - the last one
            pass
        return found
    return jobs.request(preview_edit, kind, name, position, dict(body), by=by).id


@job(queue="long", timeout=3_600, max_attempts=2, backoff=5)
def preview_edit(
    context: JobContext, kind: str, name: str, position: int | None, body: dict[str, Any]
) -> dict[str, Any]:
    """Look at all open tickets as if an edit were saved; changes nothing."""
    total, found = previews.open_tickets(), Preview()
    for found in previews.preview(_book(kind, name, position, body), now=clock.now()):
        context.check()
        context.progress(found.tickets / max(total, 1), f"{found.tickets:,} of {total:,} tickets")
    return shown(found)


def shown(found: Preview) -> dict[str, Any]:
    """A preview as JSON."""
    changes = [{name: _plain(value) for name, value in asdict(change).items()} for change in found.changes]
    counts = {name: getattr(found, name) for name in ("tickets", "moved", "breached", "rescued")}
    return {**counts, "changes": changes}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _book(kind: str, name: str, position: int | None, body: Mapping[str, Any]) -> Book:
    if kind == DELETION:
        return previews.without_policy(name)
    return previews.with_calendar(name, body) if kind == CALENDAR else previews.with_policy(name, position, body)
