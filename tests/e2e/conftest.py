"""A real browser on a real console. Script errors and breaches of the content policy fail the test."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from console.accounts import actions as accounts
from console.accounts.models import User
from console.alerts import actions as alerts
from console.alerts.models import SilenceKind
from console.alerts.rules.failure import Failure
from console.alerts.rules.heartbeats.address import Address
from console.alerts.rules.heartbeats.beats import Kind
from console.alerts.rules.heartbeats.wanted import Wanted
from console.alerts.rules.silences.matchers import Matcher, Op
from console.alerts.rules.silences.wanted import Wanted as Silencing
from console.alerts.rules.states import Severity
from console.infra import clock
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db
from console.tickets.actions import promises
from tests.conftest import Cast, make_cast

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/.venv/lib/python3.11/site-packages/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
  File "/srv/app/documents/layout.py", line 142, in build_layout
    margins = page["margins"]
KeyError: 'margins'
"""


# In ms: machines that run tests run many at once.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


# Nothing may go out: not to look up hosts, not to update.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, before `-m` chooses."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("e2e")


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, else Playwright's own; without any these tests fail, for pages must be looked at."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_chromium(), args=ARGUMENTS)
        yield started
        started.close()


class Whole:
    """`app` with each answer read and closed before it is sent. `threads` have answered, or still do.

    Werkzeug 3.1 reads what is left on the connection before it closes an answer, and does not close it when that fails,
    as it does when a browser has gone: the file would be left to the collector. Gunicorn, which we run, always closes.
    """

    def __init__(self, app: Flask) -> None:
        self.app, self.threads = app, list[Thread]()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        self.threads.append(current_thread())
        with closing(ClosingIterator(self.app(environ, start_response))) as parts:
            return list(parts)


@pytest.fixture
def url(committed: Flask) -> Iterator[str]:
    """Where the console answers."""
    app = Whole(committed)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    # A request that nobody waits for any more would meet tables that are being emptied.
    for answering in app.threads:
        answering.join()


@pytest.fixture
def people(committed: Flask) -> Cast:
    return make_cast()


def come_true(page: Page, script: str) -> None:
    """Wait until `script` is true. Playwright's wait_for_function would break our policy: it evaluates in the page."""
    until = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(script):
        assert time.monotonic() < until, script
        page.wait_for_timeout(50)


@dataclass
class Visitor:
    """A browser of somebody signed in. `complaints` is what it found wrong with our pages."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str]

    def open(self, path: str) -> Page:
        """Open a page and wait until the scripts have taken hold."""
        self.page.goto(self.url + path)
        come_true(self.page, "window.Idiomorph !== undefined")
        return self.page


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Visit]:
    """`visit(user, color_scheme="dark", …)`: a browser with a session of `user`; None signs nobody in."""
    visitors: list[Visitor] = []

    def make(user: User | None, **options: Any) -> Visitor:
        context = browser.new_context(**{"timezone_id": "Europe/Berlin", **options})
        if user is not None:
            context.add_cookies([{"name": "session", "value": session_of(user), "url": url}])
        context.set_default_timeout(PATIENCE)
        page, complaints = context.new_page(), list[str]()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        visitors.append(Visitor(context, page, url, complaints))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


def session_of(user: User) -> str:
    by = Actor(kind="anonymous", id=None, label="anonymous", ip="127.0.0.1")
    secret = accounts.start(user, by=by, user_agent="e2e", how="password")
    db.session.commit()
    return secret


def fail(number: int = 0, **given: Any) -> int:
    """One failure of its own cause; returns the alert's id."""
    values: dict[str, Any] = {
        "service": "documents",
        "task": f"documents.tasks.render_{number}",
        "exception_type": "KeyError",
        "message": f"'margins' of part {'abcdefghijklmnopqrstuvwxyz'[number % 26]}",
        "severity": Severity.ERROR,
        "kwargs": {"document": 7, "password": "swordfish"},
        "occurred_at": clock.now(),
        **given,
    }
    result = alerts.ingest([Failure(**values)], at=clock.now())
    db.session.commit()
    return result.alerts[0]


def hush(service: str = "documents") -> int:
    """A silence of a service, of two hours; returns its id."""
    asked = Silencing([Matcher("service", Op.IS, service)], clock.now() + timedelta(hours=2), "a deployment")
    made = alerts.create_silence(SilenceKind.SILENCE, asked, by=SYSTEM, at=clock.now())
    db.session.commit()
    return made.id


def promise() -> None:
    """A calendar "office" with a holiday and an exception, and a policy "gold" that counts by it."""
    holidays = [{"date": "2026-12-25", "name": "Christmas"}, {"date": "2026-12-26", "name": "", "enabled": False}]
    body: dict[str, Any] = {"timezone": "Europe/Berlin", "hours": {"mon": [["08:00", "12:00"], ["13:00", "18:00"]]}}
    body |= {"holidays": holidays, "exceptions": {"2026-12-24": [["08:00", "12:00"]]}}
    promises.put_calendar("office", body, by=SYSTEM, at=clock.now())
    targets = {"default": {"first_response": 60, "resolution": 480}, "urgent": {"first_response": 15}}
    policy: dict[str, Any] = {"calendar": "office", "match": {"organization": ["Acme"]}, "targets": targets}
    policy |= {"paused_statuses": ["pending"], "at_risk": {"fraction": 0.25}}
    promises.put_policy("gold", None, policy, by=SYSTEM, at=clock.now())
    db.session.commit()


def beat(name: str = "Nightly backup") -> int:
    """A heartbeat whose last run failed and said so; returns its id."""
    wanted = Wanted(name=name, slug=name.lower().replace(" ", "-"), cron="30 2 * * *", period_seconds=None)
    made = alerts.create_heartbeat(wanted, by=SYSTEM, at=clock.now())
    said = alerts.Ping(Kind.FAIL, clock.now(), exit_code=3, agent="curl/8.5.0", body=b"disk full on db-1")
    alerts.ping(Address(made.uuid, "", "", Kind.FAIL), said)
    db.session.commit()
    return made.id
