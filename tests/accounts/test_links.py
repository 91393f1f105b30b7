"""One-time links: shown by GET, used once by POST, and only while they are good."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions, queries
from console.accounts.models import OneTimeLink, Purpose, User
from console.infra.actor import SYSTEM, Role
from console.infra.crypto import token_hash, verify_password
from console.infra.db import db
from console.infra.errors import Conflict
from tests.conftest import Cast, Clock, give_session

NEW = "quiet harbour eleven"


def link_for(user: User, purpose: Purpose = Purpose.SIGN_IN) -> str:
    secret = actions.make_link(user, by=SYSTEM, purpose=purpose)
    db.session.commit()
    return f"/link/{secret}"


def first_link() -> str:
    secret = actions.make_first_admin_link()
    assert secret
    db.session.commit()
    return f"/link/{secret}"


def test_opening_a_link_does_not_use_it(client: FlaskClient, cast: Cast) -> None:
    path = link_for(cast.vi)
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert client.post(path).status_code == 303


def test_it_signs_in_once(client: FlaskClient, cast: Cast) -> None:
    path = link_for(cast.vi)

    assert (used := client.post(path)).status_code == 303
    assert used.location == "/"
    assert client.get("/settings").status_code == 200
    again = client.application.test_client()
    assert again.get(path).status_code == 404
    assert again.post(path).status_code == 404
    assert again.get("/settings").status_code == 303


def test_it_stores_only_a_hash(cast: Cast, db_session: DbSession) -> None:
    secret = link_for(cast.vi).removeprefix("/link/")
    (link,) = db_session.scalars(select(OneTimeLink))
    assert link.token_hash == token_hash(secret)
    assert len(secret) == 43


@pytest.mark.parametrize(("purpose", "hours"), [(Purpose.SIGN_IN, 72), (Purpose.RESET, 1)])
def test_it_expires(client: FlaskClient, cast: Cast, clock: Clock, purpose: Purpose, hours: int) -> None:
    path = link_for(cast.vi, purpose)
    clock.advance(hours=hours, seconds=-1)
    assert client.get(path).status_code == 200
    clock.advance(seconds=1)
    assert client.get(path).status_code == 404
    assert client.post(path, data={"password": NEW}).status_code == 404


def test_a_newer_link_replaces_it(client: FlaskClient, cast: Cast) -> None:
    older, noise = link_for(cast.vi), link_for(cast.olu)
    newer = link_for(cast.vi)
    assert [client.get(path).status_code for path in (older, newer, noise)] == [404, 200, 200]


def test_it_sets_a_password_when_one_is_typed(client: FlaskClient, cast: Cast, db_session: DbSession) -> None:
    other = give_session(client.application.test_client(), cast.vi)
    path = link_for(cast.vi, Purpose.RESET)

    assert client.post(path, data={"password": NEW}).status_code == 303

    db_session.refresh(cast.vi)
    assert verify_password(cast.vi.password_hash, NEW)
    assert other.get("/settings").status_code == 303
    assert client.get("/settings").status_code == 200


def test_a_poor_password_leaves_it_good(client: FlaskClient, cast: Cast) -> None:
    path = link_for(cast.vi, Purpose.RESET)
    for poor in ("", "short", "password1234567"):
        refused = client.post(path, data={"password": poor})
        assert refused.status_code == 422
        # The same form again: for a user who is known, and until when it works.
        assert "Set the password and sign in" in refused.text
        assert f'value="{cast.vi.email}"' in refused.text
        assert 'name="email"' not in refused.text
        assert "until never" not in refused.text
    assert client.post(path, data={"password": NEW}).status_code == 303


def test_it_lets_no_disabled_user_in(client: FlaskClient, cast: Cast, db_session: DbSession) -> None:
    path = link_for(cast.vi)
    actions.change(cast.vi, actions.Changes(disabled=True), by=SYSTEM)
    db_session.commit()
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    with pytest.raises(Conflict):
        actions.make_link(cast.vi, by=SYSTEM)


def test_the_first_link_makes_the_first_admin_by_one_click(client: FlaskClient, db_session: DbSession) -> None:
    path = first_link()
    assert "You become its first admin." in client.get(path).text

    assert client.post(path, data={"email": "admin@localhost"}).status_code == 303

    (user,) = queries.users()
    assert (user.email, user.role, user.password_hash) == ("admin@localhost", Role.ADMIN, None)
    assert "You have no password yet." in client.get("/settings").text
    assert actions.make_first_admin_link() is None


def test_the_first_admin_may_say_who_they_are(client: FlaskClient) -> None:
    typed = {"email": "Ada@Example.com", "name": "Ada", "password": NEW}
    assert client.post(first_link(), data=typed).status_code == 303

    (user,) = queries.users()
    assert (user.email, user.name) == ("ada@example.com", "Ada")
    assert verify_password(user.password_hash, NEW)


def test_a_wrong_address_leaves_the_first_link_good(client: FlaskClient) -> None:
    path = first_link()
    refused = client.post(path, data={"email": "not an address", "name": "Ada"})
    assert refused.status_code == 422
    assert "Write an address like ada@example.com." in refused.text
    assert 'value="Ada"' in refused.text
    assert client.post(path, data={"email": "ada@example.com"}).status_code == 303


def test_there_is_only_one_first_admin(client: FlaskClient, db_session: DbSession) -> None:
    path = first_link()
    actions.create("faster@example.com", role=Role.ADMIN, by=SYSTEM)
    db_session.commit()
    assert client.post(path, data={"email": "slower@example.com"}).status_code == 409
    assert queries.count_users() == 1


def test_of_two_posts_at_once_one_wins(committed: Flask) -> None:
    import threading

    user = actions.create("vi@example.com", role=Role.VIEWER, by=SYSTEM)
    path = link_for(user)
    statuses: list[int] = []

    def post() -> None:
        statuses.append(committed.test_client().post(path).status_code)

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 404, 404, 404]
