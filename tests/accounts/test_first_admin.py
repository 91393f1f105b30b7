"""The link that `up` prints when nobody is there yet."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from console.accounts import actions
from console.accounts.models import User
from console.infra.actor import Role
from console.infra.db import db
from tests.accounts.forms import post


def test_it_makes_the_first_admin_and_signs_them_in(app: Flask, client: FlaskClient) -> None:
    secret = actions.make_first_admin_link()
    reply = post(
        client,
        f"/link/{secret}",
        page=f"/link/{secret}",
        email="mara@example.com",
        name="Mara",
        password="four unrelated words here",
    )
    assert reply.status_code == 303
    user = db.session.scalars(select(User)).one()
    assert (user.email, user.role) == ("mara@example.com", Role.ADMIN)
    assert client.get("/settings/users").status_code == 200


def test_it_works_once(app: Flask, client: FlaskClient) -> None:
    secret = actions.make_first_admin_link()
    post(client, f"/link/{secret}", page=f"/link/{secret}", email="mara@example.com", name="Mara", password="")
    assert app.test_client().get(f"/link/{secret}").status_code == 404
    assert actions.make_first_admin_link() is None
