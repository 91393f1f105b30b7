"""The pages of silences: lists, one, the form with its preview; the mark on alerts, and what the list leaves out."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.alerts import actions
from console.alerts.models import SilenceKind
from console.alerts.queries import silences as reads
from console.infra.db import db
from tests.alerts.making import OLU, alert, noise
from tests.alerts.silences.making import silence
from tests.conftest import Cast, Clock, SignIn

FORM: dict[str, Any] = {
    "field": ["service", "title", ""], "op": ["=", "=~", "="], "value": ["documents", ".*margins.*", ""],
    "starts_at": "", "for": "2h", "ends_at": "", "reason": "new layout", "timezone": "Europe/Berlin",
}  # fmt: skip
WINDOW = {
    "service": "documents", "environment": "", "starts_at": "2026-11-23T02:00", "for": "1h", "ends_at": "",
    "reason": "new disks", "timezone": "Europe/Berlin", "weekly": "on", "repeat_until": "2026-12-24T00:00",
}  # fmt: skip
HTMX = {"HX-Request": "true"}


@pytest.fixture
def olu(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> FlaskClient:
    return sign_in(client, cast.olu)


def commit() -> None:
    db.session.commit()


def test_the_list_leaves_out_what_is_silenced_and_says_how_many(olu: FlaskClient, clock: Clock) -> None:
    noise(clock.at)
    target = alert(clock.at, message="the margins are gone")
    assert "silenced</a>" not in olu.get("/alerts").text
    silence(clock.at)
    commit()
    page = olu.get("/alerts").text
    assert f'id="alert-{target.id}"' not in page
    assert re.search(r'href="/alerts\?silenced=true">.*3 silenced</a>', page)
    assert "2 open" in page
    only = olu.get("/alerts?silenced=true").text
    assert f'id="alert-{target.id}"' in only
    assert "helpdesk" not in re.sub(r"<form class=\"filters\".*?</form>", "", only, flags=re.DOTALL)
    assert f'id="alert-{target.id}"' in olu.get("/alerts?q=margins").text


def test_a_console_where_all_is_silenced_is_no_new_one(olu: FlaskClient, clock: Clock) -> None:
    alert(clock.at)
    silence(clock.at)
    commit()
    page = olu.get("/alerts").text
    assert "1 silenced</a>" in page
    assert "Nothing is open" in page


def test_an_alert_says_which_silence_mutes_it(olu: FlaskClient, clock: Clock) -> None:
    target = alert(clock.at)
    made = silence(clock.at)
    commit()
    page = olu.get(f"/alerts/{target.id}").text
    assert "Nobody is told of this" in page
    assert f'href="/alerts/silences/{made.id}"' in page
    assert f'href="/alerts/silences/new?alert={target.id}"' in page
    clock.advance(hours=1)
    assert "Nobody is told of this" not in olu.get(f"/alerts/{target.id}").text


def test_lists_are_by_state_and_kind(olu: FlaskClient, clock: Clock) -> None:
    now = silence(clock.at, reason="holds now")
    later = silence(clock.at, reason="comes later", starts_at=clock.at + timedelta(minutes=5))
    ended = silence(clock.at, reason="was ended")
    window = silence(clock.at, reason="new disks", kind=SilenceKind.MAINTENANCE)
    actions.expire_silence(ended, by=OLU, at=clock.at)
    commit()
    seen = {state: olu.get(f"/alerts/silences?state={state}").text for state in ("active", "pending", "expired")}
    for state, found in (("active", now), ("pending", later), ("expired", ended)):
        assert [int(n) for n in re.findall(r'id="silence-(\d+)"', seen[state])] == [found.id]
    assert "early, by" in seen["expired"]
    windows = olu.get("/alerts/silences?kind=maintenance").text
    assert re.findall(r'id="silence-(\d+)"', windows) == [str(window.id)]


def test_an_empty_list_says_what_to_do(olu: FlaskClient) -> None:
    assert "No silence holds now" in olu.get("/alerts/silences").text
    assert "No maintenance window holds now" in olu.get("/alerts/silences?kind=maintenance").text
    assert "No silence is to come" in olu.get("/alerts/silences?state=pending").text


def test_it_is_made_by_the_form_in_the_readers_zone(olu: FlaskClient, clock: Clock) -> None:
    reply = olu.post("/alerts/silences", data=FORM | {"starts_at": "2026-11-21T15:00"})
    assert reply.status_code == 303, reply.text
    made = reads.get(int(reply.location.rsplit("/", 1)[1]), SilenceKind.SILENCE)
    assert made.starts_at == clock.at + timedelta(hours=2)
    assert made.ends_at - made.starts_at == timedelta(hours=2)
    assert [one.words for one in made.asks] == ["service = documents", "title =~ .*margins.*"]
    page = olu.get(reply.location).text
    assert "new layout" in page
    assert "It begins" in page


def test_faults_come_back_with_what_was_typed(olu: FlaskClient) -> None:
    wrong = FORM | {"value": ["documents", "(", ""], "for": "", "ends_at": "2026-11-21T10:00", "reason": ""}
    reply = olu.post("/alerts/silences", data=wrong)
    assert reply.status_code == 422
    assert "Nothing was saved." in reply.text
    assert "no regular expression of RE2" in reply.text
    assert "The end has passed." in reply.text
    assert "Say why" in reply.text
    assert 'value="documents"' in reply.text
    assert olu.post("/alerts/silences", data=FORM | {"field": "", "value": "", "op": "="}).status_code == 422
    assert olu.post("/alerts/silences", data=FORM | {"for": "", "ends_at": ""}).status_code == 422
    assert olu.post("/alerts/silences", data=FORM | {"for": "", "ends_at": "soon"}).status_code == 422
    assert olu.post("/alerts/silences", data=FORM | {"timezone": "Mars"}).status_code == 422
    assert olu.post("/alerts/silences", data=FORM | {"op": ["=", "like", "="]}).status_code == 422


def test_the_preview_follows_the_form_and_stores_nothing(olu: FlaskClient, clock: Clock) -> None:
    noise(clock.at)
    target = alert(clock.at, message="the margins are gone")
    commit()
    block = olu.post("/alerts/silences/preview", data=FORM, headers=HTMX).text
    assert "<html" not in block
    assert "1 alert<" in block
    assert f'href="/alerts/{target.id}"' in block
    nothing = olu.post("/alerts/silences/preview", data=FORM | {"value": ["nobody", "x", ""]}, headers=HTMX).text
    assert "Nothing" in nothing
    unread = olu.post("/alerts/silences/preview", data=FORM | {"value": ["x", "(", ""]}, headers=HTMX)
    assert unread.status_code == 200
    assert "no regular expression of RE2" in unread.text
    page = olu.post("/alerts/silences/preview", data=FORM)
    assert "<html" in page.text
    assert "1 alert<" in page.text
    assert 'value=".*margins.*"' in page.text
    assert reads.live_count(clock.at) == 0


def test_silence_this_fills_the_form_with_what_the_alert_is_known_by(olu: FlaskClient, clock: Clock) -> None:
    target = alert(clock.at)
    commit()
    page = olu.get(f"/alerts/silences/new?alert={target.id}").text
    for value in ("documents", "production", "documents.tasks.render_pdf", "KeyError"):
        assert f'value="{value}"' in page
    assert "1 alert<" in page
    untyped = alert(clock.at, exception_type=None, message="it just stopped")
    commit()
    assert 'value="title"' in olu.get(f"/alerts/silences/new?alert={untyped.id}").text


def test_one_is_changed_and_its_start_stays(olu: FlaskClient, clock: Clock) -> None:
    made = silence(clock.at)
    commit()
    page = olu.get(f"/alerts/silences/{made.id}/edit").text
    assert "that cannot move" in page
    assert 'name="starts_at"' not in page
    reply = olu.post(f"/alerts/silences/{made.id}", data=FORM | {"for": "4h"})
    assert reply.status_code == 303, reply.text
    db.session.expire_all()
    found = reads.get(made.id, SilenceKind.SILENCE)
    assert (found.starts_at, found.ends_at) == (clock.at, clock.at + timedelta(hours=4))
    assert olu.post(f"/alerts/silences/{made.id}", data=FORM | {"reason": ""}).status_code == 422


def test_one_is_ended_and_another_made_like_it(olu: FlaskClient, clock: Clock) -> None:
    made = silence(clock.at, reason="the old ledger")
    commit()
    block = olu.post(f"/alerts/silences/{made.id}/expiry", headers=HTMX).text
    assert "has ended" in block
    assert "Make one like it" in block
    assert olu.get(f"/alerts/silences/{made.id}/edit").status_code == 409
    assert olu.post(f"/alerts/silences/{made.id}/expiry").status_code == 409
    again = olu.get(f"/alerts/silences/new?like={made.id}").text
    assert 'value="the old ledger"' in again
    assert 'value="documents"' in again


def test_a_window_is_planned_by_the_week(olu: FlaskClient, clock: Clock) -> None:
    assert "Every week at this time" in olu.get("/alerts/silences/new?kind=maintenance").text
    reply = olu.post("/alerts/silences?kind=maintenance", data=WINDOW)
    assert reply.status_code == 303, reply.text
    made = reads.get(int(reply.location.rsplit("/", 1)[1]), SilenceKind.MAINTENANCE)
    assert (made.weekly_in, made.starts_at.hour) == ("Europe/Berlin", 1)
    page = olu.get(reply.location).text
    assert "every week, by the clocks of Europe/Berlin" in page
    form = olu.get(f"/alerts/silences/{made.id}/edit").text
    assert 'value="2026-11-23T02:00"' in form
    assert 'value="2026-12-24T00:00"' in form
    assert re.search(r'name="weekly" value="on" checked', form)
    assert olu.post("/alerts/silences?kind=maintenance", data=WINDOW | {"service": " "}).status_code == 422
    preview = olu.post("/alerts/silences/preview?kind=maintenance", data=WINDOW, headers=HTMX)
    assert preview.status_code == 200


def test_one_that_holds_shows_what_it_hides(olu: FlaskClient, clock: Clock) -> None:
    target = alert(clock.at)
    made = silence(clock.at, hours=0.1)
    commit()
    page = olu.get(f"/alerts/silences/{made.id}").text
    assert f'href="/alerts/{target.id}"' in page
    assert "1 alert<" in page
    clock.advance(minutes=6)
    assert "it does not hold now" in olu.get(f"/alerts/silences/{made.id}").text


def test_viewers_see_and_may_not(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    made = silence(clock.at)
    commit()
    vi = sign_in(client, cast.vi)
    assert "Needs the responder role" in vi.get("/alerts/silences").text
    assert "Needs the responder role" in vi.get(f"/alerts/silences/{made.id}").text
    assert vi.post("/alerts/silences", data=FORM).status_code == 403
    assert vi.post(f"/alerts/silences/{made.id}/expiry").status_code == 403
    assert vi.get("/alerts/silences/new").status_code == 403


def test_the_history_of_an_alert_says_when_it_was_silenced(olu: FlaskClient, clock: Clock) -> None:
    target = alert(clock.at)
    made = silence(clock.at, hours=0.1)
    actions.expire_silence(made, by=OLU, at=clock.at)
    commit()
    page = olu.get(f"/alerts/{target.id}").text
    assert f"<strong>Silenced</strong> by silence {made.id} of olu@example.com" in page
    assert "<strong>No longer silenced</strong>" in page


def test_numbers_that_are_none_lead_nowhere(olu: FlaskClient) -> None:
    assert olu.get("/alerts/silences/new?alert=" + "9" * 5_000).status_code == 200
    assert olu.get("/alerts/silences/new?like=999").status_code == 404
    assert olu.get("/alerts/silences/999").status_code == 404
