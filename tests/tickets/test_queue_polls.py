"""Polls of the queue: one rendering for all who may do the same, nothing of one reader in another's; few statements."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.infra import events
from console.tickets.views import queue as page
from console.web import once
from tests.alerts.test_list import statements
from tests.conftest import NOON, Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import aged, id_of, queue, subjects, words

__all__ = ["queue"]
POLL = {"HX-Request": "true", "X-Poll": "1"}


def poll(client: FlaskClient, path: str = "/tickets", etag: str = "") -> TestResponse:
    return client.get(path, headers=POLL | ({"If-None-Match": etag} if etag else {}))


@pytest.fixture
def people(app: Flask, cast: Cast, sign_in: SignIn) -> dict[str, FlaskClient]:
    return {name: sign_in(app.test_client(), getattr(cast, name)) for name in ("ada", "olu", "max_", "vi")}


@pytest.fixture
def renderings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A 1 for each time that the queue's blocks were made; no rendering grows old by itself."""
    made: list[int] = []
    plain = page.shown

    def noted() -> object:
        made.append(1)
        return plain()

    monkeypatch.setattr(page, "shown", noted)
    monkeypatch.setattr(once, "YOUNG", 1e9)
    return made


def test_readers_who_may_do_the_same_share_a_rendering(
    queue: Api, people: dict[str, FlaskClient], renderings: list[int]
) -> None:
    answers = {name: poll(client).text for name, client in people.items()}
    assert all(subjects(answer) == ["Aged 70", "Aged 50", "Aged 10", "Aged 20"] for answer in answers.values())
    # All but Vi may give tickets away.
    assert len(renderings) == 2
    ticks = {name: answer.count('name="ids"') for name, answer in answers.items()}
    assert ticks == {"ada": 4, "olu": 4, "max_": 4, "vi": 0}
    assert "data-bulk" not in answers["vi"]


def test_a_rendering_holds_no_token_no_name_and_no_view(
    queue: Api, people: dict[str, FlaskClient], renderings: list[int]
) -> None:
    saved = people["olu"].post("/tickets/views?organization=Acme", data={"name": "Olu's own"})
    assert saved.status_code == 303
    for client in people.values():
        answer = poll(client).text
        assert "csrf" not in answer.lower()
        assert "Olu's own" not in answer
        assert not re.search(r"(ada|olu|max|vi)@example\.com", answer)
    assert "Olu&#39;s own" in people["olu"].get("/tickets").text


def test_the_form_has_its_token_beside_it(queue: Api, people: dict[str, FlaskClient]) -> None:
    shown = people["olu"].get("/tickets").text
    assert re.search(r'<input type="hidden" name="csrf_token" value="[^"]+" form="ticket-selection">', shown)
    assert '<form class="card" id="ticket-selection"' in shown


@pytest.mark.parametrize("first", ["/tickets?organization=Acme", "/tickets?state=ok", "/tickets?assignee=none"])
def test_another_filter_is_another_list(queue: Api, people: dict[str, FlaskClient], first: str) -> None:
    assert len(subjects(poll(people["vi"], first).text)) == 1
    assert len(subjects(poll(people["vi"]).text)) == 4


def test_another_zone_is_another_rendering(queue: Api, people: dict[str, FlaskClient], renderings: list[int]) -> None:
    utc = words(poll(people["vi"]).text)
    people["vi"].set_cookie("tz", "Asia/Tokyo")
    tokyo = words(poll(people["vi"]).text)
    assert ("today 12:50" in utc, "today 21:50" in tokyo) == (True, True)
    assert "today 12:50" not in tokyo


def test_programs_changes_wait_a_moment_and_polls_then_say_304(
    queue: Api, people: dict[str, FlaskClient], renderings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = poll(people["ada"])
    queue("PUT", "/tickets/zendesk/new", aged(5), 201)
    # Young: the others are shown what stands, and who has that already is told nothing.
    assert poll(people["max_"]).text == first.text
    assert poll(people["ada"], etag=first.headers["ETag"]).status_code == 304
    # A page that is opened is never young, nor is what stands beside its rows.
    opened = people["vi"].get("/tickets").text
    assert "Aged 5" in subjects(opened)
    assert "3 open, 1 pressing" in words(opened)
    monkeypatch.setattr(once, "YOUNG", 0.0)
    monkeypatch.setattr(once, "SHARE", 0)
    late = poll(people["ada"], etag=first.headers["ETag"])
    assert (late.status_code, "Aged 5" in subjects(late.text)) == (200, True)
    assert poll(people["ada"], etag=late.headers["ETag"]).status_code == 304


def test_what_somebody_did_shows_at_once_to_all(
    queue: Api, people: dict[str, FlaskClient], renderings: list[int]
) -> None:
    before = [poll(people[name]) for name in ("olu", "vi")]
    given = {"ids": [id_of("risky")], "sure": "yes", "assignee": "kim"}
    done = people["olu"].post("/tickets/assignments", data=given, headers={"HX-Request": "true"})
    # The answer itself shows whose load it is now, before anything is committed.
    assert "2 open, 1 pressing" in words(done.text)
    for name, seen in zip(("olu", "vi"), before, strict=True):
        after = poll(people[name], etag=seen.headers["ETag"])
        assert after.status_code == 200
        assert "2 open, 1 pressing" in words(after.text)


def test_a_shared_poll_asks_the_database_nothing(
    queue: Api, people: dict[str, FlaskClient], renderings: list[int]
) -> None:
    poll(people["olu"])
    poll(people["max_"])
    with statements() as sent:
        answer = poll(people["max_"])
    assert (answer.status_code, sent) == (200, [])


def test_without_redis_everybody_has_their_own(
    queue: Api, people: dict[str, FlaskClient], renderings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "moment", lambda _: None)
    answers = [poll(people["vi"]) for _ in range(2)]
    assert [len(subjects(answer.text)) for answer in answers] == [4, 4]
    assert len(renderings) == 2
    assert "ETag" not in answers[0].headers


@pytest.mark.parametrize("asked", ["", "?organization=Acme&assignee=sam", "?state=ok", "?due_before=2026-11-21T13:00Z"])
def test_how_many_statements_a_page_sends(queue: Api, people: dict[str, FlaskClient], asked: str) -> None:
    first, again = (asked_of_the_database(people["vi"], f"/tickets{asked}") for _ in range(2))
    # The rows of all groups, their counts, saved views; the menu's alerts and heartbeats.
    assert len(again) == 5, again
    # Once a change: loads, promises, values to choose, the menu's tickets; and what a connection prepares once.
    assert len(again) < len(first) <= len(again) + 7, first


def asked_of_the_database(client: FlaskClient, path: str) -> list[str]:
    """What one page sends."""
    with statements() as sent:
        assert client.get(path).status_code == 200
    return [sql for sql in sent if "SAVEPOINT" not in sql]


def test_what_lasts_is_read_anew_after_a_change(queue: Api, people: dict[str, FlaskClient], clock: Clock) -> None:
    ticket_id = id_of("fine")
    for path in ("/tickets", f"/tickets/{ticket_id}"):
        assert "2 open, 1 pressing" in words(people["vi"].get(path).text)
    over = {"id": "r", "at": (NOON - timedelta(minutes=1)).isoformat(), "type": "resolved"}
    queue("PUT", "/tickets/zendesk/late", aged(70, events=[over]), 200)
    for path in ("/tickets", f"/tickets/{ticket_id}"):
        assert "1 open, 0 pressing" in words(people["vi"].get(path).text)
    policy = queue("GET", "/sla/policies/gold", status=200)
    clock.advance(seconds=1)
    queue("PUT", "/sla/policies/silver", {**{k: policy[k] for k in SENT}, "position": 9}, 201)
    assert '<option value="silver">' in people["vi"].get("/tickets").text


SENT = ("calendar", "match", "targets", "paused_statuses", "at_risk")


def test_the_next_to_break_is_one_of_the_list(
    queue: Api, people: dict[str, FlaskClient], clock: Clock, cast: Cast
) -> None:
    def next_up(asked: str) -> str:
        found = re.search(r'<p class="answer next-up">.*?</p>', people["vi"].get(f"/tickets{asked}").text)
        return words(found[0]) if found else ""

    assert next_up("?organization=Acme").startswith("Next to break: Aged 10,")
    assert next_up("?state=paused").startswith("Next to break: Aged 50,")
    assert next_up("?due_before=2026-11-21T12:05:00Z") == "No deadline lies ahead in this list."
    assert next_up("?assignee=kim") == "No deadline lies ahead in this list."
