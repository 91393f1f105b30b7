"""Tickets: a rebuild of all open ones after an edit, and the queue: `python bench/sla.py [TICKETS [OPEN]]`.

A million tickets, 100,000 of them open with three events each, three policies, a calendar in Berlin with a lunch break
and holidays. The rebuild runs as in a worker, a unit a batch. Floor: rewriting the same rows' deadlines in as many
statements. Lists: thirty times each, p95 of the wall-clock time, by a signed-in viewer and over the API.
"""

import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select, text

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.poll import session
from bench.stand import UNLIMITED, Stand, family_cpu, keep, stand
from console.accounts import actions as accounts
from console.app import create_app
from console.infra import clock, log
from console.infra.actor import SYSTEM, Scope
from console.infra.jobs import JobContext
from console.infra.transaction import unit
from console.tickets import jobs
from console.tickets.actions import promises, rebuilds
from console.tickets.models import Ticket

TIMES = 30
DAYS = ("mon", "tue", "wed", "thu", "fri")
PAGES = {
    "all": "",
    "state at risk": "state=at_risk",
    "state breached": "state=breached",
    "assignee": "assignee=agent-7@example.com",
    "priority": "priority=urgent",
    "organization": "organization=Org 17",
    "policy": "policy=gold",
    "due soon": "due_before={soon}",
    "source": "source=zendesk",
}
TICKETS = text("""
    INSERT INTO tickets (source, external_id, subject, organization, tags, status, priority, assignee, initial_status,
                         created_at, received_at, changed_at, resolved_at, clocks, state, told, alarmed)
    SELECT (ARRAY['zendesk', 'zammad'])[1 + n % 2], n::text, 'Ticket number ' || n || ' about a printer',
           'Org ' || n % 200, ARRAY['tag' || n % 20], CASE WHEN n <= :open THEN 'open' ELSE 'solved' END,
           (ARRAY['low', 'normal', 'high', 'urgent'])[1 + n % 4], 'agent-' || n % 40 || '@example.com', 'new',
           at, at, at, CASE WHEN n > :open THEN at + interval '2 hours' END,
           '{"first_response": {"phase": "none"}, "next_response": {"phase": "none"}, "resolution": {"phase": "none"}}',
           CASE WHEN n > :open THEN 'met' ELSE 'none' END, '{}', false
    FROM (SELECT n, now() - CASE WHEN n <= :open THEN n * interval '5 seconds' ELSE n * interval '1 minute' END AS at
          FROM generate_series(1, :count) AS n) AS made
""")
EVENTS = text("""
    INSERT INTO ticket_events (ticket_id, ours, event_id, at, kind, value, received_at)
    SELECT id, false, kind, created_at + after, kind, value, created_at
    FROM tickets, (VALUES ('customer_message', NULL, interval '1 second'), ('agent_reply', NULL, interval '40 minutes'),
                          ('status', 'open', interval '50 minutes')) AS told (kind, value, after)
    WHERE resolved_at IS NULL
""")
FLOOR = text("""
    UPDATE tickets SET next_due_at = next_due_at + interval '1 second', breach_at = breach_at + interval '1 second',
                       sweep_at = sweep_at + interval '1 second'
    WHERE resolved_at IS NULL AND id > :after AND id <= :after + :batch
""")


def calendar(*closed: str) -> dict[str, Any]:
    """Business hours with a break, and holidays."""
    holidays = [{"date": f"{year}-12-{day}", "name": "Christmas"} for year in (2025, 2026, 2027) for day in (25, 26)]
    hours = {day: [["08:00", "12:00"], ["13:00", "18:00"]] for day in DAYS}
    return {
        "timezone": "Europe/Berlin",
        "hours": hours,
        "holidays": holidays,
        "exceptions": {day: [] for day in closed},
    }


def promise() -> None:
    """The calendar and three policies, before there is any ticket."""
    with unit():
        promises.put_calendar("office", calendar(), by=SYSTEM, at=clock.now())
        for number, (name, match) in enumerate(
            (("gold", {"organization": [f"Org {n}" for n in range(20)]}), ("vip", {"tags": ["tag1"]}), ("all", {}))
        ):
            targets = {"default": {"first_response": 60 * (number + 1), "next_response": 240, "resolution": 2_400}}
            body = {"calendar": "office", "match": match, "targets": targets, "paused_statuses": ["pending"]}
            promises.put_policy(name, number, body | {"at_risk": {"fraction": 0.25}}, by=SYSTEM, at=clock.now())


def fill(on: Stand, count: int, opened: int) -> None:
    """Tickets and events, in statements of the server's own."""
    engine = create_engine(on.settings.database_owner_url)
    with engine.begin() as connection:
        connection.execute(TICKETS, {"count": count, "open": opened})
        connection.execute(EVENTS)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def timed(on: Stand, work: Callable[[], Any]) -> dict[str, float]:
    """Seconds of wall clock, and of CPU of this process and of PostgreSQL."""
    wall, own, database = time.monotonic(), time.process_time(), family_cpu(on.postmaster)
    work()
    return {
        "seconds": round(time.monotonic() - wall, 1),
        "cpu_seconds": round(time.process_time() - own, 1),
        "postgres_cpu_seconds": round(family_cpu(on.postmaster) - database, 1),
    }


def rebuild(*closed: str) -> None:
    """Save the calendar with these days closed and count all open tickets anew."""
    with unit():
        asked = promises.put_calendar("office", calendar(*closed), by=SYSTEM, at=clock.now()).rebuild
        assert asked is not None
        rebuild_id = asked.id
    jobs.rebuild_clocks(JobContext(job_id=uuid.uuid4(), attempt=1, max_attempts=1, actor=SYSTEM), rebuild_id)


def rewrite(opened: int) -> None:
    """The floor: the same rows, rewritten without a thought."""
    for after in range(0, opened, rebuilds.BATCH):
        with unit() as writing:
            writing.execute(FLOOR, {"after": after, "batch": rebuilds.BATCH})


def lists(on: Stand, client: Any, secret: str) -> dict[str, Any]:
    """Each list, thirty times by page and by API."""
    soon = (datetime.now(UTC) + timedelta(hours=4)).isoformat().replace("+00:00", "Z")
    found = {}
    for name, question in PAGES.items():
        asked = question.format(soon=soon)
        api = asks(on, client, f"/api/v1/tickets?{asked}", {"Authorization": f"Bearer {secret}"})
        found[name] = {"page": asks(on, client, f"/tickets?{asked}", {}), "api": api}
    return found


def asks(on: Stand, client: Any, address: str, headers: dict[str, str]) -> dict[str, float]:
    """Milliseconds below which 95 of a hundred answers come, and CPU of this process and PostgreSQL for each."""
    took = []
    client.get(address, headers=headers)
    own, database = time.process_time(), family_cpu(on.postmaster)
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = client.get(address, headers=headers)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(answer.get_data(as_text=True)[:300])
    cpu = time.process_time() - own + family_cpu(on.postmaster) - database
    return {"p95_ms": round(statistics.quantiles(took, n=20)[-1], 1), "cpu_ms": round(cpu * 1000 / TIMES, 1)}


def main(count: int, opened: int) -> None:
    """Fill, measure, print."""
    with stand() as on:
        app = create_app(on.settings.model_copy(update={"secret_key": "bench" * 8, "rate_limit_api": UNLIMITED}))
        log.configure(on.settings.model_copy(update={"log_level": "WARNING"}))
        with app.app_context():
            promise()
            fill(on, count, opened)
            today, later = (datetime.now(UTC) + timedelta(days=days) for days in (1, 2))
            rows = {
                "first count": timed(on, lambda: rebuild(f"{today:%Y-%m-%d}")),
                "rebuild after an edit": timed(on, lambda: rebuild(f"{today:%Y-%m-%d}", f"{later:%Y-%m-%d}")),
                "floor: the same rows rewritten": timed(on, lambda: rewrite(opened)),
            }
            with unit() as reading:
                assert reading.scalars(select(Ticket.id).where(Ticket.next_due_at.is_not(None)).limit(1)).all()
                _, secret = accounts.create_token("bench", [Scope.READ], by=SYSTEM)
        vacuum(on)
        client = app.test_client()
        client.set_cookie("session", session(on.settings))
        pages = lists(on, client, secret)
    show(count, opened, rows, pages)
    keep("sla", {"tickets": count, "open": opened, "rebuild": rows, "lists": pages})


def vacuum(on: Stand) -> None:
    """As autovacuum would have done a minute later."""
    engine = create_engine(on.settings.database_owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE tickets"))
    engine.dispose()


def show(count: int, opened: int, rows: dict[str, Any], pages: dict[str, Any]) -> None:
    """Two tables."""
    print(
        f"| {opened:,} open tickets of {count:,} | seconds | CPU s, worker | CPU s, PostgreSQL |",
        "|---|---:|---:|---:|",
        sep="\n",
    )
    for name, row in rows.items():
        print(f"| {name} | {row['seconds']} | {row['cpu_seconds']} | {row['postgres_cpu_seconds']} |")
    print(
        f"\n| 50 tickets of {count:,} | page p95 ms | CPU ms | API p95 ms | CPU ms |",
        "|---|---:|---:|---:|---:|",
        sep="\n",
    )
    for name, each in pages.items():
        page, api = each["page"], each["api"]
        print(f"| {name} | {page['p95_ms']} | {page['cpu_ms']} | {api['p95_ms']} | {api['cpu_ms']} |")


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    main(*(arguments + [1_000_000, 100_000][len(arguments) :]))
