"""No other site can make a browser act here, and no GET changes anything."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions
from console.infra.actor import SYSTEM, Role, Scope
from console.web.auth import access_rule
from tests.conftest import PASSWORD, Cast, Client, Clock, SignIn
from tests.security.tables import table_names
from tests.security.test_roles import ask, path_of, routes


@pytest.fixture
def bare(app: Flask) -> Client:
    """A client that carries no token by itself."""
    client = app.test_client()
    assert isinstance(client, Client)
    client.csrf = False
    return client


def unsafe_pages(app: Flask) -> list[tuple[str, str]]:
    """Each unsafe route that a browser's cookies could authorise, as (path, method)."""
    return [
        (path_of(app, rule), method)
        for rule, method in routes(app)
        if method != "GET" and not rule.rule.startswith(("/api/", "/ping/"))
    ]


def test_every_unsafe_page_demands_the_token(app: Flask, bare: Client, cast: Cast, sign_in: SignIn) -> None:
    sign_in(bare, cast.ada)
    pages = unsafe_pages(app)
    assert len(pages) > 15
    for sent in ({}, {"X-CSRFToken": "wrong"}, {"X-CSRFToken": "ImEi.aaaaaa.bbbbbb"}):
        statuses = {
            f"{method} {path}": bare.open(path, method=method, headers=sent).status_code for path, method in pages
        }
        assert [name for name, status in statuses.items() if status != 400] == []


def test_a_missing_token_is_explained_in_the_shape_asked_for(bare: Client, cast: Cast, sign_in: SignIn) -> None:
    sign_in(bare, cast.ada)
    page = bare.post("/sign-out")
    fragment = bare.post("/sign-out", headers={"HX-Request": "true"})
    assert (page.status_code, fragment.status_code) == (400, 400)
    assert "This page is out of date" in page.text
    assert "This page is out of date" in fragment.text
    assert ("<html" in page.text, "<html" in fragment.text) == (True, False)
    assert bare.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_a_request_from_elsewhere_is_refused_even_with_the_token(
    client: FlaskClient, cast: Cast, sign_in: SignIn, headers: dict[str, str]
) -> None:
    sign_in(client, cast.ada)
    refused = client.post("/sign-out", headers=headers)
    assert refused.status_code == 403
    assert "came from another site" in refused.text
    assert client.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, {"Origin": "http://localhost"}, {}]
)
def test_a_request_from_here_passes(client: FlaskClient, cast: Cast, sign_in: SignIn, headers: dict[str, str]) -> None:
    assert sign_in(client, cast.ada).post("/sign-out", headers=headers).status_code == 303


def test_a_token_of_another_session_is_worth_nothing(bare: Client, app: Flask, cast: Cast, sign_in: SignIn) -> None:
    other = app.test_client()
    other.get("/sign-in")
    assert isinstance(other, Client)
    stolen = other._csrf_token()
    sign_in(bare, cast.ada).get("/settings")
    assert bare.post("/sign-out", headers={"X-CSRFToken": stolen}).status_code == 400


def test_the_api_needs_no_token_because_it_looks_at_no_cookie(bare: Client, cast: Cast, sign_in: SignIn) -> None:
    sign_in(bare, cast.ada)
    assert bare.post("/api/v1/users", json={"email": "x@example.com", "role": "admin"}).status_code == 401


def test_no_get_changes_anything(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock, db_session: DbSession
) -> None:
    """All GET routes as an admin and with every scope, also those that lead to an existing thing."""
    link = actions.make_link(cast.vi, by=SYSTEM)
    _, secret = actions.create_token("all", list(Scope), by=SYSTEM)
    db_session.commit()
    sign_in(client, cast.ada)
    client.get("/settings")
    before = checksum(db_session)
    for rule, method in routes(app):
        if method == "GET":
            wanted = access_rule(app.view_functions[rule.endpoint])
            headers = {"Authorization": f"Bearer {secret}"} if isinstance(wanted, Scope) else {}
            status, _ = ask(client, app, rule, method, headers=headers)
            assert status < 500 or rule.rule.startswith(("/health", "/ready")), rule
    for path in (
        f"/link/{link}",
        f"/settings/users/{cast.vi.id}",
        "/audit/1",
        "/audit.csv",
        "/settings/users/1/deletion",
    ):
        client.get(path)

    assert checksum(db_session) == before
    assert client.application.test_client().post(f"/link/{link}").status_code == 303


def checksum(session: DbSession) -> dict[str, str]:
    """A hash of each table's rows; when a session or token was last used is no change that anybody asked for."""
    session.rollback()
    found = {}
    for table in table_names(session):
        rows = session.execute(
            text(f"SELECT md5(coalesce(string_agg((to_jsonb(t) - 'last_seen_at' - 'last_used_at')::text, '' "  # noqa: S608
                 f"ORDER BY t::text), '')) FROM \"{table}\" t")
        )  # fmt: skip
        found[table] = str(rows.scalar_one())
    session.rollback()
    return found


def test_the_checksum_sees_a_change(db_session: DbSession, cast: Cast) -> None:
    before = checksum(db_session)
    actions.change(cast.vi, actions.Changes(role=Role.MANAGER), by=SYSTEM)
    db_session.commit()
    after = checksum(db_session)
    assert {name for name, value in after.items() if value != before[name]} == {"users", "audit_entries"}
    assert PASSWORD not in str(after)
