"""Users: made, changed, disabled, deleted, by page and by API; the last admin stays."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions, queries
from console.accounts.models import User
from console.audit.models import AuditEntry
from console.infra.actor import SYSTEM, Role, Scope
from console.infra.db import db
from console.infra.errors import Conflict, Invalid
from console.infra.transaction import unit
from tests.accounts.forms import data, post
from tests.conftest import Cast, Clock, SignIn

Token = Callable[..., str]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_it_keeps_one_spelling_of_an_address(db_session: DbSession) -> None:
    user = actions.create("  Ada@EXAMPLE.com ", role=Role.ADMIN, by=SYSTEM, name=" Ada \n Lovelace ")
    assert (user.email, user.name) == ("ada@example.com", "Ada Lovelace")
    with pytest.raises(Conflict):
        actions.create("ADA@example.com", role=Role.VIEWER, by=SYSTEM)
    assert queries.find_user("aDa@example.COM") is user


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "@example.com", "a b@example.com", "a@b@c", "x\0@example.com", "<a@b>"]
)
def test_it_refuses_what_is_no_address(db_session: DbSession, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create(email, role=Role.VIEWER, by=SYSTEM)
    assert refused.value.errors[0].pointer == "/email"


def test_a_page_invites_somebody(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.ada)
    shown = post(client, "/settings/users", email="new@example.com", name="New", role="responder")

    assert shown.status_code == 200
    assert "http://127.0.0.1:8000/link/" in shown.text
    made = queries.find_user("new@example.com")
    assert made is not None
    assert made.role is Role.RESPONDER
    path = shown.text.split("http://127.0.0.1:8000")[1].split("<")[0]
    newcomer = client.application.test_client()
    assert newcomer.post(path, data={"password": "quiet harbour eleven"}).status_code == 303
    assert newcomer.get("/settings").status_code == 200


def test_a_page_shows_a_refused_form_again(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.ada)
    refused = post(client, "/settings/users", email="vi@example.com", name="Somebody", role="viewer")
    assert refused.status_code == 409
    assert "There is a user with the address vi@example.com already." in refused.text
    assert 'value="Somebody"' in refused.text


def test_a_page_changes_role_and_access(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession
) -> None:
    sign_in(client, cast.ada)
    path = f"/settings/users/{cast.vi.id}"
    assert post(client, path, name="Vi", role="manager", disabled="no").status_code == 303
    db_session.refresh(cast.vi)
    assert (cast.vi.role, cast.vi.disabled_at) == (Role.MANAGER, None)

    assert post(client, path, disabled="yes").status_code == 303
    db_session.refresh(cast.vi)
    assert cast.vi.disabled_at is not None
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "user.changed")).first()
    assert entry is not None
    assert entry.details == {"role": {"from": "viewer", "to": "manager"}}


def test_nobody_makes_themselves_admin(client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession) -> None:
    """Mass assignment: the profile form takes name, zone and theme, whatever else is sent."""
    sign_in(client, cast.vi)
    typed = {"name": "Vi", "role": "admin", "is_admin": "1", "email": "root@example.com", "disabled": "no", "id": "1"}
    assert post(client, "/settings/profile", **typed).status_code == 303

    db_session.refresh(cast.vi)
    assert (cast.vi.role, cast.vi.email, cast.vi.name) == (Role.VIEWER, "vi@example.com", "Vi")


@pytest.mark.parametrize("change", [{"role": Role.VIEWER}, {"disabled": True}])
def test_the_last_admin_stays_admin(cast: Cast, change: dict[str, Any]) -> None:
    with pytest.raises(Conflict):
        actions.change(cast.ada, actions.Changes(**change), by=SYSTEM)
    with pytest.raises(Conflict):
        actions.delete(cast.ada, by=SYSTEM)
    assert cast.ada.role is Role.ADMIN

    actions.create("second@example.com", role=Role.ADMIN, by=SYSTEM)
    actions.change(cast.ada, actions.Changes(**change), by=SYSTEM)


def test_a_disabled_admin_does_not_count(cast: Cast) -> None:
    second = actions.create("second@example.com", role=Role.ADMIN, by=SYSTEM)
    actions.change(second, actions.Changes(disabled=True), by=SYSTEM)
    with pytest.raises(Conflict):
        actions.change(cast.ada, actions.Changes(role=Role.VIEWER), by=SYSTEM)


def test_two_admins_cannot_demote_each_other_at_once(committed: Flask) -> None:
    with unit():
        ids = [actions.create(f"{name}@example.com", role=Role.ADMIN, by=SYSTEM).id for name in ("ada", "bob")]
    refused: list[int] = []

    def demote(user_id: int) -> None:
        with committed.app_context():
            try:
                with unit():
                    user = db.session.get_one(User, user_id)
                    actions.change(user, actions.Changes(role=Role.VIEWER), by=SYSTEM)
            except Conflict:
                refused.append(user_id)

    threads = [threading.Thread(target=demote, args=(user_id,)) for user_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert [user.role for user in queries.users()].count(Role.ADMIN) == 1


def test_a_deleted_user_stays_in_the_trail(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession
) -> None:
    sign_in(client, cast.ada)
    assert post(client, f"/settings/users/{cast.vi.id}/deletion").status_code == 303
    assert queries.find_user("vi@example.com") is None
    assert (
        db_session.scalar(select(AuditEntry.object_label).where(AuditEntry.action == "user.deleted"))
        == "vi@example.com"
    )


def test_user_management_asks_for_the_password_again(
    client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock
) -> None:
    sign_in(client, cast.ada)
    clock.advance(minutes=10)

    assert "Confirm it is you" in client.get("/settings/users").text
    assert post(client, f"/settings/users/{cast.vi.id}", role="admin").status_code == 403
    confirmed = post(client, "/confirm", password="lagoon tractor seven", next="/settings/users")
    assert (confirmed.status_code, confirmed.location) == (303, "/settings/users")
    assert post(client, f"/settings/users/{cast.vi.id}", role="manager").status_code == 303


def test_the_api_does_what_the_page_does(client: FlaskClient, cast: Cast, token: Token) -> None:
    admin = bearer(token(Scope.ADMIN))
    new = {"email": "New@example.com", "role": "viewer", "name": "New"}

    made = client.post("/api/v1/users", json=new, headers=admin)
    assert made.status_code == 201
    assert data(made)["link"].startswith("http://127.0.0.1:8000/link/")
    path = f"/api/v1/users/{data(made)['id']}"
    assert data(client.get(path, headers=admin))["email"] == "new@example.com"
    changed = client.put(path, json={"role": "manager", "disabled": True}, headers=admin)
    assert (data(changed)["role"], data(changed)["disabled_at"] is not None) == ("manager", True)
    assert client.post("/api/v1/users", json=new, headers=admin).status_code == 409
    assert client.put(path, json={"password_hash": "x"}, headers=admin).status_code == 422
    assert client.delete(path, headers=admin).status_code == 204
    assert client.get(path, headers=admin).status_code == 404
    assert client.delete(f"/api/v1/users/{cast.ada.id}", headers=admin).status_code == 409


def test_the_api_lists_page_by_page(client: FlaskClient, cast: Cast, token: Token) -> None:
    admin = bearer(token(Scope.ADMIN))
    first = data(client.get("/api/v1/users?limit=3", headers=admin))
    second = data(client.get("/api/v1/users", query_string={"limit": 3, "cursor": first["next_cursor"]}, headers=admin))

    emails = [user["email"] for user in (*first["items"], *second["items"])]
    assert emails == ["ada@example.com", "olu@example.com", "max@example.com", "vi@example.com"]
    assert second["next_cursor"] is None
    assert not {"password_hash", "password"} & set(first["items"][0])


@pytest.mark.parametrize("user_id", [0, 2**31, 2**63, 10**30])
def test_an_impossible_id_is_not_found(client: FlaskClient, cast: Cast, token: Token, user_id: int) -> None:
    assert client.get(f"/api/v1/users/{user_id}", headers=bearer(token(Scope.ADMIN))).status_code == 404
