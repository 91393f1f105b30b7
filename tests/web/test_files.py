"""Every file that is streamed comes whole when it is read as a server reads it: after its request has been settled."""

import ast
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder
from werkzeug.wsgi import ClosingIterator

from console.alerts import actions as alerts
from console.alerts.actions import triage
from console.infra.actor import SYSTEM
from console.infra.db import Model
from console.infra.transaction import unit
from console.tickets.actions import promises, tickets
from console.tickets.actions.tickets import TicketWanted
from console.tickets.rules.history import Event, Kind
from tests.alerts.making import OLU, alert
from tests.conftest import NOON, Clock, give_session, make_cast
from tests.test_architecture import CONSOLE, modules
from tests.tickets.making import ALWAYS, calendar_body, policy_body
from tests.tickets.sources.test_csv import take, upload

MANY = 3
LAST_MONTH = NOON - timedelta(days=40)


def make_alerts() -> None:
    with unit():
        for number in range(MANY):
            one = alert(NOON - timedelta(hours=5), task=f"task {number}")
            triage.acknowledge(one, by=OLU, at=NOON - timedelta(hours=4))
            if number:
                triage.resolve(one, by=OLU, at=NOON - timedelta(hours=2))
        while alerts.count_next(at=NOON):
            pass


def make_tickets() -> None:
    body = policy_body()
    solved = [Event("1", LAST_MONTH + timedelta(hours=1), Kind.RESOLVED)]
    with unit():
        promises.put_calendar("office", calendar_body(ALWAYS), by=SYSTEM, at=NOON)
        promises.put_policy("gold", body.pop("position"), body, by=SYSTEM, at=NOON)
        for number in range(MANY):
            tickets.put(
                [
                    TicketWanted("desk", f"open {number}", NOON, given={"subject": "Dark"}),
                    TicketWanted("desk", f"solved {number}", LAST_MONTH, given={"subject": "Light"}, events=solved),
                ],
                at=NOON,
            )


@pytest.fixture
def filled(committed: Flask, clock: Clock) -> dict[str, Any]:
    """A console with something to tell in each of its files; returns what addresses name."""
    make_alerts()
    make_tickets()
    return {"import_id": take(upload()).id}


@contextmanager
def read_again() -> Iterator[list[object]]:
    """Rows whose values had expired and were asked for once more."""
    found: list[object] = []

    def note(row: object, *_: object) -> None:
        found.append(row)

    event.listen(Model, "refresh", note, propagate=True)
    yield found
    event.remove(Model, "refresh", note)


def as_a_server(app: Flask, path: str, cookie: str) -> tuple[str, str, bytes, list[object]]:
    """Status, type and body of an answer whose body is read when its request is over, and the rows read again."""
    started: list[tuple[str, dict[str, str]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        started.append((status, dict(headers)))

    environ = EnvironBuilder(path, headers=[("Cookie", f"session={cookie}")]).get_environ()
    with closing(ClosingIterator(app.wsgi_app(environ, start))) as body, read_again() as again:  # type: ignore[arg-type]
        told = b"".join(body)
    status, headers = started[0]
    return status, headers["Content-Type"], told, again


def addresses(app: Flask, known: dict[str, Any]) -> Iterator[tuple[Rule, str]]:
    """All that can be asked for by GET; what is not known is 1."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            given = {name: known.get(name, 1) for name in rule.arguments}
            yield rule, app.url_map.bind("localhost").build(rule.endpoint, given, force_external=False)


def test_every_file_is_whole_when_its_request_is_over(committed: Flask, filled: dict[str, Any]) -> None:
    signed_in = give_session(committed.test_client(), make_cast().ada).get_cookie("session")
    assert signed_in is not None
    found = []
    for rule, path in addresses(committed, filled):
        status, kind, body, again = Context().run(as_a_server, committed, path, signed_in.value)
        if not (rule.rule.endswith(".csv") or kind.startswith("text/csv")):
            continue
        found.append(rule.endpoint)
        assert (status, kind) == ("200 OK", "text/csv; charset=utf-8"), path
        # A head, and something below it.
        assert len(body.splitlines()) > 1, path
        assert again == [], path
    assert len(found) == len(set(found)) >= 8


def test_files_are_streamed_from_one_place() -> None:
    named = [
        str(path.relative_to(CONSOLE))
        for path in modules()
        if any(
            isinstance(node, ast.alias) and node.name == "stream_with_context"
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]
    assert named == ["web/files.py"]
