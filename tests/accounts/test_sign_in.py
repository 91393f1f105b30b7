"""Signing in by password: the cookie, the trail, the throttle, and that nothing tells who exists."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions
from console.accounts.models import Session
from console.infra import crypto
from console.infra.actor import SYSTEM
from tests.accounts.forms import form_token, submit
from tests.conftest import PASSWORD, Cast


def test_it_lets_the_right_password_in(client: FlaskClient, cast: Cast) -> None:
    response = submit(client, "ada@example.com", PASSWORD)

    assert (response.status_code, response.location) == (303, "/")
    assert client.get("/settings").status_code == 200


def test_it_finds_an_address_in_any_spelling(client: FlaskClient, cast: Cast) -> None:
    assert submit(client, " ADA@Example.COM ", PASSWORD).status_code == 303


def test_it_stores_only_the_hash_of_the_cookie(client: FlaskClient, cast: Cast, db_session: DbSession) -> None:
    response = submit(client, "ada@example.com", PASSWORD)

    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("session="))
    secret = cookie.split(";")[0].removeprefix("session=")
    assert len(secret) == 43
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "Path=/", "SameSite=Lax"}
    (session,) = db_session.scalars(select(Session))
    assert session.token_hash == crypto.token_hash(secret)


def test_it_ignores_a_cookie_that_was_there_before(client: FlaskClient, cast: Cast) -> None:
    client.set_cookie("session", "planted-by-somebody-else")
    submit(client, "ada@example.com", PASSWORD)

    kept = client.get_cookie("session")
    assert kept is not None
    assert kept.value != "planted-by-somebody-else"
    stranger = client.application.test_client()
    stranger.set_cookie("session", "planted-by-somebody-else")
    assert stranger.get("/settings").status_code == 303


def test_it_gives_a_new_csrf_token(client: FlaskClient, cast: Cast) -> None:
    before = form_token(client)
    submit(client, "ada@example.com", PASSWORD)

    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 400
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com", "gone@example.com", ""])
def test_it_answers_the_same_to_any_wrong_attempt(client: FlaskClient, cast: Cast, email: str) -> None:
    gone = actions.create("gone@example.com", role=cast.vi.role, by=SYSTEM, password=PASSWORD)
    actions.change(gone, actions.Changes(disabled=True), by=SYSTEM)
    password = PASSWORD if email == "gone@example.com" else "not the password"

    response = submit(client, email, password)

    assert response.status_code == 422
    assert "This address and password do not go together." in response.text
    assert client.get_cookie("session") is None


def test_it_spends_a_real_check_on_unknown_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not timed, since a shared machine cannot be: the same hasher is asked, with parameters as costly."""
    asked: list[str] = []
    real = crypto._HASHER

    class Listening:
        def verify(self, stored: str, password: str) -> bool:
            asked.append(stored)
            return real.verify(stored, password)

    monkeypatch.setattr(crypto, "_HASHER", Listening())
    monkeypatch.setattr(crypto, "_nobody", lambda: real.hash("x"))
    known = real.hash(PASSWORD)
    assert crypto.verify_password(known, PASSWORD)
    assert not crypto.verify_password(None, PASSWORD)

    assert len(asked) == 2
    assert {stored.rsplit("$", 2)[0] for stored in asked} == {"$argon2id$v=19$m=19456,t=2,p=1"}


def test_it_makes_an_old_hash_stronger(client: FlaskClient, cast: Cast, db_session: DbSession) -> None:
    from argon2 import PasswordHasher

    cast.ada.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    db_session.commit()

    submit(client, "ada@example.com", PASSWORD)

    db_session.refresh(cast.ada)
    assert cast.ada.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example", "\t//evil.example",
     "/\t/evil.example", "/%0d%0aX: 1\r\n", "javascript:alert(1)", "///evil.example", "evil.example", ""],
)  # fmt: skip
def test_it_never_leads_elsewhere(client: FlaskClient, cast: Cast, target: str) -> None:
    assert submit(client, "ada@example.com", PASSWORD, next=target).location == "/"


def test_it_leads_back_to_where_one_was(client: FlaskClient, cast: Cast) -> None:
    away = client.get("/audit?actor=ada")
    assert (away.status_code, away.location) == (303, "/sign-in?next=/audit?actor%3Dada")
    assert submit(client, "ada@example.com", PASSWORD, next="/audit?actor=ada").location == "/audit?actor=ada"
