"""The pages of watched brokers in a browser: accessible in both themes, no wider than a phone, live."""

from datetime import timedelta

from playwright.sync_api import expect

from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.brokers import parse
from console.infra.transaction import unit
from console.queues import actions
from console.queues.rules.brokers import Kind
from console.queues.rules.samples import LostJob, Match, QueueSeen, Sample, ScheduleSeen, WorkerNow
from tests.conftest import Cast
from tests.e2e.conftest import Visit
from tests.e2e.test_accessible import faults

PAGES = (
    "/queues",
    "/queues/brokers/new",
    "/queues/brokers/new?kind=celery",
    "/queues/brokers/console",
    "/queues/brokers/billing",
    "/queues/brokers/billing/edit",
    "/queues/brokers/gone",
    "/queues/brokers/shop",
    "/queues/brokers/shop/failed?queue=celery",
    "/queues/brokers/gone/failed?queue=mails",
)


def watch(name: str, kind: Kind = Kind.RQ, *, db: int) -> None:
    """A broker somewhere that is never asked here: pages show what was seen."""
    url = f"redis://192.0.2.7:6379/{db}"
    wanted = actions.BrokerWanted(kind=kind, service=name, url=url, address=parse(url))
    with unit():
        actions.put_broker(name, wanted, by=SYSTEM, at=clock.now())


def seen(name: str, sample: Sample, error: str = "") -> None:
    """What the scheduler's look found, and what it found last."""
    with unit():
        actions.claim_look(name, at=clock.now(), every=timedelta(0))
        actions.keep_sample(name, sample, seconds=0.004, at=clock.now())
        if error:
            actions.keep_failure(name, error, at=clock.now())


def full() -> Sample:
    """Everything that a page can show of RQ, with long names."""
    at = clock.now()
    task = "billing.tasks.invoices.send_the_monthly_invoice_to_everybody"
    return Sample(
        at=at,
        version="7.2.4",
        queues=[
            QueueSeen("mails", 8, at, 1, 2, 200_000, 10.5, 6.0, 2.0, at_least=True),
            QueueSeen("a-queue-with-a-rather-long-name.of.a.service", 0, running=0, later=0, failed=0),
        ],
        workers=[
            WorkerNow("2422e162788846bd8ae41d735fc05743", ("mails",), "busy", "job-1", task, "host", 7, at, 5, 1),
            WorkerNow("f86c415f5a9d40cc8aa2f6d90c2d9c35", gone=True),
        ],
        schedules=[ScheduleSeen(task, "rq cron", "cron 0 5 * * *", "mails", at, at + timedelta(hours=5))],
        lost=[LostJob("3a75a450-9fa9-4722-851a-345c1792ab0a", "mails", task, "w-1", "RQ waits.", at)],
    )


def everything() -> None:
    """An RQ that answers, one that is away, a Celery, and our own with a difference."""
    watch("billing", db=0)
    watch("gone", db=1)
    watch("shop", Kind.CELERY, db=2)
    seen("billing", full())
    seen("gone", full(), "No answer in time.")
    seen("shop", Sample(at=clock.now(), queues=[QueueSeen("celery", 4)], announced=1, notes=("It has no clock.",)))
    match = Match(rows=2, bells=3, no_bell=1, no_row=1, rows_without=("9b2f1a52-5b3e-4a6c-9d3a-000000000000",))
    seen("console", Sample(at=clock.now(), queues=[QueueSeen("stranger", 3, running=0)], match=match))


def test_every_page_of_a_broker_is_accessible(visit: Visit, people: Cast) -> None:
    everything()
    assert faults(visit(people.ada), PAGES) == {}


def test_a_broker_that_goes_away_shows_without_a_reload(visit: Visit, people: Cast) -> None:
    everything()
    page = visit(people.vi).open("/queues/brokers/billing")
    expect(page.locator("#broker-board")).to_contain_text("Answers")
    seen("billing", full(), "No answer in time.")
    expect(page.locator("#broker-board")).to_contain_text("billing does not answer.")
    expect(page.locator("#broker-board")).to_contain_text("mails")
