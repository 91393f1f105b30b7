"""One's own settings: name, zone and theme, and that they are used."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session as DbSession

from console.accounts.models import Theme
from tests.accounts.forms import post
from tests.conftest import Cast, Clock, SignIn


def test_it_shows_times_in_the_chosen_zone(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    sign_in(client, cast.vi)
    client.set_cookie("tz", "America/New_York")
    assert "today 07:00" in client.get("/settings/sessions").text
    assert post(client, "/settings/profile", name="Vi", timezone="Asia/Tokyo", theme="dark").status_code == 303
    assert "today 21:00" in client.get("/settings/sessions").text


def test_it_keeps_the_theme_with_the_user(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession
) -> None:
    sign_in(client, cast.vi)
    post(client, "/settings/profile", name="Vi", timezone="", theme="dark")
    db_session.refresh(cast.vi)
    assert cast.vi.theme is Theme.DARK
    assert 'data-theme="dark"' in client.get("/settings").text
    post(client, "/settings/profile", name="Vi", timezone="", theme="system")
    assert "data-theme=" not in client.get("/settings").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("timezone", "Mars/Olympus"), ("timezone", "../etc/passwd"), ("theme", "pink"), ("name", "x" * 121)],
)
def test_it_refuses_what_it_does_not_know(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession, field: str, value: str
) -> None:
    sign_in(client, cast.vi)
    typed = {"name": "Vi", "timezone": "", "theme": "light", field: value}
    refused = post(client, "/settings/profile", **typed)
    assert refused.status_code == 422
    assert f'id="{field}-fault"' in refused.text
    db_session.refresh(cast.vi)
    assert (cast.vi.timezone, cast.vi.theme) == ("", Theme.SYSTEM)
