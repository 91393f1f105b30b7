"""Page links lead onward and back over the same pages, whatever else the address says."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console.audit import actions
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.web import pager
from tests.conftest import Cast, Clock, SignIn

POLL = {"HX-Request": "true", "X-Poll": "1"}


def links(app: Flask, address: str, older: str = "", headers: dict[str, str] | None = None) -> tuple[str, str]:
    with app.test_request_context(address, headers=headers):
        return pager.back(), pager.onward(older)


def test_the_first_page_leads_onward_only(session_app: Flask) -> None:
    assert links(session_app, "/audit?q=a", "/audit?q=a&cursor=C1") == ("", "/audit?q=a&cursor=C1")
    assert links(session_app, "/audit") == ("", "")


def test_what_was_turned_is_turned_back_page_by_page(session_app: Flask) -> None:
    address, visited = "/audit?q=a+b&actor=c", []
    for number in range(1, 5):
        visited.append(address)
        address = links(session_app, address, f"/audit?q=a+b&actor=c&cursor=C{number}")[1]
    shown = [parse_qs(urlsplit(one).query) for one in visited]
    while visited:
        address = links(session_app, address)[0]
        assert parse_qs(urlsplit(address).query) == shown.pop()
        assert urlsplit(address).path == urlsplit(visited.pop()).path
    assert links(session_app, address)[0] == ""


def test_the_last_page_leads_back_only(session_app: Flask) -> None:
    assert links(session_app, "/audit?cursor=C2&trail=C1") == ("/audit?cursor=C1", "")
    assert links(session_app, "/audit?cursor=C1") == ("/audit", "")


def test_a_poll_answers_for_the_page_that_is_open(session_app: Flask) -> None:
    open_page = {"HX-Current-URL": "http://localhost/queues/jobs?cursor=C2&trail=C1"}
    asked = "/queues/jobs?cursor=C2"
    assert links(session_app, asked, headers=POLL | open_page)[0] == "/queues/jobs?cursor=C1"
    assert links(session_app, asked, headers=open_page)[0] == "/queues/jobs"


@pytest.mark.parametrize("elsewhere", ["http://elsewhere.test/queues/jobs?cursor=X", "http://localhost/audit?cursor=X"])
def test_another_address_says_nothing_of_this_page(session_app: Flask, elsewhere: str) -> None:
    found = links(session_app, "/queues/jobs?cursor=C2", headers=POLL | {"HX-Current-URL": elsewhere})
    assert found[0] == "/queues/jobs"


def test_an_address_does_not_grow_for_ever(session_app: Flask) -> None:
    address = "/audit?cursor=C0"
    for number in range(1, 60):
        address = links(session_app, address, f"/audit?cursor=C{number}")[1]
    trail = parse_qs(urlsplit(address).query)["trail"][0].split(".")
    assert trail == [f"C{number}" for number in range(39, 59)]
    long = links(session_app, f"/audit?cursor=C2&trail={'x' * 401}.C1")
    assert long[0] == "/audit?cursor=C1"


def test_a_reader_walks_through_the_trail_and_back(
    client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock
) -> None:
    for number in range(140):
        actions.record("view.created", by=SYSTEM, object=("view", number, f"View {number}"))
    db.session.commit()
    ada, address, walked = sign_in(client, cast.ada), "/audit?action=view.", []
    while address:
        page = ada.get(address).get_data(as_text=True)
        walked.append(re.findall(r">View (\d+)<", page))
        address = link(page, "next")
    assert [len(shown) for shown in walked] == [50, 50, 40]
    while address := link(page, "prev"):
        page = ada.get(address).get_data(as_text=True)
        walked.append(re.findall(r">View (\d+)<", page))
    assert walked[3:] == [walked[1], walked[0]]
    assert "Newer" not in page


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return unescape(found[1]) if found else ""
