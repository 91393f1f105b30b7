"""Tickets due within some time of now: a filter that stays relative wherever it is kept."""

import csv

import pytest
from flask.testing import FlaskClient

from tests.conftest import Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import queue, shown, subjects, words

__all__ = ["queue"]
# Of the queue: due at 11:50, 12:10 and 12:50; one more is held and has no deadline.


def keys(api: Api, asked: str) -> list[str]:
    return [item["external_id"] for item in api("GET", f"/tickets?{asked}", status=200)["items"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("due_within=5m", ["Aged 70"]),
        ("due_within=11m", ["Aged 70", "Aged 50"]),
        ("due_within=1h", ["Aged 70", "Aged 50", "Aged 10"]),
        ("due_within=1h&due_before=2026-11-21T12:05:00Z", ["Aged 70"]),
        ("due_within=1h&state=at_risk", ["Aged 50"]),
        ("due_within=soon", ["Aged 70", "Aged 50", "Aged 10", "Aged 20"]),
    ],
)
def test_the_page_looks_ahead(
    client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast, asked: str, found: list[str]
) -> None:
    sign_in(client, cast.vi)
    assert subjects(shown(client, f"/tickets?{asked}")) == found


def test_time_passes_and_it_looks_further(queue: Api, clock: Clock) -> None:
    assert keys(queue, "due_within=30m") == ["late", "risky"]
    clock.advance(seconds=25 * 60)
    assert keys(queue, "due_within=30m") == ["late", "risky", "fine"]


def test_all_pages_of_the_api_look_ahead(queue: Api, clock: Clock) -> None:
    first = queue("GET", "/tickets?due_within=2d&limit=1", status=200)
    second = queue("GET", f"/tickets?due_within=2d&limit=2&cursor={first['next_cursor']}", status=200)
    found = [item["external_id"] for page in (first, second) for item in page["items"]]
    assert (found, second["next_cursor"]) == (["late", "risky", "fine"], None)


@pytest.mark.parametrize("wrong", ["soon", "0", "-4h", "400d", "9" * 41])
def test_the_api_tells_what_is_no_length(queue: Api, wrong: str) -> None:
    faults = queue("GET", f"/tickets?due_within={wrong}", status=422)["errors"]
    assert [fault["pointer"] for fault in faults] == ["/due_within"]
    view = {"name": "Soon", "filter": {"due_within": wrong}}
    faults = queue("POST", "/ticket-views", view, 422)["errors"]
    assert [fault["pointer"] for fault in faults] == ["/filter/due_within"]


def test_the_page_says_it_and_takes_it_off(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    page = shown(client, "/tickets?due_within=90&assignee=sam")
    assert "due within 1 h 30 min" in words(page)
    assert 'name="due_within" type="text" value="1h30"' in page
    assert 'href="/tickets?assignee=sam"' in page


def test_a_saved_view_stays_relative(
    client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast, clock: Clock
) -> None:
    sign_in(client, cast.vi)
    saved = client.post("/tickets/views?due_within=25+m", data={"name": "Soon"})
    assert saved.headers["Location"] == "/tickets?due_within=25m"
    page = shown(client, "/tickets?due_within=25m")
    assert 'href="/tickets?due_within=25m" aria-current="page">Soon' in page
    assert subjects(page) == ["Aged 70", "Aged 50"]
    clock.advance(seconds=27 * 60)
    assert subjects(shown(client, "/tickets?due_within=25m")) == ["Aged 70", "Aged 50", "Aged 10"]
    assert "due within 25 min" in words(shown(client, "/tickets/views"))


def test_the_api_keeps_it_in_one_way_of_writing(queue: Api) -> None:
    made = queue("POST", "/ticket-views", {"name": "Soon", "filter": {"due_within": "240 min"}}, 201)
    assert made["filter"] == {"due_within": "4h"}
    assert made["url"].endswith("/tickets?due_within=4h")
    assert queue("GET", f"/ticket-views/{made['id']}", status=200) == made


def test_the_csv_looks_ahead(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    assert "/tickets.csv?due_within=11m" in shown(client, "/tickets?due_within=11m")
    rows = csv.DictReader(client.get("/tickets.csv?due_within=11m").get_data(as_text=True).splitlines())
    assert [row["external_id"] for row in rows] == ["late", "risky"]


def test_the_description_has_it(queue: Api) -> None:
    paths = queue("GET", "/openapi.json", status=200)["paths"]
    asked = next(
        path["get"]["parameters"] for name, path in paths.items() if name.endswith("/tickets") and "get" in path
    )
    told = next(each for each in asked if each["name"] == "due_within")
    assert "30m, 4h or 2d" in str(told)
