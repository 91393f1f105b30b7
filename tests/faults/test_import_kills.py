"""Kill -9 of a worker in the midst of a file's rows: none is lost or taken twice, and how far it is stays true."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select, text, update

from console.config import Settings
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs import Job, JobState
from console.infra.transaction import unit
from console.tickets.actions import imports
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketWanted
from console.tickets.jobs import importing
from console.tickets.models import ImportReject, Ticket, TicketEvent, TicketImport
from console.tickets.queries import imports as reads
from tests.conftest import Database, give_session, make_cast
from tests.faults.processes import Processes, eventually, kill_tree
from tests.faults.test_kill_under_load import RECOVERY_SECONDS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

ROWS, BAD_EVERY, AGAIN_EVERY = 3_200, 7, 50
CREATED = datetime(2026, 11, 2, 9, tzinfo=UTC)
# Known tickets in the middle of the third and of the sixth batch: who locks one holds the worker there.
HELD = (1_250, 2_750)
WAITS = """SELECT count(*) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM tickets%'"""
assert not any(n % BAD_EVERY == 0 for n in HELD)


def bad(number: int) -> bool:
    return number % BAD_EVERY == 0


def line(number: int, word: str = "first") -> str:
    """A row of the file; every seventh has no instant."""
    at = (CREATED + timedelta(minutes=number)).isoformat()
    told = (CREATED + timedelta(days=3 if word == "first" else 4, minutes=number)).isoformat()
    state = "closed" if number % 3 == 0 else "open"
    return f"{number},T {number} {word},{state},{'soon' if bad(number) else at},{told}\n"


def body() -> bytes:
    """Thousands of rows, after which every fiftieth ticket stands a second time."""
    rows = [line(n) for n in range(1, ROWS + 1)]
    again = [line(n, "second") for n in range(1, ROWS + 1) if n % AGAIN_EVERY == 0]
    return "".join(["id,subject,status,created_at,updated_at\n", *rows, *again]).encode()


def expected() -> dict[str, str]:
    """The subject of each ticket when all is taken."""
    words = {n: "second" if n % AGAIN_EVERY == 0 else "first" for n in range(1, ROWS + 1) if not bad(n)}
    return {str(n): f"T {n} {word}" for n, word in words.items()}


def start() -> tuple[int, uuid.UUID]:
    """A file that is to be taken; the tickets at which it can be held are there already."""
    with unit():
        known = [TicketWanted("desk", str(n), CREATED + timedelta(minutes=n), given={"subject": "old"}) for n in HELD]
        actions.put(known, at=clock.now())
        found = imports.upload("desk", "tickets.csv", body(), by=SYSTEM, at=clock.now())
        importing.start(found, by=SYSTEM)
        assert found.job_id is not None
        return found.id, found.job_id


@contextmanager
def held(database: Database, number: int) -> Iterator[None]:
    """A ticket is locked by somebody else."""
    engine = create_engine(database.app_url)
    with engine.begin() as other:
        other.execute(text("SELECT id FROM tickets WHERE external_id = :id FOR UPDATE"), {"id": str(number)})
        yield
    engine.dispose()


def waiting() -> bool:
    with unit() as session:
        return bool(session.scalar(text(WAITS)))


def look(import_id: int) -> tuple[TicketImport, Job]:
    with unit() as session:
        found = reads.get(import_id)
        job = reads.job_of(found)
        assert job is not None
        session.expunge_all()
    return found, job


def subjects() -> dict[str, str]:
    with unit() as session:
        return {row.external_id: row.subject for row in session.execute(select(Ticket.external_id, Ticket.subject))}


def check_midst(import_id: int, number: int) -> None:
    """What is told in the midst of a batch: whole batches, and nothing of the one that goes on."""
    found, job = look(import_id)
    done = (number - 1) // importing.BATCH * importing.BATCH
    assert (found.state, found.done) == ("importing", done)
    assert found.rejected == sum(bad(n) for n in range(1, done + 1))
    assert (job.progress or 0.0) <= done / found.total
    taken = {n for n, subject in subjects().items() if subject != "old"}
    assert taken == {str(n) for n in range(1, done + 1) if not bad(n)}


def check_end(import_id: int) -> None:
    """Each good row was taken, each bad one told, once."""
    found, _ = look(import_id)
    good, again = ROWS - ROWS // BAD_EVERY, range(AGAIN_EVERY, ROWS + 1, AGAIN_EVERY)
    refused = [1 + n for n in range(1, ROWS + 1) if bad(n)]
    refused += [1 + ROWS + place for place, n in enumerate(again, 1) if bad(n)]
    assert (found.state, found.done, found.total) == ("done", found.total, ROWS + len(again))
    assert (found.created, found.rejected) == (good - len(HELD), len(refused))
    assert subjects() == expected()
    with unit() as session:
        assert list(session.scalars(select(ImportReject.line).order_by(ImportReject.line))) == refused
        per_ticket = select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == "resolved")
        resolved = [n for n in range(1, ROWS + 1) if n % 3 == 0 and not bad(n)]
        assert session.scalar(per_ticket) == len(resolved)


@pytest.fixture
def running(committed: Flask, settings: Settings) -> Iterator[Processes]:
    with Processes(settings) as started:
        started.start("scheduler")
        yield started


def test_an_import_goes_on_where_its_worker_was_killed(running: Processes, database: Database) -> None:
    import_id, job_id = start()
    for number in HELD:
        with held(database, number):
            worker = running.start("worker")
            eventually(waiting, within=RECOVERY_SECONDS)
            kill_tree(worker)
            check_midst(import_id, number)
        eventually(lambda: not waiting(), within=RECOVERY_SECONDS)
        check_midst(import_id, number)
    running.start("worker")
    eventually(lambda: look(import_id)[1].finished, within=RECOVERY_SECONDS)
    check_end(import_id)
    job = look(import_id)[1]
    assert (job.id, job.state, job.progress) == (job_id, JobState.SUCCEEDED, 1.0)
    assert job.attempt > len(HELD)


def test_one_that_ended_for_good_says_so_and_goes_on_when_told_to(
    running: Processes, database: Database, committed: Flask
) -> None:
    import_id, job_id = start()
    with unit() as session:
        session.execute(update(Job).where(Job.id == job_id).values(attempts_allowed=1))
    with held(database, HELD[0]):
        worker = running.start("worker")
        eventually(waiting, within=RECOVERY_SECONDS)
        kill_tree(worker)
        eventually(lambda: look(import_id)[1].finished, within=RECOVERY_SECONDS)
    assert look(import_id)[1].state is JobState.FAILED
    client = give_session(committed.test_client(), make_cast().ada)
    db.session.rollback()
    page = client.get(f"/tickets/imports/{import_id}").text
    assert "Its job ended early." in page
    assert "What was taken stays; it goes on where it stopped." in page
    assert client.post(f"/tickets/imports/{import_id}/run").status_code == 303
    running.start("worker")
    eventually(lambda: look(import_id)[0].state == "done", within=RECOVERY_SECONDS)
    check_end(import_id)
