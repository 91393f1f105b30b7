"""The list as CSV."""

import csv
import io
from contextvars import Context
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder, run_wsgi_app

from console.alerts import actions, queries
from console.alerts.queries import AlertFilter, Sort, lists
from console.alerts.rules.states import Severity
from console.infra.transaction import unit
from tests.alerts.making import OLU, alert, noise
from tests.conftest import Cast, Clock, SignIn, give_session, make_cast


@pytest.fixture
def vi(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> FlaskClient:
    noise(clock.at)
    over = alert(clock.at, message="is over")
    actions.resolve(over, by=OLU, at=clock.at)
    evil = {"message": '=HYPERLINK("http://evil")', "exception_type": None, "task": "@SUM(A1)", "tags": {"a": "b,c"}}
    alert(clock.at, severity=Severity.CRITICAL, **evil)
    return sign_in(client, cast.vi)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_it_holds_what_the_list_shows_in_its_order(vi: FlaskClient) -> None:
    answer = vi.get("/alerts.csv")
    assert answer.mimetype == "text/csv"
    assert 'attachment; filename="alerts-20261121T120000Z.csv"' in answer.headers["Content-Disposition"]
    found = rows(answer.text)
    assert [row["severity"] for row in found] == ["critical", "error", "error", "error", "info"]
    assert {row["status"] for row in found} == {"open"}
    assert [row["service"] for row in rows(vi.get("/alerts.csv?service=billing&service=helpdesk").text)] == [
        "helpdesk",
        "billing",
    ]
    assert [row["title"] for row in rows(vi.get("/alerts.csv?status=resolved").text)] == ["KeyError: is over"]


def test_no_cell_is_a_formula(vi: FlaskClient) -> None:
    [worst] = rows(vi.get("/alerts.csv?severity=critical").text)
    assert worst["title"].startswith("'=")
    assert worst["task"] == "'@SUM(A1)"
    assert worst["tags"] == '{"a":"b,c"}'
    assert worst["last_seen"] == "2026-11-21T12:00:00Z"


def test_the_log_says_who_took_it(vi: FlaskClient) -> None:
    with capture_logs() as said:
        vi.get("/alerts.csv?service=billing")
    [told] = [line for line in said if line["event"] == "alerts_exported"]
    assert (told["by"], told["filter_service"]) == ("vi@example.com", "billing")


def test_a_bad_search_is_refused_before_it_begins(vi: FlaskClient) -> None:
    assert vi.get("/alerts.csv?q=(").status_code == 422


@pytest.mark.parametrize("sort", list(Sort))
def test_batches_join_into_the_whole_list(
    db_session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    made = [alert(clock.at - timedelta(minutes=n), message=f"word {chr(97 + n)}").id for n in range(7)]
    monkeypatch.setattr(lists, "BATCH", 3)
    found = [one.id for one in queries.every(AlertFilter(), clock.at, sort=sort)]
    assert found == (made[::-1] if sort is Sort.OLDEST else made)


def test_a_stranger_gets_nothing(client: FlaskClient) -> None:
    assert client.get("/alerts.csv").status_code == 303


def test_it_is_streamed_where_requests_really_commit(committed: Flask, clock: Clock) -> None:
    with unit():
        for word in ("is kept", "is lost"):
            alert(clock.at, message=word)
    cookie = give_session(committed.test_client(), make_cast().vi).get_cookie("session")
    assert cookie is not None
    environ = EnvironBuilder("/alerts.csv", headers=[("Cookie", f"session={cookie.value}")]).get_environ()
    # As a server calls it: outside of this test's own context, the answer read after the request has ended.
    told, status, _ = Context().run(run_wsgi_app, committed.wsgi_app, environ, buffered=True)
    assert status == "200 OK"
    assert {row["title"] for row in rows(b"".join(told).decode())} == {"KeyError: is kept", "KeyError: is lost"}
