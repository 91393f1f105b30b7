"""The pages as people use them, without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.infra.transaction import unit
from console.oncall import jobs, queries
from console.oncall.actions.heartbeat import note_beat
from tests.conftest import Cast, Clock, SignIn
from tests.oncall.making import KEY, allow_loopback, channel, fail, rule


@pytest.fixture
def ada(app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn) -> Iterator[FlaskClient]:
    """Ada's browser, in a console that may reach this machine."""
    before = allow_loopback(app, base_url="")
    yield sign_in(client, cast.ada)
    app.extensions["console.settings"] = before


def page(client: FlaskClient, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(client: FlaskClient, path: str, on: str = "/on-call", **typed: Any) -> TestResponse:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page(client, on))
    assert found
    return client.post(path, data={"csrf_token": found.group(1), **typed})


def make_hook(client: FlaskClient, name: str = "pager", **typed: Any) -> TestResponse:
    fields = {"kind": "webhook", "url": "http://127.0.0.1:8099/hook", "secret": KEY, "enabled": "on", **typed}
    return post(client, "/on-call/channels/new", name=name, **fields)


def test_an_empty_room_says_what_to_do(ada: FlaskClient) -> None:
    text = page(ada, "/on-call")
    for sentence in ("Nobody is told yet", "No rule yet", "Nothing was told yet", "OUTWARD_HEARTBEAT_URL"):
        assert sentence in text
    assert "Nothing was told yet" in page(ada, "/on-call/deliveries")


def test_a_new_webhook_comes_with_a_key_of_its_own(ada: FlaskClient) -> None:
    first, second = (re.search(r"whsec_[^\"]+", page(ada, "/on-call/channels/new?kind=webhook")) for _ in range(2))
    assert first
    assert second
    assert first.group() != second.group()


def test_a_channel_is_made_changed_and_deleted_by_forms(ada: FlaskClient) -> None:
    made = make_hook(ada)
    assert (made.status_code, made.location) == (303, "/on-call/channels/pager")
    shown = page(ada, "/on-call/channels/pager")
    assert KEY not in shown
    assert "It leads to 127.0.0.1." in shown
    saved = post(ada, "/on-call/channels/pager", on="/on-call/channels/pager", kind="webhook")
    assert saved.status_code == 303
    assert "Switched off" in page(ada, "/on-call")
    assert post(ada, "/on-call/channels/pager/delete").status_code == 303
    assert ada.get("/on-call/channels/pager").status_code == 404


def test_a_form_with_faults_comes_back_with_what_was_typed(ada: FlaskClient) -> None:
    reply = make_hook(ada, name="Pager!", url="http://10.1.2.3/hook")
    assert reply.status_code == 422
    assert "Lower case letters" in reply.text
    reply = make_hook(ada, url="http://10.1.2.3/hook")
    assert reply.status_code == 422
    assert "is a private address" in reply.text
    assert 'value="http://10.1.2.3/hook"' in reply.text
    assert queries.channels() == []


def test_a_name_is_given_once(ada: FlaskClient) -> None:
    make_hook(ada)
    assert "This name is taken." in make_hook(ada).text


def test_a_rule_is_made_moved_and_deleted_by_forms(ada: FlaskClient) -> None:
    make_hook(ada)
    typed: dict[str, Any] = {
        "severities": ["critical", "error"],
        "services": "bill*, shop",
        "tags": "team=docs",
        "enabled": "on",
    }
    made = post(ada, "/on-call/rules/new", name="worst", channels=["pager"], renotify_minutes="15", **typed)
    assert made.status_code == 303
    post(ada, "/on-call/rules/new", name="rest", channels=["pager"], enabled="on")
    assert "service bill* or shop, severity critical or error, team docs" in page(ada, "/on-call")
    post(ada, "/on-call/rules/rest/position", direction="up")
    assert [one.name for one in queries.rules()] == ["rest", "worst"]
    form = page(ada, "/on-call/rules/worst")
    assert 'value="bill*, shop"' in form
    assert "team=docs" in form
    post(ada, "/on-call/rules/worst", on="/on-call/rules/worst", channels=["pager"], renotify_minutes="")
    assert queries.get_rule("worst").renotify_minutes is None
    post(ada, "/on-call/rules/worst/delete")
    assert [one.name for one in queries.rules()] == ["rest"]


def test_a_rule_with_faults_comes_back(ada: FlaskClient) -> None:
    make_hook(ada)
    reply = post(ada, "/on-call/rules/new", name="all", tags="team", enabled="on")
    assert reply.status_code == 422
    assert "Write key=value" in reply.text
    reply = post(ada, "/on-call/rules/new", name="all", enabled="on")
    assert "Tick at least one." in reply.text


def test_a_test_shows_on_the_channel(ada: FlaskClient) -> None:
    make_hook(ada)
    reply = post(ada, "/on-call/channels/pager/test", on="/on-call/channels/pager")
    assert reply.status_code == 303
    text = page(ada, "/on-call/channels/pager")
    assert "Test message" in text
    assert "Waiting" in text
    assert "Test message" in page(ada, f"/on-call/deliveries/{queries.deliveries(limit=1).items[0].id}")


def test_trouble_is_said_first(ada: FlaskClient, clock: Clock) -> None:
    channel("pager", address="http://127.0.0.1:8099/", host="127.0.0.1")
    rule("search", "pager", services=["search"])
    fail()
    jobs.tell()
    with unit():
        found = queries.get_channel_for_change("pager")
        found.failures, found.failing_since, found.retry_at = 3, clock.at, clock.at
        found.last_error = "It answered 503."
        note_beat("No worker listens on long.", at=clock.at)
    text = page(ada, "/on-call")
    assert "Channel pager does not deliver." in text
    assert "1 alert of the last seven days matched no rule." in text
    assert "Nobody was told of it." in text


def test_whoever_may_only_look_sees_no_button_that_does_nothing(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    channel("pager", address="http://127.0.0.1:8099/", host="127.0.0.1")
    rule("all", "pager")
    sign_in(client, cast.vi)
    for path in ("/on-call", "/on-call/channels/pager", "/on-call/rules/all", "/on-call/deliveries"):
        assert 'action="/on-call' not in page(client, path).replace('action="/on-call/deliveries"', "")
    assert client.get("/on-call/channels/new").status_code == 403
    for path in ("channels/new", "channels/pager", "channels/pager/test", "channels/pager/delete", "rules/new"):
        assert post(client, f"/on-call/{path}").status_code == 403


def test_the_log_is_filtered_and_paged(ada: FlaskClient, clock: Clock) -> None:
    channel("pager", address="http://127.0.0.1:8099/", host="127.0.0.1")
    rule("all", "pager")
    for number in range(60):
        fail(f"task-{number}")
    jobs.tell()
    text = page(ada, "/on-call/deliveries?state=waiting&channel=pager")
    older = re.search(r'href="([^"]*cursor=[^"]*)"', text)
    assert older
    assert page(ada, older.group(1).replace("&amp;", "&")).count("data-row") == 10
    assert "No delivery matches" in page(ada, "/on-call/deliveries?state=failed")
