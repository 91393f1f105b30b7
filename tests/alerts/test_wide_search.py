"""Searches for words that most alerts hold: the rows are shown even if they cannot be counted in time."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from console.alerts import queries
from console.alerts.queries import AlertFilter, filters, lists
from console.alerts.rules.states import Status
from tests.alerts.making import alert
from tests.conftest import Cast, Clock, SignIn

# True of every alert below, and long to look for.
COMMON = " ".join(["*c*a*u*s*e*"] * 30)


@pytest.fixture
def common(db_session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Thirty alerts with a word in common, and no time to count them."""
    monkeypatch.setattr(lists, "COUNT_MS", 1)
    return [alert(clock.at, message=f"the cause {chr(97 + n % 26)}{chr(97 + n // 26)} of it").id for n in range(30)]


def test_a_count_that_takes_too_long_is_many(common: list[int], clock: Clock) -> None:
    count = queries.counts(AlertFilter(q=COMMON), clock.at)[Status.OPEN]
    assert (str(count), count.known, count.more) == ("many", False, True)
    assert str(queries.counts(AlertFilter(), clock.at)[Status.OPEN]) == "30"


def test_the_page_shows_the_rows_without_their_number(
    common: list[int], cast: Cast, client: FlaskClient, sign_in: SignIn
) -> None:
    page = sign_in(client, cast.olu).get("/alerts", query_string={"q": COMMON})
    assert page.status_code == 200
    assert all(f"/alerts/{found}" in page.text for found in common)
    assert "many open" in page.text
    assert "all-matching" not in page.text


def test_walking_leaves_the_index_of_words_aside_for_one_search(db_session: Session) -> None:
    with filters.searching(AlertFilter(q="cause"), walking=True):
        assert db_session.scalar(text("SHOW enable_bitmapscan")) == "off"
    assert db_session.scalar(text("SHOW enable_bitmapscan")) == "on"
