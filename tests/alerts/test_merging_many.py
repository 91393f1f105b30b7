"""Merging alerts that were ticked in the list: asked into which one, by the rules of merging on an alert's page."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.alerts import queries
from console.alerts.queries import merges
from console.alerts.rules.states import Severity, Status
from console.infra.db import db
from tests.alerts.making import alert, noise
from tests.conftest import NOON, Cast, Clock, SignIn

URL = "/alerts/selection"
HTMX = {"HX-Request": "true"}
As = Callable[[str], FlaskClient]


@pytest.fixture
def as_(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> As:
    return lambda name: sign_in(client, getattr(cast, name))


@pytest.fixture
def three(as_: As) -> list[int]:
    """Three alerts of three causes, the second the worst; and noise."""
    noise(NOON)
    made = [alert(NOON, task=f"tasks.{name}", fingerprint=name, service=name).id for name in ("a", "c")]
    worst = alert(NOON, task="tasks.b", fingerprint="b", service="b", severity=Severity.CRITICAL).id
    db.session.commit()
    return [made[0], worst, made[1]]


def chosen(ids: list[int], **more: Any) -> dict[str, Any]:
    return {"action": "merge", "ids": [str(one) for one in ids], **more}


def merged(target: int) -> list[int]:
    db.session.rollback()
    return [row.alert_id for row in merges.of(target)]


def test_it_asks_which_one_stays_the_worst_first(as_: As, three: list[int]) -> None:
    asked = as_("olu").post(URL, data=chosen(three), headers=HTMX)
    text = asked.get_data(as_text=True)
    assert asked.headers["HX-Retarget"] == "#ask-body"
    assert "Which of the 3 takes in the others?" in text
    assert f'name="into" value="{three[1]}" checked' in text
    assert text.count('name="into"') == 3
    assert "Merge 2 into it" in text
    assert merged(three[1]) == []


def test_the_others_go_into_the_one_that_was_chosen(as_: As, three: list[int]) -> None:
    first, *rest = three
    done = as_("olu").post(URL, data=chosen(three, into=str(first)), headers=HTMX)
    assert f"2 alerts merged into #{first}. Its page takes each out again." in done.get_data(as_text=True)
    assert merged(first) == sorted(rest)
    assert queries.get(first).count == 3
    assert [queries.get(one).status for one in rest] == [Status.MERGED, Status.MERGED]


def test_without_javascript_it_is_a_page_that_leads_back_to_the_list(as_: As, three: list[int]) -> None:
    olu = as_("olu")
    page = olu.post(f"{URL}?severity=error", data=chosen(three[::2]))
    assert "<html" in page.get_data(as_text=True)
    done = olu.post(f"{URL}?severity=error", data=chosen(three[::2], into=str(three[2])))
    assert (done.status_code, done.headers["Location"]) == (303, "/alerts?severity=error")
    assert merged(three[2]) == [three[0]]


def test_all_that_match_can_be_merged_and_only_if_they_are_as_many_as_shown(as_: As, three: list[int]) -> None:
    olu, where = as_("olu"), f"{URL}?q=service:(a OR b OR c)"
    assert olu.post(where, data={"action": "merge", "all": "2"}, headers=HTMX).status_code == 409
    asked = olu.post(where, data={"action": "merge", "all": "3"}, headers=HTMX).get_data(as_text=True)
    assert "Which of the 3 takes in the others?" in asked


@pytest.mark.parametrize("more", [{"into": "7000"}, {"into": "x"}, {"into": ""}])
def test_one_that_was_not_ticked_takes_in_nothing(as_: As, three: list[int], more: dict[str, str]) -> None:
    assert as_("olu").post(URL, data=chosen(three, **more), headers=HTMX).status_code == 422
    assert [merged(one) for one in three] == [[], [], []]


def test_one_alert_alone_cannot_be_merged(as_: As, three: list[int]) -> None:
    refused = as_("olu").post(URL, data=chosen(three[:1]), headers=HTMX)
    assert refused.status_code == 422
    assert "Tick 2 to 200 alerts to merge." in refused.get_data(as_text=True)


def test_alerts_of_two_environments_are_refused_before_anybody_chooses(as_: As, three: list[int]) -> None:
    other = alert(NOON, environment="staging", message="no such template").id
    db.session.commit()
    asked = as_("olu").post(URL, data=chosen([three[0], other]), headers=HTMX).get_data(as_text=True)
    assert "production and staging" in asked
    assert 'name="into"' not in asked
    refused = as_("olu").post(URL, data=chosen([three[0], other], into=str(other)), headers=HTMX)
    assert (refused.status_code, merged(other)) == (422, [])


def test_a_viewer_merges_nothing(as_: As, three: list[int]) -> None:
    vi = as_("vi")
    assert vi.post(URL, data=chosen(three, into=str(three[0]))).status_code == 403
    assert "Merge…" not in vi.get("/alerts").get_data(as_text=True)
    assert merged(three[0]) == []


def test_the_bar_of_the_list_offers_it(as_: As, three: list[int]) -> None:
    assert 'name="action" value="merge"' in as_("olu").get("/alerts").get_data(as_text=True)
