"""The pages of sources and files of tickets in a browser: accessible in both themes, no wider than a phone."""

from datetime import timedelta

from console.infra import clock, crypto
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.transaction import unit
from console.tickets.actions import following, imports
from console.tickets.forms.sources import COLUMNS, EXAMPLE
from console.tickets.models import TicketSource
from console.tickets.rules.sources.feed import Batch, Reject
from console.tickets.rules.sources.rows import RESOLVED
from tests.conftest import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_accessible import faults

PAGES = (
    "/tickets/sources",
    "/tickets/sources/helpdesk",
    "/tickets/sources/zammad",
    "/tickets/sources/helpdesk/edit",
    "/tickets/new-source",
    "/tickets/new-source?kind=zammad",
    "/tickets/imports",
    "/tickets/imports/{import_id}",
)


def follow(name: str, kind: str) -> None:
    options = {"timezone": "UTC", "resolved_statuses": list(RESOLVED), "overlap_seconds": 120}
    with unit():
        row = TicketSource(
            name=name, kind=kind, url=crypto.seal("x"), place="db.helpdesk.example.org:5432/helpdesk",
            options=options | ({"query": EXAMPLE, "columns": COLUMNS} if kind == "sql" else {}), interval_seconds=60,
            enabled=True, next_at=clock.now(), last_rows=0, rows=0, failures=0, rejected=0, rejects=[],
            created_at=clock.now(), updated_at=clock.now(),
        )  # fmt: skip
        db.session.add(row)


def everything() -> int:
    """One that follows, one that fails, and a file."""
    follow("helpdesk", "sql")
    follow("zammad", "zammad")
    with unit():
        leases = following.claim(at=clock.now(), most=9)
        feeds = [db.session.get_one(TicketSource, number).feed for number, _ in leases]
    refused = [Reject("8812", "subject: it is empty")]
    cursor = {"at": "2026-11-21T12:00:00Z", "id": "1", "more": False}
    with unit():
        for feed, (_, lease) in zip(feeds, leases, strict=True):
            if feed.name == "helpdesk":
                following.keep(feed, lease, Batch([], refused, cursor, more=False), at=clock.now())
            else:
                following.fail(
                    feed, lease, "It is out of order: it answered 503.", at=clock.now() - timedelta(minutes=3)
                )
    body = "Ticket ID;Subject;Status;Created\n1;Printer;open;2026-11-21T10:00Z\n;No key;open;2026-11-21T10:00Z\n"
    with unit():
        return imports.upload("zendesk", "export.csv", body.encode(), by=SYSTEM, at=clock.now()).id


def test_they_are_accessible_and_fit(visit: Visit, people: Cast) -> None:
    assert faults(visit(people.ada), PAGES, import_id=everything()) == {}
