"""Planted secrets appear nowhere: not in pages, exports, the API, the log or the trail."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions
from console.infra.actor import SYSTEM, Role, Scope
from tests.accounts.forms import post, submit
from tests.conftest import Cast
from tests.security.tables import table_names

PASSWORD = "canary-4f1c-password-of-ada"
NEW_PASSWORD = "canary-9d02-the-next-one"
PAGES = ("/settings", "/settings/sessions", "/settings/users", "/settings/tokens", "/audit", "/audit.csv", "/alerts")


def test_secrets_of_people_and_programs_stay_secret(
    app: Flask, client: FlaskClient, cast: Cast, db_session: DbSession, capfd: pytest.CaptureFixture[str]
) -> None:
    actions.create("canary@example.com", role=Role.ADMIN, by=SYSTEM, password=PASSWORD)
    link = actions.make_link(cast.vi, by=SYSTEM)
    _, token = actions.create_token("canary token", [Scope.ADMIN], by=SYSTEM)
    db_session.commit()
    assert submit(client, "canary@example.com", PASSWORD).status_code == 303
    assert submit(client.application.test_client(), PASSWORD, "typed into the wrong field").status_code == 422
    cookie = client.get_cookie("session")
    assert cookie is not None
    bearer = {"Authorization": f"Bearer {token}"}

    shown = [client.get(path).get_data(as_text=True) for path in PAGES]
    shown += [client.get(f"/api/v1/{path}", headers=bearer).text for path in ("users", "tokens", "audit")]
    shown += [post(client, "/settings/password", password="wrong", new_password=NEW_PASSWORD).text]
    assert post(client, "/settings/password", password=PASSWORD, new_password=NEW_PASSWORD).status_code == 303
    shown += [client.get("/audit.csv").get_data(as_text=True), client.get("/settings").text, stored(db_session)]
    shown += list(capfd.readouterr())

    secrets = {"password": PASSWORD, "new": NEW_PASSWORD, "token": token, "cookie": cookie.value, "link": link}
    found = [name for name, secret in secrets.items() for piece in shown if secret in piece]
    assert found == []
    assert app.config["SECRET_KEY"] not in "".join(shown)


def stored(session: DbSession) -> str:
    """Every row of every table, as text."""
    tables = table_names(session)
    return "\n".join(
        str(session.scalar(text(f"SELECT string_agg(t::text, ' ') FROM \"{table}\" t")))  # noqa: S608 - our own names
        for table in tables
    )


def test_the_search_finds_what_is_stored(db_session: DbSession, cast: Cast) -> None:
    assert "ada@example.com" in stored(db_session)
