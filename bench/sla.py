"""Tickets: every page, rebuilds, sweeps and ingest: `python bench/sla.py [TICKETS [OPEN [FOLDER]]]`.

A million tickets, 100,000 of them open (bench/tickets.py says what they are), kept in FOLDER for the next run. Pages:
thirty times each by a signed-in viewer or over the API, p95 of the wall-clock time and CPU of this process and
PostgreSQL. The rebuild runs as in a worker, a unit a batch; its floor is to rewrite the same rows' deadlines in as many
statements. The sweep finds all open tickets late at one instant, and ingest is batches of 100: both on tickets of their
own, thrown away.
"""

import re
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select, text

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.poll import session
from bench.stand import UNLIMITED, Stand, family_cpu, keep, stand
from bench.tickets import LONG, calendar, fill, vacuum
from console.accounts import actions as accounts
from console.alerts.models import Alert
from console.app import create_app
from console.infra import clock, log, memory
from console.infra.actor import SYSTEM, Scope
from console.infra.jobs import JobContext
from console.infra.transaction import unit
from console.oncall.actions import telling
from console.tickets import jobs
from console.tickets.actions import promises, rebuilds
from console.tickets.models import SlaBreach

TIMES = 30
QUEUE = {
    "no filter": "",
    "state breached": "state=breached",
    "state at risk": "state=at_risk",
    "state on track": "state=ok",
    "state paused": "state=paused",
    "state met": "state=met",
    "owner": "assignee=agent-7@example.com",
    "nobody": "assignee=none",
    "priority": "priority=urgent",
    "organization": "organization=Org 17",
    "policy": "policy=policy 0",
    "source": "source=jira",
    "due within four hours": "due_before={soon}",
    "nobody's, urgent, at risk": "assignee=none&priority=urgent&state=at_risk",
    "organization, owner": "organization=Org 17&assignee=agent-17@example.com",
}
REPORTS = {f"by {by}": f"by={by}" for by in ("policy", "priority", "organization", "assignee", "week")}
DRILLS = {
    "all": "",
    "broken": "broken=yes",
    "one policy's broken": "by=policy&value=policy 3&broken=yes",
    "one organization's": "by=organization&value=Org 17",
    "one owner's": "by=assignee&value=agent-7@example.com",
    "late by 8 h": "late=4",
}
FLOOR = text("""
    UPDATE tickets SET next_due_at = next_due_at + interval '1 second', breach_at = breach_at + interval '1 second',
                       sweep_at = sweep_at + interval '1 second'
    WHERE resolved_at IS NULL AND id > :after AND id <= :after + :batch
""")
BATCH = 100
Row = dict[str, Any]


class Bench:
    """A filled console, a signed-in reader and a program with a token."""

    def __init__(self, on: Stand, app: Flask) -> None:
        self.on, self.app = on, app
        self.client = app.test_client()
        self.client.set_cookie("session", session(on.settings, int(time.time())))
        with app.app_context(), unit():
            _, secret = accounts.create_token(f"bench-{time.time()}", [Scope.READ, Scope.INGEST], by=SYSTEM)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, address: str) -> Row:
        """One page, so many times."""
        headers = self.headers if address.startswith("/api") else {}
        # One reader looks at more pages here than anybody may in a minute.
        self.app.extensions["console.limiter"].reset()
        took = []
        self.client.get(address, headers=headers)
        own, database = time.process_time(), family_cpu(self.on.postmaster)
        for _ in range(TIMES):
            began = time.perf_counter()
            answer = self.client.get(address, headers=headers, buffered=True)
            took.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{address}: {answer.get_data(as_text=True)[:300]}")
        web = time.process_time() - own
        postgres = family_cpu(self.on.postmaster) - database
        p95, median = statistics.quantiles(took, n=20)[-1], statistics.median(took)
        return {
            "median_ms": round(median, 1),
            "p95_ms": round(p95, 1),
            "cpu_ms": round((web + postgres) * 1000 / TIMES, 1),
            "cpu_ms_postgres": round(postgres * 1000 / TIMES, 1),
        }

    def following(self, address: str, rel: str, pages: int = 3) -> str:
        """Where a reader is after so many times "later" or "earlier"."""
        for _ in range(pages):
            found = re.search(rf'href="([^"]+)" rel="{rel}"', self.client.get(address).text)
            if found is None:
                raise RuntimeError(f"{address} has no {rel} page")
            address = unescape(found[1])
        return address

    def within(self, count: int, work: Callable[[], Any]) -> Row:
        """The same as `timed` for what is no request."""
        with self.app.app_context():
            return self.timed(count, work)

    def timed(self, count: int, work: Callable[[], Any]) -> Row:
        """Seconds of wall clock, CPU of this process and of PostgreSQL, and both for each of `count`."""
        wall, own, database = time.monotonic(), time.process_time(), family_cpu(self.on.postmaster)
        work()
        own, database = time.process_time() - own, family_cpu(self.on.postmaster) - database
        return {
            "seconds": round(time.monotonic() - wall, 1),
            "cpu_seconds": round(own, 1),
            "postgres_cpu_seconds": round(database, 1),
            "cpu_ms_each": round((own + database) * 1000 / count, 3),
        }


@contextmanager
def bench(count: int, opened: int, folder: Path | None) -> Iterator[Bench]:
    """A console with so many tickets."""
    with stand(folder) as on:
        settings = on.settings.model_copy(
            update={"secret_key": "bench" * 8, "rate_limit_api": UNLIMITED, "rate_limit_ingest": UNLIMITED}
        )
        app = create_app(settings)
        log.configure(settings.model_copy(update={"log_level": "WARNING"}))
        with app.app_context():
            fill(on, count, opened)
        # Requests must not share an application context: what one of them knows of its reader would stay.
        yield Bench(on, app)


def addresses(on: Bench) -> dict[str, str]:
    """Every page of tickets by its name."""
    soon = (datetime.now(UTC) + timedelta(hours=4)).isoformat().replace("+00:00", "Z")
    year = f"since={datetime.now(UTC).date() - timedelta(days=365)}&until={datetime.now(UTC).date()}"
    found: dict[str, str] = {}
    for name, question in QUEUE.items():
        found[f"queue: {name}"] = f"/tickets?{question.format(soon=soon)}"
        found[f"API: {name}"] = f"/api/v1/tickets?{question.format(soon=soon)}"
    for state in ("ok", "paused"):
        later = on.following(f"/tickets?state={state}", "next")
        found |= {f"queue: {state}, later": later, f"queue: {state}, earlier": on.following(later, "prev", 1)}
    found |= {"ticket: open": f"/tickets/{LONG + 1}", "ticket: 2,000 events": f"/tickets/{LONG}"}
    found |= {f"report: {name}, a month": f"/tickets/reports?{question}" for name, question in REPORTS.items()}
    found |= {f"report: {name}, a year": f"/tickets/reports?{question}&{year}" for name, question in REPORTS.items()}
    found["report: CSV by organization, a year"] = f"/tickets/reports.csv?by=organization&{year}"
    found["API report: by policy, a month"] = "/api/v1/sla/reports?by=policy"
    found |= {f"drill: {name}, a month": f"/tickets/reports/tickets?{question}" for name, question in DRILLS.items()}
    found |= {
        f"drill: {name}, a year": f"/tickets/reports/tickets?{question}&{year}" for name, question in DRILLS.items()
    }
    return found


def rebuild(*closed: str) -> None:
    """Save the calendars with these days closed and count all open tickets anew."""
    with unit():
        for name in ("office", "east coast"):
            asked = promises.put_calendar(name, calendar(name, *closed), by=SYSTEM, at=clock.now()).rebuild
        assert asked is not None
        rebuild_id = asked.id
    jobs.rebuild_clocks(JobContext(job_id=uuid.uuid4(), attempt=1, max_attempts=1, actor=SYSTEM), rebuild_id)


def rewrite(opened: int) -> None:
    """The floor: the same rows, rewritten without a thought."""
    for after in range(0, opened, rebuilds.BATCH):
        with unit() as writing:
            writing.execute(FLOOR, {"after": after, "batch": rebuilds.BATCH})


def rebuilt(on: Bench, opened: int) -> dict[str, Row]:
    """Rebuilds after two edits and the floor."""
    # One date far away makes it an edit each time; the others move deadlines.
    far = f"{2030 + time.time_ns() % 300}-06-{1 + time.time_ns() % 28:02d}"
    days = [f"{datetime.now(UTC) + timedelta(days=n):%Y-%m-%d}" for n in (1, 2, 3, 4)]
    return {
        "rebuild after an edit": on.within(opened, lambda: rebuild(far, *days)),
        "rebuild after another": on.within(opened, lambda: rebuild(far)),
        "floor: the same rows rewritten": on.within(opened, lambda: rewrite(opened)),
    }


def tell(at: datetime) -> None:
    """Look at all that changed, as the scheduler does beside the sweep."""
    more = True
    while more:
        with unit():
            more = telling.tell(at=at).news > 0


def swept(on: Bench, opened: int) -> dict[str, Row]:
    """All open tickets late at once: told, then saved by an edit."""
    on.within(opened, lambda: rebuild("2026-12-24"))
    late = clock.now() + timedelta(days=400)

    def sweep() -> None:
        # As the scheduler does, by two at once.
        clock.freeze(late)
        jobs.sweep()
        clock.freeze(None)

    found = {"sweep: all late at once, an alert each": on.within(opened, sweep)}
    with on.app.app_context(), unit() as reading:
        alerts = reading.scalar(select(func.count()).select_from(Alert))
        broken = reading.scalar(select(func.count()).select_from(SlaBreach))
    print(f"{alerts} alerts, {broken} breaches")
    found["telling of these alerts, nobody to be told"] = on.within(opened, lambda: tell(late))
    found["rebuild that resolves all these alerts"] = on.within(opened, lambda: rebuild("2026-12-24", "2026-12-23"))
    return found


def taken(on: Bench) -> dict[str, Row]:
    """Batches of a hundred over the API: new, told again, then resolved with what became of two promises each."""
    made = datetime.now(UTC) - timedelta(hours=1)

    def at(minutes: int) -> str:
        return (made + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")

    def ticket(number: int, *events: Row) -> Row:
        said = {"id": "1", "at": at(1), "type": "customer_message"}
        return {
            "source": "bench", "external_id": str(number), "subject": f"Ticket {number}", "created_at": at(0),
            "organization": f"Org {number % 2000}", "priority": "urgent", "assignee": "agent-1@example.com",
            "events": [said, *events],
        }  # fmt: skip

    def send(*events: Row) -> None:
        for batch in range(30):
            body = [ticket(batch * BATCH + number, *events) for number in range(BATCH)]
            answer = on.client.post("/api/v1/tickets", json=body, headers=on.headers)
            if answer.status_code not in {200, 202}:
                raise RuntimeError(answer.get_data(as_text=True)[:300])

    reply, over = ({"id": k, "at": at(n), "type": t} for n, k, t in ((5, "2", "agent_reply"), (9, "3", "resolved")))
    count = 30 * BATCH
    return {
        "ingest: new tickets": on.timed(count, send),
        "ingest: the same again": on.timed(count, send),
        "ingest: a reply each": on.timed(count, lambda: send(reply)),
        "ingest: resolved": on.timed(count, lambda: send(reply, over)),
    }


def main(count: int, opened: int, folder: Path | None) -> None:
    """Fill, measure, print."""
    with bench(count, opened, folder and folder / str(count)) as on:
        work = rebuilt(on, opened)
        vacuum(on.on)
        # As the web processes do.
        memory.settle()
        pages = {name: on.ask(address) for name, address in addresses(on).items()}
    with bench(opened, opened, None) as on:
        work |= taken(on) | swept(on, opened)
    show(opened, count, work, pages)
    keep("sla", {"tickets": count, "open": opened, "work": work, "pages": pages})


def show(opened: int, count: int, work: dict[str, Row], pages: dict[str, Row]) -> None:
    """Two tables."""
    print(
        f"| {opened:,} open tickets of {count:,} | seconds | CPU s, Python | CPU s, PostgreSQL | CPU ms each |",
        "|---|---:|---:|---:|---:|",
        *(f"| {name} | {' | '.join(map(str, row.values()))} |" for name, row in work.items()),
        f"\n| {count:,} tickets | median ms | p95 ms | CPU ms | of it PostgreSQL |",
        "|---|---:|---:|---:|---:|",
        *(f"| {name} | {' | '.join(map(str, row.values()))} |" for name, row in pages.items()),
        sep="\n",
    )


if __name__ == "__main__":
    count, opened = [*map(int, sys.argv[1:3]), *(1_000_000, 100_000)[len(sys.argv[1:3]) :]]
    main(count, opened, Path(sys.argv[3]) if len(sys.argv) > 3 else None)
