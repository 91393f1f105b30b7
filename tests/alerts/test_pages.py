"""The pages of alerts: who may see and do what, with and without htmx, and at what cost."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.alerts import queries
from console.alerts.rules.states import Severity, Status
from console.infra.db import db
from tests.alerts.making import alert as make_alert
from tests.alerts.making import counted
from tests.conftest import NOON, Cast, Clock, SignIn

HTMX = {"HX-Request": "true"}
As = Callable[[str], FlaskClient]


@pytest.fixture
def as_(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> As:
    """`as_("olu")`: a client signed in as that member of the cast."""
    return lambda name: sign_in(client, getattr(cast, name))


def fail(**fields: Any) -> int:
    """One committed failure; returns its alert's id."""
    made = make_alert(NOON, **fields)
    db.session.commit()
    return made.id


def html(response: TestResponse) -> str:
    return response.get_data(as_text=True)


def status(alert_id: int) -> Status:
    db.session.expire_all()
    return queries.get(alert_id).status


def test_a_stranger_is_sent_to_sign_in(client: FlaskClient) -> None:
    response = client.get("/alerts?q=x")
    assert response.status_code == 303
    assert "/sign-in" in response.headers["Location"]


def test_the_list_groups_by_state_worst_first(as_: As) -> None:
    fail(service="a", severity=Severity.WARNING, exception_type="Slow")
    fail(service="b", severity=Severity.CRITICAL, exception_type="Gone")
    page = html(as_("vi").get("/alerts"))
    assert page.index("Gone") < page.index("Slow")
    assert "2 open, 2 of them with nobody on it" in page


def test_a_viewer_is_offered_nothing_to_press(as_: As) -> None:
    alert = fail()
    client = as_("vi")
    assert 'name="ids"' not in html(client.get("/alerts"))
    page = html(client.get(f"/alerts/{alert}"))
    assert "Needs the responder role" in page
    assert "/acknowledgement" not in page


@pytest.mark.parametrize("noun", ["acknowledgement", "snooze", "resolution", "notes", "assignment", "retry"])
@pytest.mark.parametrize("who", ["vi", "max_"])
def test_only_responders_change_alerts(as_: As, who: str, noun: str) -> None:
    alert = fail()
    client = as_(who)
    assert client.post(f"/alerts/{alert}/{noun}").status_code == 403
    assert client.post("/alerts/selection", data={"ids": alert, "action": "resolve"}).status_code == 403
    assert status(alert) is Status.OPEN


def test_a_form_without_htmx_comes_back_to_the_page(as_: As) -> None:
    alert = fail()
    client = as_("olu")
    response = client.post(f"/alerts/{alert}/acknowledgement?window=24h")
    assert response.status_code == 303
    assert response.headers["Location"] == f"/alerts/{alert}?window=24h"
    assert f"#{alert} is acknowledged." in html(client.get(response.headers["Location"]))


def test_htmx_gets_the_pages_own_block_and_a_toast(as_: As) -> None:
    alert = fail()
    response = as_("olu").post(f"/alerts/{alert}/acknowledgement", headers=HTMX)
    page = html(response)
    assert response.status_code == 200
    assert "<html" not in page
    assert 'id="alert-page"' in page
    assert f"/alerts/{alert}/acknowledgement/delete" in page
    assert 'hx-swap-oob="beforeend"' in page


@pytest.mark.parametrize(
    ("first", "back", "between"),
    [
        ("acknowledgement", "acknowledgement/delete", Status.ACKNOWLEDGED),
        ("snooze", "snooze/delete", Status.SNOOZED),
        ("resolution", "resolution/delete", Status.RESOLVED),
    ],
)
def test_what_is_done_can_be_taken_back(as_: As, first: str, back: str, between: Status) -> None:
    alert = fail()
    client = as_("olu")
    client.post(f"/alerts/{alert}/{first}", data={"for": "1h"})
    assert status(alert) is between
    client.post(f"/alerts/{alert}/{back}")
    assert status(alert) is Status.OPEN


def test_twice_is_a_conflict_that_changes_nothing(as_: As) -> None:
    alert = fail()
    client = as_("olu")
    client.post(f"/alerts/{alert}/resolution")
    response = client.post(f"/alerts/{alert}/resolution", headers=HTMX)
    assert response.status_code == 409
    assert response.headers["HX-Retarget"] == "#toasts"


def test_a_snooze_into_the_past_is_refused(as_: As) -> None:
    alert = fail()
    response = as_("olu").post(f"/alerts/{alert}/snooze", data={"until": "2020-01-01T00:00"})
    assert response.status_code == 422
    assert status(alert) is Status.OPEN


def test_a_note_is_kept_as_text(as_: As) -> None:
    alert = fail()
    client = as_("olu")
    client.post(f"/alerts/{alert}/notes", data={"text": "<b>look</b> at {{ 7*7 }}"})
    page = html(client.get(f"/alerts/{alert}"))
    assert "&lt;b&gt;look&lt;/b&gt; at {{ 7*7 }}" in page


def test_an_alert_is_given_to_somebody_who_exists(as_: As, cast: Cast) -> None:
    alert = fail()
    client = as_("olu")
    client.post(f"/alerts/{alert}/assignment", data={"user": cast.ada.email})
    assert queries.get(alert).assignee == cast.ada.email
    assert client.post(f"/alerts/{alert}/assignment", data={"user": "nobody@example.com"}).status_code == 422
    client.post(f"/alerts/{alert}/assignment/delete")
    db.session.expire_all()
    assert queries.get(alert).assignee is None


def test_ticked_alerts_change_together_and_the_rest_is_told(as_: As) -> None:
    open_, done, other = fail(service="a"), fail(service="b"), fail(service="c")
    client = as_("olu")
    client.post(f"/alerts/{done}/resolution")
    response = client.post("/alerts/selection", data={"ids": [open_, done], "action": "acknowledge"}, headers=HTMX)
    assert "1 alert acknowledged. 1 left as they were" in html(response)
    assert [status(i) for i in (open_, done, other)] == [Status.ACKNOWLEDGED, Status.RESOLVED, Status.OPEN]


def test_all_that_match_change_only_if_they_are_as_many_as_shown(as_: As) -> None:
    ids = [fail(service="a", task=f"t.x{c}") for c in "abc"]
    noise = fail(service="b")
    client = as_("olu")
    moved = client.post("/alerts/selection?service=a", data={"all": "2", "action": "resolve"})
    assert moved.status_code == 409
    client.post("/alerts/selection?service=a", data={"all": "3", "action": "resolve"})
    assert {status(i) for i in ids} == {Status.RESOLVED}
    assert status(noise) is Status.OPEN


@pytest.mark.parametrize("data", [{}, {"ids": "1"}, {"ids": "1", "action": "explode"}, {"action": "resolve"}])
def test_a_selection_that_says_nothing_is_refused(as_: As, data: dict[str, str]) -> None:
    assert as_("olu").post("/alerts/selection", data=data).status_code == 422


def test_a_bad_search_shows_where_it_goes_wrong(as_: As) -> None:
    fail()
    response = as_("vi").get("/alerts?q=count:x")
    assert response.status_code == 422
    assert "whole number" in html(response)
    assert 'aria-invalid="true"' in html(response)


def test_filters_become_chips_that_can_be_taken_off(as_: As) -> None:
    fail(service="shop")
    page = html(as_("vi").get("/alerts?service=shop&severity=error"))
    assert 'aria-label="Remove service shop"' in page
    assert 'href="/alerts?severity=error"' in page


def test_a_removed_secret_is_shown_as_removed(as_: As) -> None:
    alert = fail(kwargs={"document": 7, "password": "swordfish"})
    page = html(as_("vi").get(f"/alerts/{alert}"))
    assert "removed before storage" in page
    assert "swordfish" not in page


def test_a_runbook_is_a_link_only_to_the_web(as_: As) -> None:
    client = as_("vi")
    assert 'href="https://wiki.example.org/x"' in html(
        client.get(f"/alerts/{fail(service='a', runbook_url='https://wiki.example.org/x')}")
    )
    assert 'href="javascript:' not in html(
        client.get(f"/alerts/{fail(service='b', runbook_url='javascript:alert(1)')}")
    )


def test_the_first_page_offers_two_ways_and_a_token_once(as_: As) -> None:
    client = as_("ada")
    page = html(client.get("/alerts"))
    assert "/queues/practice" in page
    assert "Bearer TOKEN" in page
    made = html(client.post("/alerts/first-token", headers=HTMX))
    found = re.search(r"Bearer (console_[A-Za-z0-9_-]+)", made)
    assert found is not None
    assert found[1] not in html(client.get("/alerts"))
    body = json.dumps({"service": "shop", "task": "t", "message": "m"})
    headers = {"Authorization": f"Bearer {found[1]}", "Content-Type": "application/json"}
    assert client.post("/api/v1/failures", data=body, headers=headers).status_code == 202


def test_a_page_that_waited_for_the_first_failure_is_told_to_load_the_list(as_: As) -> None:
    client = as_("vi")
    assert "HX-Refresh" not in client.get("/alerts?first=1", headers=HTMX).headers
    fail()
    assert client.get("/alerts?first=1", headers=HTMX).headers["HX-Refresh"] == "true"


def test_a_poll_with_nothing_new_costs_no_query(as_: As) -> None:
    fail()
    client = as_("vi")
    first = client.get("/alerts", headers=HTMX)
    with counted() as statements:
        again = client.get("/alerts", headers={**HTMX, "If-None-Match": first.headers["ETag"], "X-Poll": "1"})
    assert again.status_code == 304
    assert statements == []


def test_the_list_costs_the_same_number_of_queries_however_long_it_is(as_: As) -> None:
    client = as_("vi")
    fail(service="s0")
    client.get("/alerts")
    with counted() as few:
        client.get("/alerts")
    for n in range(1, 30):
        fail(service=f"s{n}")
    with counted() as many:
        client.get("/alerts")
    assert len(many) == len(few)


def test_older_alerts_are_a_page_away(as_: As) -> None:
    for n in range(52):
        fail(service=f"s{n:02}")
    client = as_("vi")
    page = html(client.get("/alerts?status=open"))
    older = re.search(r'href="(/alerts\?[^"]*cursor=[^"]+)">Older open', page)
    assert older is not None
    rest = html(client.get(older[1].replace("&amp;", "&")))
    assert len(re.findall(r'id="alert-\d+"', page)) == 50
    assert len(re.findall(r'id="alert-\d+"', rest)) == 2


def test_no_alert_is_no_page(as_: As) -> None:
    client = as_("vi")
    assert client.get("/alerts/999999").status_code == 404
    assert client.get("/alerts/99999999999999999999").status_code == 404
