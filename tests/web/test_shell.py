"""The frame: where `/` leads, the menu, search and jump, the theme."""

import pytest
from flask.testing import FlaskClient

from console.infra.db import db
from tests.conftest import NOON, Cast, Clock, SignIn


def html(client: FlaskClient, path: str, **headers: str) -> str:
    return client.get(path, headers=headers).get_data(as_text=True)


def test_home_is_the_first_room(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(client, cast.vi).get("/").headers["Location"] == "/alerts"


def test_a_stranger_who_comes_home_is_asked_to_sign_in(client: FlaskClient) -> None:
    assert "Sign in" in client.get("/", follow_redirects=True).get_data(as_text=True)


def test_the_menu_shows_what_the_reader_may_use_and_what_is_built(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    viewer = html(sign_in(client, cast.vi), "/more")
    assert 'href="/audit"' not in viewer
    assert "Backups" not in viewer
    admin = html(sign_in(client, cast.ada), "/more")
    assert 'href="/audit"' in admin
    assert "Ada" in admin


def test_the_page_one_is_on_is_marked(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    assert '<a href="/queues" data-go="q" aria-current="page">' in html(sign_in(client, cast.vi), "/queues")


def test_jump_finds_rooms_and_offers_to_search(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    found = html(sign_in(client, cast.vi), "/jump?q=ALE", **{"HX-Request": "true"})
    assert "<html" not in found
    assert 'href="/alerts"' in found
    assert 'href="/alerts?q=ALE"' in found
    assert "Queues" not in found


def test_jump_works_as_a_page(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    assert "<html" in html(sign_in(client, cast.vi), "/jump")


@pytest.mark.parametrize(("theme", "kept"), [("dark", "theme=dark"), ("light", "theme=light"), ("pink", "theme=;")])
def test_a_theme_is_kept_in_a_cookie(client: FlaskClient, cast: Cast, sign_in: SignIn, theme: str, kept: str) -> None:
    response = sign_in(client, cast.vi).post("/theme", data={"theme": theme, "back": "/alerts?q=x"})
    assert response.headers["Location"] == "/alerts?q=x"
    assert any(kept in cookie for cookie in response.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_the_theme_switch_leads_nowhere_else(client: FlaskClient, cast: Cast, sign_in: SignIn, back: str) -> None:
    assert sign_in(client, cast.vi).post("/theme", data={"theme": "dark", "back": back}).headers["Location"] == "/"


def test_times_stand_in_the_zone_of_the_readers_settings(
    client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock
) -> None:
    cast.vi.timezone = "Asia/Tokyo"
    db.session.commit()
    page = html(sign_in(client, cast.vi), "/ui")
    assert 'data-tz="Asia/Tokyo"' in page
    assert f'datetime="{NOON.isoformat(timespec="seconds")}"' in page
    assert ">today 21:00</time>" in page


def test_every_page_carries_the_hash_of_every_script_and_style(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    page = html(sign_in(client, cast.vi), "/alerts")
    tags = [
        tag for tag in page.split("<") if tag.startswith(("script", 'link rel="stylesheet"', 'link rel="modulepre'))
    ]
    assert len(tags) > 10
    assert [tag for tag in tags if 'integrity="sha384-' not in tag] == []


def test_htmx_may_do_nothing_that_our_policy_forbids(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    page = html(sign_in(client, cast.vi), "/alerts")
    for setting in ("allowEval", "includeIndicatorStyles", "historyRestoreAsHxRequest"):
        assert f"&#34;{setting}&#34;: false" in page
    assert "&#34;responseHandling&#34;: [{&#34;code&#34;: &#34;304&#34;, &#34;swap&#34;: false}" in page
