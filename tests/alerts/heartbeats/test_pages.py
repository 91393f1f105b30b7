"""The pages of heartbeats: the list, one with its run log, the form, and what people may do."""

import re

import pytest
from flask.testing import FlaskClient

from console.alerts import actions
from console.alerts.models import Heartbeat
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats.beats import State
from console.infra.actor import SYSTEM
from console.infra.db import db
from tests.alerts.heartbeats.conftest import Ping, alerts, fresh, make, sweep
from tests.conftest import Cast, Clock, SignIn

FORM = {
    "name": "Invoices to the tax office",
    "slug": "",
    "period": "12",
    "period_unit": "hours",
    "cron": "",
    "timezone": "Europe/Berlin",
    "grace": "45",
    "grace_unit": "minutes",
    "service": "billing",
    "environment": "production",
    "severity": "critical",
    "runbook_url": "https://runbooks.example.com/tax",
}


@pytest.fixture
def ada(client: FlaskClient, cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(client, cast.ada)


def post(client: FlaskClient, path: str, form: dict[str, str] | None = None, *, htmx: bool = False) -> tuple[int, str]:
    """Post as the page would, with the token that it holds."""
    page = client.get("/heartbeats/new") if client.get("/heartbeats/new").status_code == 200 else client.get("/alerts")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    token = found.group(1) if found else ""
    answer = client.post(
        path, data={"csrf_token": token, **(form or {})}, headers={"HX-Request": "true"} if htmx else {}
    )
    return answer.status_code, answer.text


def test_the_empty_list_says_what_to_do(ada: FlaskClient) -> None:
    page = ada.get("/heartbeats").text
    assert "No heartbeat yet" in page
    assert "Add the first heartbeat" in page


def test_trouble_comes_first(ada: FlaskClient, heartbeat: Heartbeat, ping: Ping, clock: Clock) -> None:
    make(name="A new one", slug="a-new-one")
    ping()
    assert re.findall(r'class="subject" href="[^"]+">([^<]+)<', ada.get("/heartbeats").text) == [
        "Nightly backup",
        "Search index",
        "A new one",
    ]
    sweep(clock, seconds=720)
    page = ada.get("/heartbeats").text
    assert page.index("Nightly backup") < page.index("Search index") < page.index("A new one")
    assert "Missed" in page
    assert "1 in trouble" in page


def test_a_poll_costs_nothing_until_a_ping_comes(
    ada: FlaskClient, heartbeat: Heartbeat, ping: Ping, clock: Clock
) -> None:
    path = f"/heartbeats/{heartbeat.id}"
    etag = ada.get(path).headers["ETag"]
    assert ada.get(path, headers={"If-None-Match": etag}).status_code == 304
    ping()
    assert ada.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_it_shows_what_a_run_said_and_nothing_of_it_is_markup(
    ada: FlaskClient, heartbeat: Heartbeat, ping: Ping, clock: Clock
) -> None:
    ping("/start")
    clock.advance(seconds=95)
    said = b"<script>alert(1)</script>\n\xff\xfe\npassword=hunter2secret"
    ping("/3", method="POST", data=said, headers={"User-Agent": "<b>curl</b>"})
    page = ada.get(f"/heartbeats/{heartbeat.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n\ufffd\ufffd" in page
    assert "<script>alert" not in page
    assert "hunter2secret" not in page
    assert "<b>curl" not in page
    assert "exit 3" in page
    assert "1 min 35 s" in page
    assert "says that its last run failed" in page
    assert "Nightly backup reports a failed run" in page


def test_each_state_is_said_in_a_sentence(ada: FlaskClient, heartbeat: Heartbeat, ping: Ping, clock: Clock) -> None:
    def answer() -> str:
        found = re.search(r'<p class="answer">(.*?)</p>', ada.get(f"/heartbeats/{heartbeat.id}").text, re.DOTALL)
        assert found
        return re.sub(r"<[^>]+>", "", found.group(1)).strip()

    assert answer() == "Nightly backup waits for its first ping. Nothing is missed before it."
    ping()
    assert answer() == "Nightly backup ran in time. The next ping is expected in 10 min."
    clock.advance(seconds=660)
    assert answer().endswith("has not come. An alert opens in 1 min.")
    sweep(clock, seconds=3_600)
    assert "did not ping in time: nothing has come since" in answer()
    assert answer().endswith("7 runs by now.")
    ping("/fail")
    assert "says that its last run failed" in answer()
    ping("/start")
    sweep(clock, seconds=120)
    assert answer().endswith("did not finish within 2 min.")
    actions.pause_heartbeat(fresh(heartbeat), by=SYSTEM, at=clock.at)
    db.session.commit()
    assert "is not watched since" in answer()


def test_it_gives_the_line_to_paste(ada: FlaskClient, clock: Clock) -> None:
    nightly = make(name="Nightly", slug="nightly", period_seconds=None, cron="30 2 * * *", timezone="Europe/Berlin")
    page = ada.get(f"/heartbeats/{nightly.id}").text
    address = f"http://127.0.0.1:8000/ping/{nightly.uuid}"
    assert f"30 2 * * * your-command; curl -fsS -m 10 --retry 5 -o /dev/null {address}/$?" in page
    assert "CRON_TZ=Europe/Berlin" in page


def test_an_admin_adds_one(ada: FlaskClient, clock: Clock) -> None:
    status, _ = post(ada, "/heartbeats", FORM)
    assert status == 303
    made = reads.heartbeat_named("invoices-to-the-tax-office")
    assert (made.period_seconds, made.grace_seconds, made.timezone) == (43_200, 2_700, "Europe/Berlin")
    assert (made.service, made.severity.word, made.state) == ("billing", "critical", State.NEW)
    assert "waits for its first ping" in ada.get(f"/heartbeats/{made.id}").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "Write a name"),
        ({"name": "a/b"}, "Leave out the"),
        ({"name": "Nightly backup"}, "There is another heartbeat called"),
        ({"slug": "No Slug"}, "Use 1 to 100 of a-z"),
        ({"period": "often"}, "Write a whole number"),
        ({"period": "9000"}, "Use 1 to 31,536,000 seconds"),
        ({"cron": "61 * * * *"}, "is not one of 0 to 59"),
        ({"timezone": "Mars/Olympus"}, "not an IANA zone"),
        ({"grace": "0"}, "Use 1 to 31,536,000 seconds"),
        ({"service": ""}, "Say something here"),
        ({"runbook_url": "javascript:alert(1)"}, "Begin with https"),
    ],
)
def test_faults_stand_beside_their_fields(
    ada: FlaskClient, heartbeat: Heartbeat, changed: dict[str, str], said: str
) -> None:
    before = db.session.query(Heartbeat).count()
    status, page = post(ada, "/heartbeats", FORM | changed)
    assert status == 422
    assert said in page
    assert "Nothing was saved" in page
    assert 'value="45"' in page or "grace" in changed
    assert db.session.query(Heartbeat).count() == before


def test_a_change_moves_the_deadline(ada: FlaskClient, heartbeat: Heartbeat, ping: Ping, clock: Clock) -> None:
    ping()
    form = ada.get(f"/heartbeats/{heartbeat.id}/edit").text
    assert 'name="period" type="text" value="10"' in form
    changed = FORM | {"name": "Nightly backup", "period": "30", "period_unit": "minutes", "service": "documents"}
    assert post(ada, f"/heartbeats/{heartbeat.id}", changed)[0] == 303
    kept = fresh(heartbeat)
    assert kept.deadline_at is not None
    assert (kept.deadline_at - clock.at).total_seconds() == 75 * 60


def test_pause_and_resume(client: FlaskClient, cast: Cast, sign_in: SignIn, heartbeat: Heartbeat) -> None:
    olu = sign_in(client, cast.olu)
    assert post(olu, f"/heartbeats/{heartbeat.id}/pause")[0] == 303
    assert fresh(heartbeat).state is State.PAUSED
    assert post(olu, f"/heartbeats/{heartbeat.id}/pause")[0] == 409
    status, fragment = post(olu, f"/heartbeats/{heartbeat.id}/pause/delete", htmx=True)
    assert status == 200
    assert fragment.lstrip().startswith('<div id="heartbeat-page"')
    assert fresh(heartbeat).state is State.NEW


def test_it_asks_before_it_deletes(ada: FlaskClient, heartbeat: Heartbeat) -> None:
    assert "answers 404 from then on" in ada.get(f"/heartbeats/{heartbeat.id}/deletion").text
    assert post(ada, f"/heartbeats/{heartbeat.id}/deletion")[0] == 303
    assert ada.get(f"/heartbeats/{heartbeat.id}").status_code == 404
    assert ada.get(f"/ping/{heartbeat.uuid}").status_code == 404


def test_roles(client: FlaskClient, cast: Cast, sign_in: SignIn, heartbeat: Heartbeat) -> None:
    here = f"/heartbeats/{heartbeat.id}"
    assert client.get("/heartbeats").status_code == 303
    vi = sign_in(client, cast.vi)
    assert "Needs the responder role" in vi.get(here).text
    assert vi.get(here).status_code == 200
    for path in ("/heartbeats", here, f"{here}/pause", f"{here}/deletion"):
        assert post(vi, path, FORM)[0] == 403
    olu = sign_in(client, cast.olu)
    for path in ("/heartbeats", here, f"{here}/deletion"):
        assert post(olu, path, FORM)[0] == 403
    assert olu.get("/heartbeats/new").status_code == 403


def test_an_alert_leads_to_its_heartbeat(ada: FlaskClient, heartbeat: Heartbeat, ping: Ping) -> None:
    ping("/fail")
    page = ada.get(f"/alerts/{alerts()[0].id}").text
    here = f"/heartbeats/{heartbeat.uuid}"
    assert here in page
    assert ada.get(here).headers["Location"] == f"/heartbeats/{heartbeat.id}"
    post(ada, f"/heartbeats/{heartbeat.id}/deletion")
    assert ada.get(here).status_code == 404


def test_strange_addresses_are_not_found(ada: FlaskClient, heartbeat: Heartbeat) -> None:
    for path in ("/heartbeats/0", f"/heartbeats/{2**70}", f"/heartbeats/{heartbeat.id}?ping=99"):
        assert ada.get(path).status_code == 404
    for path in (f"/heartbeats/{heartbeat.id}?ping=x", f"/heartbeats/{heartbeat.id}?ping={'9' * 30}"):
        assert ada.get(path).status_code == 200
    assert ada.get(f"/heartbeats/{heartbeat.id}?cursor=x").status_code == 422
