"""Searches for words that most alerts hold: the list is walked, and its rows are shown though nobody counts them."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter, Sort, filters, gather
from console.alerts.rules.states import Status
from console.infra.actor import Scope
from console.infra.errors import Invalid
from tests.alerts.making import ADA, alert
from tests.alerts.silences.making import silence
from tests.conftest import Cast, Clock, SignIn

COMMON = "cause"


@pytest.fixture
def common(db_session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Thirty alerts with a word in common, which are more than are gathered."""
    monkeypatch.setattr(gather, "MOST", 29)
    return [alert(clock.at, message=f"the cause {chr(97 + n % 26)}{chr(97 + n // 26)} of it").id for n in range(30)]


def test_what_is_more_than_is_gathered_is_many(common: list[int], clock: Clock) -> None:
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


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("q", [COMMON, f"{COMMON} service:documents", f"{COMMON} status:open severity:error"])
def test_walking_and_gathering_show_the_same(
    common: list[int], clock: Clock, monkeypatch: pytest.MonkeyPatch, q: str, sort: Sort
) -> None:
    walked = pages(AlertFilter(q=q), clock, sort)
    monkeypatch.setattr(gather, "MOST", 30)
    assert pages(AlertFilter(q=q), clock, sort) == walked
    assert sorted(one for page in walked for one in page) == common


@pytest.mark.parametrize(
    "q", [COMMON, f"{COMMON} severity:error", f"-nothing {COMMON}", "tags.shared:yes", "message:cause"]
)
def test_what_is_silenced_or_of_another_state_is_not_gathered(common: list[int], clock: Clock, q: str) -> None:
    more = [alert(clock.at, message=f"the cause {word}", tags={"shared": "yes"}) for word in ("one", "two", "three")]
    actions.resolve(more[0], by=ADA, at=clock.at)
    silence(clock.at, "service = quiet")
    hidden = alert(clock.at, service="quiet", message="the cause four", tags={"shared": "yes"})
    wanted = AlertFilter(q=q, silenced=False)
    with_all, shown = (gather.Reading(replace(wanted, silenced=one), clock.at).found for one in (None, False))
    assert (with_all is None) == (shown is None) == ("shared" not in q)
    for found in (with_all, shown):
        ids = {one.id: one.status for one in found or []}
        assert not found or ids[more[0].id] == Status.RESOLVED
    assert "shared" not in q or {one.id for one in with_all or []} - {one.id for one in shown or []} == {hidden.id}


def pages(wanted: AlertFilter, clock: Clock, sort: Sort) -> list[list[int]]:
    """The ids of the open ones, seven a page."""
    found, cursor = list[list[int]](), None
    while True:
        page = queries.in_state(Status.OPEN, wanted, clock.at, limit=7, cursor=cursor, sort=sort)
        found.append([one.id for one in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_a_search_for_a_state_shows_no_other(common: list[int], clock: Clock) -> None:
    wanted = AlertFilter(q=f"{COMMON} status:resolved")
    assert list(queries.in_state(Status.OPEN, wanted, clock.at, limit=7).items) == []
    assert str(queries.counts(AlertFilter(q="status:resolved"), clock.at)[Status.OPEN]) == "0"


def test_walking_leaves_the_index_of_words_aside_for_one_search(db_session: Session) -> None:
    with filters.searching(AlertFilter(q="cause"), walking=True):
        assert db_session.scalar(text("SHOW enable_bitmapscan")) == "off"
    assert db_session.scalar(text("SHOW enable_bitmapscan")) == "on"


def test_a_walk_asks_for_words_of_what_it_meets_alone(clock: Clock) -> None:
    """A join would be begun with the words: of a million texts all were read, and the search refused."""
    told = str(filters.met(select(Alert.id), AlertFilter(q="cause service:a*"), clock.at))
    assert "JOIN" not in told
    assert "WHERE alert_details.alert_id = alerts.id" in told
    assert str(filters.met(select(Alert.id), AlertFilter(q="service:a*"), clock.at)).count("alert_details") == 0


@pytest.mark.parametrize("q", ["x" * 10_000, " ".join(["word"] * 2_000), "(" * 10_000, '"' * 9_999, "a:" * 5_000])
def test_an_endless_search_is_refused_before_it_is_asked(
    db_session: Session, cast: Cast, client: FlaskClient, sign_in: SignIn, token: Callable[..., str], q: str
) -> None:
    page = sign_in(client, cast.vi).get("/alerts", query_string={"q": q})
    assert page.status_code == 422
    assert "A search may have 2,000 characters" in page.text
    told = client.get("/api/v1/alerts", query_string={"q": q}, headers={"Authorization": f"Bearer {token(Scope.READ)}"})
    assert (told.status_code, told.get_json()["errors"][0]["pointer"]) == (422, "/q")
    assert sign_in(client, cast.vi).get("/alerts/completions", query_string={"q": q}).status_code == 200


@pytest.mark.parametrize("q", ["*a" * 990 + "b", "message:" + "*a*e" * 400, "title:" + "a*" * 900 + "z"])
def test_a_pattern_made_to_explode_ends(db_session: Session, clock: Clock, q: str) -> None:
    alert(clock.at, message="a" * 9_000)
    began = time.monotonic()
    with contextlib.suppress(Invalid):
        queries.in_state(Status.OPEN, AlertFilter(q=q), clock.at, limit=7)
    # A limit of one second for each of two ways to look, on a machine that does much else.
    assert time.monotonic() - began < 10
