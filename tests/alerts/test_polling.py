"""Polls of the list: one rendering for all who look at the same, nothing of one reader in another's."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from console.accounts.models import User
from console.alerts import actions
from console.alerts.models import Alert
from console.alerts.views import lists
from console.infra import events
from console.infra.actor import Actor
from console.infra.db import db
from console.web import once
from tests.alerts.making import alert
from tests.alerts.test_list import statements
from tests.conftest import Cast, Clock, SignIn, give_session, make_cast

POLL = {"HX-Request": "true", "X-Poll": "1"}


def poll(client: FlaskClient, path: str = "/alerts", etag: str = "") -> TestResponse:
    return client.get(path, headers=POLL | ({"If-None-Match": etag} if etag else {}))


def shown(response: TestResponse) -> list[int]:
    return [int(found) for found in re.findall(r'id="alert-(\d+)"', response.text)]


@pytest.fixture
def two(db_session: Session, clock: Clock) -> list[Alert]:
    made = [alert(clock.at, message=f"cause {word}") for word in ("apple", "pear")]
    db_session.commit()
    return made


@pytest.fixture
def renderings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was rendered for polls, as query strings; no rendering grows old by itself."""
    made: list[str] = []
    plain = lists.shown

    def noted(args: dict[str, str]) -> object:
        made.append("&".join(f"{name}={value}" for name, value in args.items()))
        return plain(args)

    monkeypatch.setattr(lists, "shown", noted)
    monkeypatch.setattr(once, "YOUNG", 1e9)
    return made


@pytest.fixture
def people(app: Flask, cast: Cast, sign_in: SignIn) -> dict[str, FlaskClient]:
    return {name: sign_in(app.test_client(), getattr(cast, name)) for name in ("ada", "olu", "max_", "vi")}


def test_readers_of_one_role_share_a_rendering(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str]
) -> None:
    answers = {name: poll(client) for name, client in people.items()}
    assert all(sorted(shown(answer)) == [one.id for one in two] for answer in answers.values())
    # Ada and Olu may change alerts, Max and Vi may only look.
    assert len(renderings) == 2
    ticks = {name: answer.text.count('name="ids"') for name, answer in answers.items()}
    assert ticks == {"ada": 2, "olu": 2, "max_": 0, "vi": 0}
    assert "data-bulk" not in answers["vi"].text


def test_a_rendering_holds_no_token_and_no_name(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str]
) -> None:
    for client in people.values():
        answer = poll(client).text
        assert "csrf" not in answer.lower()
        assert not re.search(r"(ada|olu|max|vi)@example\.com", answer)


def test_one_page_still_carries_its_token_for_the_form(two: list[Alert], people: dict[str, FlaskClient]) -> None:
    page = people["olu"].get("/alerts").text
    assert re.search(r'<input type="hidden" name="csrf_token" value="[^"]+" form="alert-selection">', page)
    assert 'id="alert-selection"' in page


def test_you_stands_only_in_ones_own(
    two: list[Alert], cast: Cast, people: dict[str, FlaskClient], renderings: list[str], clock: Clock, app: Flask
) -> None:
    actions.assign(two[0], cast.olu.email, by=actor(cast.ada), at=clock.at)
    db.session.commit()
    olu, ada = poll(people["olu"]).text, poll(people["ada"]).text
    assert (olu.count("<span>You</span>"), ada.count("<span>You</span>")) == (1, 0)
    assert ("<span>Olu</span>" in olu, "<span>Olu</span>" in ada) == (False, True)


def actor(user: User) -> Actor:
    return Actor(kind="user", id=user.id, label=user.email, role=user.role)


@pytest.mark.parametrize("first", ["/alerts?q=apple", "/alerts?severity=critical", "/alerts?status=resolved"])
def test_another_filter_is_another_list(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str], first: str
) -> None:
    narrow, whole = poll(people["vi"], first), poll(people["vi"])
    assert len(shown(narrow)) == ("apple" in first)
    assert len(shown(whole)) == 2


def test_another_zone_is_another_rendering(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str], clock: Clock
) -> None:
    alert(clock.at - timedelta(hours=3), message="cause cherry")
    db.session.commit()
    utc = poll(people["vi"]).text
    people["vi"].set_cookie("tz", "Asia/Tokyo")
    tokyo = poll(people["vi"]).text
    assert (">09:00</time>" in utc, ">18:00</time>" in tokyo) == (True, True)
    assert ">09:00</time>" not in tokyo


def test_programs_changes_wait_a_moment_and_polls_then_say_304(
    two: list[Alert],
    people: dict[str, FlaskClient],
    renderings: list[str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = poll(people["vi"])
    third = alert(clock.at, message="cause cherry")
    db.session.commit()
    # Young: the others are shown what stands, and who has that already is told nothing.
    assert poll(people["max_"]).text == first.text
    assert poll(people["vi"], etag=first.headers["ETag"]).status_code == 304
    monkeypatch.setattr(once, "YOUNG", 0.0)
    monkeypatch.setattr(once, "SHARE", 0)
    late = poll(people["vi"], etag=first.headers["ETag"])
    assert (late.status_code, third.id in shown(late)) == (200, True)
    assert poll(people["vi"], etag=late.headers["ETag"]).status_code == 304
    assert len(renderings) == 2


def test_a_page_that_is_opened_is_never_young(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str], clock: Clock
) -> None:
    poll(people["vi"])
    third = alert(clock.at, message="cause cherry")
    db.session.commit()
    assert third.id in shown(people["vi"].get("/alerts"))


def test_what_somebody_did_shows_at_once_to_all(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str]
) -> None:
    before = [poll(people[name]) for name in ("olu", "vi")]
    done = people["olu"].post(
        "/alerts/selection", data={"action": "resolve", "ids": [str(two[0].id)]}, headers={"HX-Request": "true"}
    )
    assert done.status_code == 200
    for name, seen in zip(("olu", "vi"), before, strict=True):
        after = poll(people[name], etag=seen.headers["ETag"])
        assert (after.status_code, shown(after)) == (200, [two[1].id])


def test_a_shared_poll_asks_the_database_nothing(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str]
) -> None:
    poll(people["vi"])
    poll(people["max_"])
    with statements() as sent:
        answer = poll(people["max_"])
    assert (answer.status_code, sent) == (200, [])
    assert 'id="nav-alerts" hx-swap-oob="true">2 open<' in answer.text


def test_nobody_shares_what_is_said_to_an_empty_console(people: dict[str, FlaskClient], renderings: list[str]) -> None:
    assert "Put a fresh token in" in poll(people["ada"]).text
    assert "Put a fresh token in" not in poll(people["olu"]).text


def test_a_bad_search_is_refused_to_each(two: list[Alert], people: dict[str, FlaskClient]) -> None:
    assert [poll(people["vi"], "/alerts?q=(").status_code for _ in range(2)] == [422, 422]


def test_without_redis_everybody_has_their_own(
    two: list[Alert], people: dict[str, FlaskClient], renderings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "moment", lambda _: None)
    answers = [poll(people["vi"]) for _ in range(2)]
    assert [len(shown(answer)) for answer in answers] == [2, 2]
    assert len(renderings) == 2
    assert "ETag" not in answers[0].headers


def test_many_at_once_make_one_rendering(committed: Flask, clock: Clock, renderings_of: list[int]) -> None:
    with committed.app_context():
        cast = make_cast()
        alert(clock.at)
        db.session.commit()
        clients = [give_session(committed.test_client(), cast.vi) for _ in range(8)]
        # One answer each, so that all are known and none waits for its session.
        for client in clients:
            client.get("/alerts")
    gate, answers = threading.Barrier(len(clients)), list[TestResponse]()

    def ask(client: FlaskClient) -> None:
        gate.wait()
        answers.append(poll(client))

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(shown(answer)) for answer in answers] == [1] * len(clients)
    assert renderings_of.count(1) == 1


@pytest.fixture
def renderings_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A 1 for each list that was made for polls."""
    made: list[int] = []
    plain = once.Renderings._make

    def noted(self: once.Renderings, key: tuple[object, ...], *args: object) -> once.Made:
        made.append(int(isinstance(key[-1], tuple)))
        return plain(self, key, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(once.Renderings, "_make", noted)
    # However busy the machine is.
    monkeypatch.setattr(once, "PATIENCE", 60.0)
    return made
