"""Counting attempts, with real commits: what is counted must outlive the refused request."""

import threading
from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from console.accounts import actions
from console.accounts.models import Throttle
from console.accounts.rules import RESET, SIGN_IN, address_key
from console.audit.models import AuditEntry
from console.infra import clock as clock_module
from console.infra.db import db
from console.infra.errors import TooMany
from tests.accounts.forms import form_token, submit
from tests.conftest import PASSWORD, Clock, make_cast


@pytest.fixture
def client(committed: Flask, clock: Clock) -> FlaskClient:
    """A browser of a console whose commits are real, with the whole cast in it."""
    make_cast()
    return committed.test_client()


def test_it_stops_the_sixth_sign_in_attempt_of_a_minute(client: FlaskClient, clock: Clock) -> None:
    for _ in range(5):
        assert submit(client, "ada@example.com", "wrong").status_code == 422
        clock.advance(seconds=1)

    refused = submit(client, "ada@example.com", PASSWORD)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "55")
    assert "Try again in 55 seconds." in refused.text
    clock.advance(seconds=55)
    assert submit(client, "ada@example.com", PASSWORD).status_code == 303


def test_it_counts_an_address_whatever_the_account(client: FlaskClient) -> None:
    for number in range(5):
        submit(client, f"user{number}@example.com", "wrong")

    assert submit(client, "vi@example.com", PASSWORD).status_code == 429


def test_it_counts_an_account_whatever_the_address(client: FlaskClient) -> None:
    for number in range(5):
        actions.count(SIGN_IN, actions.keys("vi@example.com", f"198.51.100.{number}"))

    assert submit(client, "VI@example.com", PASSWORD).status_code == 429
    assert submit(client, "ada@example.com", PASSWORD).status_code == 303


def test_it_does_not_count_right_passwords(client: FlaskClient) -> None:
    for _ in range(8):
        assert submit(client.application.test_client(), "ada@example.com", PASSWORD).status_code == 303


def test_a_refused_attempt_does_not_prolong_the_wait(client: FlaskClient, clock: Clock) -> None:
    keys = actions.keys("vi@example.com", "198.51.100.7")
    for _ in range(5):
        actions.count(SIGN_IN, keys)
    clock.advance(seconds=59)
    with pytest.raises(TooMany) as refused:
        actions.count(SIGN_IN, keys)
    assert refused.value.retry_after == 1
    clock.advance(seconds=1)
    actions.count(SIGN_IN, keys)


def test_a_refusal_by_the_address_counts_nothing_against_the_account(client: FlaskClient) -> None:
    for number in range(5):
        actions.count(SIGN_IN, actions.keys(f"user{number}@example.com", "198.51.100.7"))
    for _ in range(6):
        with pytest.raises(TooMany):
            actions.count(SIGN_IN, actions.keys("vi@example.com", "198.51.100.7"))

    assert submit(client, "vi@example.com", PASSWORD).status_code == 303


def test_it_lets_no_more_through_when_asked_at_once(client: FlaskClient, committed: Flask) -> None:
    seen: Counter[str] = Counter()

    def attempt() -> None:
        with committed.app_context():
            try:
                actions.count(SIGN_IN, actions.keys("vi@example.com", "198.51.100.7"))
                seen["let through"] += 1
            except TooMany:
                seen["refused"] += 1

    threads = [threading.Thread(target=attempt) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"let through": 5, "refused": 11}


def test_it_counts_reset_requests_for_an_hour(client: FlaskClient, clock: Clock) -> None:
    for _ in range(3):
        asked = client.post("/reset", data={"email": "ada@example.com", "csrf_token": form_token(client, "/reset")})
        assert asked.status_code == 200

    refused = client.post("/reset", data={"email": "ada@example.com", "csrf_token": form_token(client, "/reset")})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    clock.advance(hours=1)
    assert actions.count(RESET, actions.keys("ada@example.com", "127.0.0.1"))


def test_it_stores_no_address_as_typed(client: FlaskClient) -> None:
    submit(client, "my-password-in-the-wrong-field", "x")

    keys = db.session.scalars(select(Throttle.key)).all()
    assert any(key == "address:127.0.0.1" for key in keys)
    assert not any("my-password" in key for key in keys)


def test_it_keeps_success_and_failure_in_the_trail(client: FlaskClient) -> None:
    submit(client, "ada@example.com", "not the password")
    submit(client, "hunter2 is my password", "x")
    submit(client, "ada@example.com", PASSWORD)

    rows = db.session.execute(
        select(AuditEntry.action, AuditEntry.result, AuditEntry.object_label)
        .where(AuditEntry.action.startswith("session."))
        .order_by(AuditEntry.id)
    ).all()
    assert [tuple(row) for row in rows] == [
        ("session.start", "refused", "ada@example.com"),
        ("session.start", "refused", "not an address"),
        ("session.started", "done", "ada@example.com"),
    ]


def test_it_sweeps_what_is_over(client: FlaskClient, clock: Clock) -> None:
    actions.count(SIGN_IN, actions.keys("vi@example.com", "198.51.100.7"))
    clock.advance(hours=2)
    actions.count(SIGN_IN, actions.keys("olu@example.com", "198.51.100.8"))
    from console.accounts.actions.throttles import sweep_throttles

    sweep_throttles(clock_module.now())
    assert len(db.session.scalars(select(Throttle)).all()) == 2
    db.session.rollback()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        (None, "nonsense", True),
    ],
)
def test_it_knows_what_counts_as_one_address(one: str | None, other: str, same: bool) -> None:  # noqa: FBT001
    assert (address_key(one) == address_key(other)) is same
