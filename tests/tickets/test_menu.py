"""The menu's short fact beside Tickets."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from console.infra.db import db
from console.tickets.models import Ticket
from console.tickets.queries.desk import CAP
from tests.conftest import Cast, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import aged, queue

__all__ = ["queue"]
POLL = {"HX-Request": "true", "X-Poll": "1"}


def fact(client: FlaskClient, path: str = "/alerts", **headers: str) -> str:
    """What stands beside Tickets in the menu of a page."""
    page = client.get(path, headers=headers).get_data(as_text=True)
    found = re.search(r'id="nav-tickets"[^>]*>([^<]*)<', page)
    assert found is not None, page
    return found[1]


def test_every_page_says_how_many_are_at_risk(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    assert fact(client) == "1 at risk"
    queue("PUT", "/tickets/zendesk/risky", aged(50, assignee=None, status="pending"), 200)
    assert fact(client) == ""


def test_polls_bring_it_up_to_date(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    assert fact(client, "/tickets", **POLL) == "1 at risk"
    queue("PUT", "/tickets/zendesk/risky2", aged(51), 201)
    assert fact(client, "/tickets", **POLL) == "2 at risk"


def test_none_at_risk_says_nothing(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/1", aged(1), 201)
    sign_in(client, cast.vi)
    assert fact(client) == ""


@pytest.mark.parametrize(("number", "told"), [(CAP, "1,000 at risk"), (CAP + 5, "1,000+ at risk")])
def test_counting_ends_at_a_cap(
    client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast, number: int, told: str
) -> None:
    api.office()
    for first in range(0, number, 500):
        few = range(first, min(first + 500, number))
        api("POST", "/tickets", [{"source": "zendesk", "external_id": f"{n}", **aged(1)} for n in few])
    db.session.execute(update(Ticket).values(state="at_risk"))
    sign_in(client, cast.vi)
    assert fact(client) == told
