"""API tokens: scopes, hash, expiry, last use, revocation, by page and by API."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions
from console.accounts.models import ApiToken
from console.audit.models import AuditEntry
from console.infra.actor import SYSTEM, Scope
from console.infra.crypto import token_hash
from console.infra.errors import Conflict, Invalid
from tests.accounts.forms import data, post
from tests.conftest import Cast, Clock, SignIn

Token = Callable[..., str]


def status(client: FlaskClient, secret: str) -> int:
    return client.get("/api/v1/users", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_it_stores_only_a_hash_and_a_beginning(db_session: DbSession) -> None:
    made, secret = actions.create_token("ci", [Scope.READ, Scope.INGEST], by=SYSTEM)
    assert secret.startswith("console_")
    assert len(secret) == 51
    assert (made.token_hash, made.prefix, made.scopes) == (token_hash(secret), secret[:14], ["ingest", "read"])


@pytest.mark.parametrize(
    "scopes", [[Scope.INGEST], [Scope.READ], [Scope.WRITE], [Scope.INGEST, Scope.READ, Scope.WRITE]]
)
def test_a_scope_implies_no_other(client: FlaskClient, token: Token, scopes: list[Scope]) -> None:
    assert status(client, token(*scopes)) == 403
    assert status(client, token(Scope.ADMIN)) == 200


@pytest.mark.parametrize("secret", ["", "x", "console_", "console_" + "a" * 43, "\u00e9", "a" * 100_000])
def test_an_unknown_token_is_nobody(client: FlaskClient, secret: str) -> None:
    refused = client.get("/api/v1/users", headers={"Authorization": f"Bearer {secret}"})
    assert refused.status_code == 401
    assert refused.content_type == "application/problem+json"
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_it_expires_and_is_revoked(client: FlaskClient, clock: Clock, db_session: DbSession) -> None:
    made, secret = actions.create_token("ci", [Scope.ADMIN], by=SYSTEM, expires_at=clock.at + timedelta(days=1))
    other, revoked = actions.create_token("old", [Scope.ADMIN], by=SYSTEM)
    db_session.commit()
    assert (status(client, secret), status(client, revoked)) == (200, 200)

    actions.revoke_token(other, by=SYSTEM)
    actions.revoke_token(other, by=SYSTEM)
    db_session.commit()
    clock.advance(days=1)

    assert (status(client, secret), status(client, revoked)) == (401, 401)
    revocations = select(AuditEntry).where(AuditEntry.action == "token.revoked")
    assert len(db_session.scalars(revocations).all()) == 1
    assert (made.state(clock.at), other.state(clock.at)) == ("expired", "revoked")


def test_its_last_use_is_written_once_a_minute(client: FlaskClient, clock: Clock, db_session: DbSession) -> None:
    made, secret = actions.create_token("ci", [Scope.ADMIN], by=SYSTEM)
    db_session.commit()
    first = clock.at
    for seconds in (0, 30, 29):
        clock.advance(seconds=seconds)
        status(client, secret)
    db_session.refresh(made)
    assert made.last_used_at == first

    clock.advance(seconds=1)
    status(client, secret)
    db_session.refresh(made)
    assert made.last_used_at == clock.at


@pytest.mark.parametrize(
    ("name", "scopes", "hours", "pointer"),
    [("", [Scope.READ], 1, "/name"), ("x" * 121, [Scope.READ], 1, "/name"), ("ci", [], 1, "/scopes"),
     ("ci", [Scope.READ], -1, "/expires_at")],
)  # fmt: skip
def test_it_refuses_what_makes_no_token(
    db_session: DbSession, clock: Clock, name: str, scopes: list[Scope], hours: int, pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create_token(name, scopes, by=SYSTEM, expires_at=clock.at + timedelta(hours=hours))
    assert [fault.pointer for fault in refused.value.errors] == [pointer]


def test_the_database_knows_the_scopes(db_session: DbSession) -> None:
    made, _ = actions.create_token("ci", [Scope.READ], by=SYSTEM)
    made.scopes = ["everything"]
    with pytest.raises(IntegrityError):
        db_session.flush()


def test_the_page_shows_it_once(client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession) -> None:
    sign_in(client, cast.ada)
    shown = post(client, "/settings/tokens", name="documents", scopes=["ingest"], days="30")
    assert shown.status_code == 200
    made = db_session.scalars(select(ApiToken).where(ApiToken.name == "documents")).one()
    secret = shown.text.split('id="token">')[1].split("<")[0]
    assert token_hash(secret) == made.token_hash
    assert secret not in client.get("/settings/tokens").text
    assert made.prefix in client.get("/settings/tokens").text

    assert post(client, f"/settings/tokens/{made.id}/revocation").status_code == 303
    assert status(client, secret) == 401


def test_the_page_shows_a_refused_form_again(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.ada)
    refused = post(client, "/settings/tokens", name="kept name", days="30")
    assert refused.status_code == 422
    assert "Choose at least one scope." in refused.text
    assert 'value="kept name"' in refused.text
    assert post(client, "/settings/tokens", name="x", scopes=["root"], days="30").status_code == 422
    assert post(client, "/settings/tokens", name="x", scopes=["read"], days="9999").status_code == 422


def test_the_api_does_what_the_page_does(client: FlaskClient, token: Token) -> None:
    admin = {"Authorization": f"Bearer {token(Scope.ADMIN)}"}
    made = client.post("/api/v1/tokens", json={"name": "ci", "scopes": ["read"]}, headers=admin)
    assert made.status_code == 201
    path = f"/api/v1/tokens/{data(made)['id']}"
    assert data(made)["token"].startswith(data(made)["prefix"])
    assert "token" not in data(client.get(path, headers=admin))

    changed = client.put(path, json={"name": "ci 2", "scopes": ["read", "write"]}, headers=admin)
    assert (data(changed)["name"], data(changed)["scopes"]) == ("ci 2", ["read", "write"])
    names = [item["name"] for item in data(client.get("/api/v1/tokens", headers=admin))["items"]]
    assert names == ["test token", "ci 2"]
    assert client.delete(path, headers=admin).status_code == 204
    assert client.put(path, json={"name": "ci", "scopes": ["read"]}, headers=admin).status_code == 409
    assert client.post("/api/v1/tokens", json={"name": "ci", "scopes": ["root"]}, headers=admin).status_code == 422


def test_a_revoked_token_never_changes(db_session: DbSession) -> None:
    made, _ = actions.create_token("ci", [Scope.READ], by=SYSTEM)
    actions.revoke_token(made, by=SYSTEM)
    with pytest.raises(Conflict):
        actions.change_token(made, by=SYSTEM, name="x", scopes=[Scope.ADMIN], expires_at=None)
