"""Errors in the look of the house: what happened, what was kept, what to do, a reference."""

import pytest
from flask import Flask, g

from console.infra.errors import Conflict, DomainError, Fault, Forbidden, Invalid, NotFound, TooMany, Unavailable
from console.web import errors

REFUSALS = [
    NotFound("There is no alert 7."),
    Forbidden("This needs the admin role."),
    Conflict("The alert is resolved already."),
    Invalid("A snooze ends in the future.", errors=[Fault("/until", "This time has passed.")]),
    TooMany("Five attempts a minute are enough.", retry_after=40),
    Unavailable("The database does not answer; nothing was saved.", retry_after=5),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
def test_a_page_says_what_happened_and_gives_a_reference(session_app: Flask, refusal: DomainError) -> None:
    with session_app.test_request_context("/alerts/7"):
        session_app.preprocess_request()
        response = errors.reply(refusal)
        html = response.get_data(as_text=True)
    assert response.status_code == refusal.status
    assert refusal.detail in html
    assert "reference" in html
    assert "<html" in html
    for fault in refusal.errors:
        assert fault.detail in html


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
def test_htmx_gets_a_fragment_that_leaves_the_page_as_it_was(session_app: Flask, refusal: DomainError) -> None:
    with session_app.test_request_context("/alerts/7", headers={"HX-Request": "true"}):
        session_app.preprocess_request()
        response = errors.reply(refusal)
    html = response.get_data(as_text=True)
    assert "<html" not in html
    assert refusal.detail in html
    assert response.headers["HX-Retarget"] == "#toasts"
    assert response.headers["HX-Reswap"] == "beforeend"


def test_a_wrong_address_is_told_in_our_words(session_app: Flask) -> None:
    response = session_app.test_client().get("/no/such/page")
    html = response.get_data(as_text=True)
    assert response.status_code == 404
    assert "There is nothing here" in html
    assert "requested URL" not in html


def test_a_crash_shows_no_detail(session_app: Flask) -> None:
    with session_app.test_request_context("/alerts"):
        session_app.preprocess_request()
        response = errors._crash(ValueError("the secret is swordfish"))
    assert response.status_code == 500
    assert "swordfish" not in response.get_data(as_text=True)


def test_an_error_page_asks_nobody_who_the_reader_is(session_app: Flask) -> None:
    """When the database is away, finding out would fail again."""
    with session_app.test_request_context("/alerts"):
        response = errors._database_away(RuntimeError("connection refused"))
        assert g.actor.kind == "anonymous"
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
def test_the_way_back_leads_to_the_page_one_came_from(session_app: Flask, refusal: DomainError) -> None:
    came = {"Referer": "http://localhost/alerts?q=a&amp=1"}
    with session_app.test_request_context("/alerts/7/snooze", headers=came):
        session_app.preprocess_request()
        html = errors.reply(refusal).get_data(as_text=True)
    assert 'href="/alerts?q=a&amp;amp=1"' in html
    assert "Back to where you were" in html


@pytest.mark.parametrize(
    "referrer",
    ["", "http://elsewhere.test/alerts", "http://localhost//elsewhere.test", "http://localhost/alerts/7?a=1"],
)
def test_no_way_back_to_elsewhere_or_to_the_page_that_fails(session_app: Flask, referrer: str) -> None:
    with session_app.test_request_context("/alerts/7?a=1", headers={"Referer": referrer}):
        session_app.preprocess_request()
        html = errors.reply(NotFound("There is no alert 7.")).get_data(as_text=True)
    assert "Back to where you were" not in html
    assert "elsewhere.test" not in html


@pytest.mark.parametrize("refusal", [Conflict("It is resolved already."), Invalid("Nothing was changed; look again.")])
def test_a_refusal_beside_the_page_says_once_that_nothing_was_changed(session_app: Flask, refusal: DomainError) -> None:
    with session_app.test_request_context("/alerts/7", headers={"HX-Request": "true"}):
        session_app.preprocess_request()
        html = errors.reply(refusal).get_data(as_text=True)
    assert html.count("Nothing was changed") == 1
    assert "Invalid input" not in html
