"""The page of one alert: its place in the list, what is related, merges, releases, who was told, all of the past."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.alerts import actions, queries
from console.alerts.rules.states import Severity
from console.infra.db import db
from console.oncall.models import Delivery, Notice
from tests.alerts.making import OLU, TRACEBACK, counted, failure, noise
from tests.conftest import NOON, Cast, Clock, SignIn

As = Callable[[str], FlaskClient]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> As:
    """`as_("olu")`: a client signed in as that member of the cast."""
    return lambda name: sign_in(client, getattr(cast, name))


def send(name: str, minutes: float = 0, **fields: Any) -> int:
    """One committed failure of a named cause, some minutes before noon."""
    at = NOON - timedelta(minutes=minutes)
    given: dict[str, Any] = {"fingerprint": name, "message": f"cause {name}", **fields}
    done = actions.ingest([failure(at, **given)], at=at)
    db.session.commit()
    return done.alerts[0]


def html(response: TestResponse) -> str:
    assert response.status_code == 200, response.status
    return response.get_data(as_text=True)


def steps(page: str) -> dict[str, int]:
    """Where k and j lead."""
    found = re.findall(r'href="/alerts/(\d+)[^"]*" data-step="([jk])"', page)
    return {key: int(number) for number, key in found}


def test_steps_follow_the_list_worst_first(as_: As) -> None:
    noise(NOON)
    mild = send("mild", 1, severity=Severity.WARNING)
    bad = send("bad", 9, severity=Severity.CRITICAL)
    old, new = send("old", 5), send("new", 2)
    client = as_("vi")
    order = [bad, new, old, mild]
    for place, alert in enumerate(order):
        page = html(client.get(f"/alerts/{alert}?q=cause&among=open"))
        around = {"k": order[place - 1] if place else 0, "j": order[place + 1] if place + 1 < len(order) else 0}
        assert steps(page) == {key: to for key, to in around.items() if to}
        assert f"{place + 1} of 4 open" in page


def test_steps_keep_the_filter_and_stay_within_it(as_: As) -> None:
    noise(NOON)
    first, other, last = send("a", 1), send("b", 2, service="media"), send("c", 3)
    page = html(as_("vi").get(f"/alerts/{first}?service=documents&q=cause&among=open"))
    assert steps(page) == {"j": last}
    assert "1 of 2 open" in page
    assert f"/alerts/{last}?service=documents&amp;q=cause&amp;among=open" in page
    assert other not in steps(page).values()


def test_what_left_its_group_still_leads_on(as_: As) -> None:
    first, second = send("a", 1), send("b", 2)
    client = as_("olu")
    done = html(client.post(f"/alerts/{first}/acknowledgement?among=open", headers=HTMX))
    assert steps(done) == {"j": second}
    assert "1 open" in done


def test_the_list_leads_to_pages_that_know_it(as_: As) -> None:
    alert = send("a", severity=Severity.CRITICAL)
    page = html(as_("vi").get("/alerts?severity=critical&q=cause"))
    assert f'href="/alerts/{alert}?severity=critical&amp;q=cause&amp;among=open"' in page


def test_a_search_that_cannot_be_read_costs_only_the_steps(as_: As) -> None:
    alert = send("a")
    assert "data-step" not in html(as_("vi").get(f"/alerts/{alert}?q=count:x&among=open"))


def test_related_alerts_say_why(as_: As) -> None:
    mine = send("mine", 10, release="2026.11.3", host="worker-03")
    both = send("both", 12, release="2026.11.3", host="worker-03", service="media")
    minute = send("minute", 10.5)
    send("far", 200, release="2026.11.3", host="worker-03")
    send("elsewhere", 10, host="worker-03", environment="staging")
    page = html(as_("vi").get(f"/alerts/{mine}"))
    assert re.findall(r'id="related-(\d+)"', page) == [str(both), str(minute)]
    assert "same host, same release" in page or "same release, same host" in page
    assert "same minute" in page


def test_a_release_is_marked_where_it_first_failed(as_: As) -> None:
    send("other", 12, release="2026.11.3")
    mine = send("mine", 10, release="2026.11.3")
    page = html(as_("vi").get(f"/alerts/{mine}?window=30m"))
    assert 'class="mark"' in page
    assert "release 2026.11.3" in page
    assert "2 minutes after the first failure of release 2026.11.3" in page


def test_who_was_told_is_shown_and_when_again(as_: As) -> None:
    alert = send("mine", 10)
    told = {"purpose": "alert", "alert_id": alert, "opening": 1, "kind": "email", "created_at": NOON, "due_at": NOON}
    db.session.add(
        Delivery(step=0, channel_name="mail", recipient="olu@example.com", state="sent", sent_at=NOON, **told)
    )
    db.session.add(
        Delivery(step=1, channel_name="room", recipient="", state="failed", error="The server answered 502.", **told)
    )
    next_at = NOON + timedelta(minutes=6)
    db.session.add(
        Notice(
            alert_id=alert, opening=1, opened_at=NOON, severity=Severity.ERROR, step=1, started_at=NOON, rule="all",
            next_step_at=next_at,
        )
    )  # fmt: skip
    db.session.commit()
    page = html(as_("olu").get(f"/alerts/{alert}"))
    assert "olu@example.com" in page
    assert "The server answered 502." in page
    assert "in 6 min" in page
    assert "stops the reminder" in page


def test_merging_and_taking_out_on_the_page(as_: As) -> None:
    mine, other = send("mine", 10), send("other", 5)
    client = as_("olu")
    question = html(client.get(f"/alerts/{mine}/merges"))
    assert f'value="{other}"' in question
    done = html(client.post(f"/alerts/{mine}/merges?among=open", data={"ids": other}, headers=HTMX))
    assert f'id="merged-{other}"' in done
    assert "1 alert merged into" in done
    assert f"/alerts/{mine}/merges/{other}/delete?among=open" in done
    back = html(client.post(f"/alerts/{mine}/merges/{other}/delete", headers=HTMX))
    assert f'id="merged-{other}"' not in back
    assert queries.get(other).count == 1


def test_a_merged_alerts_address_leads_on_and_says_so(as_: As) -> None:
    mine, other = send("mine", 10), send("other", 5)
    actions.merge(mine, [other], by=OLU, at=NOON)
    db.session.commit()
    client = as_("vi")
    response = client.get(f"/alerts/{other}?among=open")
    assert (response.status_code, response.headers["Location"]) == (303, f"/alerts/{mine}?among=open&merged={other}")
    page = html(client.get(response.headers["Location"]))
    assert f"#{other} was merged into this alert" in page
    assert "Take out" not in page
    poll = client.get(f"/alerts/{other}", headers=HTMX)
    assert poll.headers["HX-Redirect"] == f"/alerts/{mine}?merged={other}"


@pytest.mark.parametrize("who", ["vi", "max_"])
def test_only_responders_merge(as_: As, who: str) -> None:
    mine, other = send("mine"), send("other")
    client = as_(who)
    assert client.get(f"/alerts/{mine}/merges").status_code == 403
    assert client.post(f"/alerts/{mine}/merges", data={"ids": other}).status_code == 403
    assert client.post(f"/alerts/{mine}/merges/{other}/delete").status_code == 403


@pytest.mark.parametrize(
    ("numbers", "status"), [("", 422), ("twelve", 422), ("#0", 404), ("99999999999999999999", 422)]
)
def test_nonsense_is_refused_with_a_sentence(as_: As, numbers: str, status: int) -> None:
    mine = send("mine")
    response = as_("olu").post(f"/alerts/{mine}/merges", data={"numbers": numbers})
    assert response.status_code == status


def test_alerts_named_by_number_are_merged(as_: As) -> None:
    mine, one, two = send("mine"), send("one", service="media"), send("two", service="billing")
    as_("olu").post(f"/alerts/{mine}/merges", data={"numbers": f"#{one}, {two}"})
    assert queries.get(mine).count == 3


def test_history_is_whole_a_page_at_a_time(as_: As) -> None:
    alert = send("mine")
    for n in range(70):
        actions.note(queries.get_for_change(alert), f"note number {n}", by=OLU, at=NOON)
    db.session.commit()
    client = as_("vi")
    assert "All of its history" in html(client.get(f"/alerts/{alert}"))
    page, seen = html(client.get(f"/alerts/{alert}/history")), set[str]()
    seen |= set(re.findall(r"note number \d+", page))
    older = re.search(r'href="(/alerts/\d+/history\?cursor=[^"]+)"', page)
    assert older
    seen |= set(re.findall(r"note number \d+", html(client.get(older[1]))))
    assert len(seen) == 70


def test_failures_are_listed_and_open(as_: As) -> None:
    for n in range(60):
        alert = send("mine", n, job_id=f"job-{n}", host="worker-1")
    client = as_("vi")
    page = html(client.get(f"/alerts/{alert}/occurrences"))
    assert page.count('id="failure-') == 50
    older = re.search(r'href="(/alerts/\d+/occurrences\?cursor=[^"]+)"', page)
    assert older
    assert html(client.get(older[1])).count('id="failure-') == 10


def test_the_newest_is_what_occurred_last_not_what_arrived_last(as_: As, clock: Clock) -> None:
    late = [failure(NOON, event_id="a", message="m 1"), failure(NOON - timedelta(hours=1), event_id="z", message="m 2")]
    alert = actions.ingest(late, at=NOON).alerts[0]
    actions.ingest([failure(NOON - timedelta(hours=2), event_id="b", message="m 3")], at=NOON)
    db.session.commit()
    found = queries.occurrences(alert, limit=5).items
    assert [one.event_id for one in found] == ["a", "z", "b"]
    assert found[0].id > found[1].id


def test_of_one_instant_the_one_sent_last_is_the_newest(clock: Clock, db_session: object) -> None:
    batch = [failure(NOON, event_id=name) for name in ("z", "m", "a")]
    alert = actions.ingest(batch, at=NOON).alerts[0]
    assert [one.event_id for one in queries.occurrences(alert, limit=5).items] == ["a", "m", "z"]


def test_an_opening_heard_of_late_says_both_times(as_: As, clock: Clock) -> None:
    alert = actions.ingest([failure(NOON - timedelta(hours=3), traceback=TRACEBACK)], at=NOON).alerts[0]
    db.session.commit()
    assert "and we heard of it" in html(as_("vi").get(f"/alerts/{alert}"))
    soon = send("soon")
    assert "and we heard of it" not in html(as_("vi").get(f"/alerts/{soon}"))


def test_it_costs_the_same_number_of_queries_however_much_it_has_to_tell(as_: As) -> None:
    alert, client = send("deep", 1), as_("olu")
    client.get(f"/alerts/{alert}")
    with counted() as few:
        client.get(f"/alerts/{alert}")
    frames = "".join(
        f'  File "/srv/app/step_{n}.py", line {n}, in step_{n}\n    step_{n + 1}()\n' for n in range(1, 201)
    )
    raised = f"Traceback (most recent call last):\n{frames}KeyError: 'deep'\n"
    for n in range(2, 6):
        told = {"fingerprint": "deep", "message": "deep", "traceback": raised, "release": f"r{n}", "host": f"h{n}"}
        at = NOON - timedelta(minutes=n)
        actions.ingest([failure(at, **told, job_id=f"j{n}-{m}", tags={"page": f"{m}"}) for m in range(300)], at=at)
    for n in range(30):
        actions.note(queries.get_for_change(alert), f"note {n:02}", by=OLU, at=NOON + timedelta(seconds=n))
    db.session.commit()
    with counted() as many:
        page = html(client.get(f"/alerts/{alert}"))
    assert len(many) == len(few) < 20
    assert "300 pages" in page
    assert "in the newest 1,000" in page
    assert "note 29" in page
    assert "note 05" not in page
    assert len(page) < 250_000


def test_a_poll_of_it_with_nothing_new_costs_no_query(as_: As) -> None:
    alert, client = send("quiet"), as_("vi")
    first = client.get(f"/alerts/{alert}", headers=HTMX)
    with counted() as statements:
        again = client.get(f"/alerts/{alert}", headers={**HTMX, "If-None-Match": first.headers["ETag"], "X-Poll": "1"})
    assert (again.status_code, statements) == (304, [])


def test_failures_of_what_is_merged_are_its_newest_and_older(as_: As) -> None:
    first, second = send("one", 9, traceback=TRACEBACK), send("two", 5, message="of the other")
    actions.merge(first, [second], by=OLU, at=NOON)
    db.session.commit()
    told = queries.facts(queries.get(first))
    assert told.newest is not None
    assert told.older is not None
    client = as_("vi")
    newest = html(client.get(f"/alerts/{first}"))
    assert "of the other" in newest
    assert f"occurrence={told.older[0]}" in newest
    older = html(client.get(f"/alerts/{first}?occurrence={told.older[0]}"))
    assert f"occurrence={told.newest[0]}" in older
    assert "build_layout" in older
