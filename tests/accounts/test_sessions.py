"""The life of a session: rotation, idle and absolute limits, revocation, and its copy in Redis."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions, queries
from console.accounts import client as copies
from console.accounts.models import Session
from console.accounts.rules import Lifetime
from console.infra import clock as clock_module
from console.infra.actor import SYSTEM, Role
from console.infra.crypto import token_hash
from console.infra.db import db
from tests.accounts.forms import post
from tests.conftest import Cast, Clock, SignIn, give_session, make_cast


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    assert found is not None
    return found.value


def is_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


def test_it_ends_after_half_an_hour_without_use(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    sign_in(client, cast.vi)
    for _ in range(3):
        clock.advance(minutes=29)
        assert is_in(client)
    clock.advance(minutes=30)
    assert not is_in(client)


def test_polls_do_not_count_as_use(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    sign_in(client, cast.vi)
    for _ in range(29):
        clock.advance(minutes=1)
        assert client.get("/settings", headers={"X-Poll": "1", "HX-Request": "true"}).status_code == 200
    clock.advance(minutes=1)
    assert client.get("/settings", headers={"X-Poll": "1", "HX-Request": "true"}).status_code == 401


def test_it_ends_after_twelve_hours_in_any_case(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    sign_in(client, cast.vi)
    for _ in range(35):
        clock.advance(minutes=20)
        assert is_in(client)
    clock.advance(minutes=20)
    assert not is_in(client)


def test_it_ends_when_signed_out_wherever_the_cookie_is_kept(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    kept = cookie(sign_in(client, cast.vi))
    assert is_in(client)

    response = post(client, "/sign-out")

    assert (response.status_code, response.location) == (303, "/sign-in")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get_cookie("session") is None
    client.set_cookie("session", kept)
    assert not is_in(client)


def test_it_is_listed_and_revoked_from_another_browser(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    other = give_session(client.application.test_client(), cast.vi)
    noise = give_session(client.application.test_client(), cast.olu)
    sign_in(client, cast.vi)
    assert is_in(other)
    assert client.get("/settings/sessions").text.count("Sign out</span>") == 1

    stolen = queries.signed_in(token_hash(cookie(other)))
    assert stolen is not None
    assert post(client, f"/settings/sessions/{stolen.session_id}/revocation").status_code == 303

    assert (is_in(client), is_in(other), is_in(noise)) == (True, False, True)


def test_nobody_revokes_what_is_not_theirs(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    other = give_session(client.application.test_client(), cast.olu)
    known = queries.signed_in(token_hash(cookie(other)))
    assert known is not None

    assert post(sign_in(client, cast.vi), f"/settings/sessions/{known.session_id}/revocation").status_code == 404
    assert is_in(other)


def test_all_others_end_at_once(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    others = [give_session(client.application.test_client(), cast.vi) for _ in range(3)]
    assert all(is_in(other) for other in others)

    post(sign_in(client, cast.vi), "/settings/sessions/revocation")

    assert is_in(client)
    assert not any(is_in(other) for other in others)


@pytest.mark.parametrize("change", [actions.Changes(disabled=True), None])
def test_it_ends_with_its_user(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession, change: actions.Changes | None
) -> None:
    assert is_in(sign_in(client, cast.vi))
    if change:
        actions.change(cast.vi, change, by=SYSTEM)
    else:
        actions.delete(cast.vi, by=SYSTEM)
    db_session.commit()
    assert not is_in(client)


def test_a_new_role_holds_from_the_next_request_and_brings_a_new_cookie(committed: Flask) -> None:
    cast, client = make_cast(), committed.test_client()
    before = cookie(give_session(client, cast.ada))
    assert client.get("/settings/users").status_code == 200
    actions.create("second@example.com", role=Role.ADMIN, by=SYSTEM)
    actions.change(cast.ada, actions.Changes(role=Role.VIEWER), by=SYSTEM)
    db.session.commit()

    assert client.get("/settings/users").status_code == 403
    assert is_in(client)
    after = cookie(client)
    assert after != before
    client.set_cookie("session", before)
    assert not is_in(client)


def test_its_copy_answers_without_postgres_and_is_dropped_on_change(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession, redis_conn: "Redis"
) -> None:
    hashed = token_hash(cookie(sign_in(client, cast.vi)))
    assert is_in(client)
    kept = copies.recall(hashed)
    assert kept is not None
    assert (kept.email, kept.role) == ("vi@example.com", Role.VIEWER)
    assert 0 < int(str(redis_conn.ttl(f"console:session:{hashed}"))) <= copies.COPY_SECONDS

    # Behind the console's back the row changes: the copy still answers, so PostgreSQL was not asked.
    db_session.execute(update(Session).values(ended_at=clock_module.now()))
    db_session.commit()
    assert is_in(client)

    copies.forget([hashed])
    assert not is_in(client)


def test_a_copy_read_before_a_revocation_is_not_written_after_it(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    hashed = token_hash(cookie(sign_in(client, cast.vi)))
    read_early = queries.signed_in(hashed)
    assert read_early is not None
    copies.forget([hashed])

    copies.remember(hashed, read_early)
    copies.renew(hashed, read_early)

    assert copies.recall(hashed) is None


def test_old_ones_are_swept(cast: Cast, db_session: DbSession, clock: Clock, client: FlaskClient) -> None:
    give_session(client, cast.vi)
    clock.advance(days=3)
    give_session(client, cast.olu)
    actions.sweep(clock.at, Lifetime(timedelta(minutes=30), timedelta(hours=12)))

    assert [session.user_id for session in db_session.scalars(select(Session))] == [cast.olu.id]


def test_the_page_names_browsers(app: Flask) -> None:
    shown = app.jinja_env.filters["browser"]
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
    assert (shown(firefox), shown(edge), shown("x")) == ("Firefox on Linux", "Edge on Windows", "A browser")
