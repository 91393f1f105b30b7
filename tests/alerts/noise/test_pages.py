"""The three pages of insights, what programs read of them, and who may change the settings."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.alerts import actions
from console.alerts.actions import triage
from console.alerts.models import SourceLimit
from console.alerts.queries import noise
from console.audit.models import AuditEntry
from console.infra.actor import SYSTEM
from console.web import durations
from console.web.durations import Length
from tests.alerts.calling import Api, problem
from tests.alerts.making import OLU, alert
from tests.conftest import NOON, Cast, Clock, SignIn

PATHS = ("/alerts/insights", "/alerts/insights/response", "/alerts/insights/limits")
SETTINGS = {
    "flapping_enabled": "on",
    "flapping_changes": "8",
    "flapping_window_minutes": "20",
    "flapping_calm": "1",
    "stale_days": "14",
    "stale_services": "billing = 30\nteam=search = never\n",
    "failures_per_minute": "60000",
}


@pytest.fixture
def busy(db_session: Session, clock: Clock) -> int:
    """A day: one alert answered by Olu, one that came back by itself, one that stands; all counted."""
    first = alert(NOON - timedelta(hours=5), task="answered")
    triage.acknowledge(first, by=OLU, at=NOON - timedelta(hours=4))
    triage.resolve(first, by=OLU, at=NOON - timedelta(hours=2))
    for hours in (3, 1):
        again = alert(NOON - timedelta(hours=hours), task="again", message="=cmd()", service="search")
        triage.resolve(again, by=SYSTEM, at=NOON - timedelta(hours=hours) + timedelta(minutes=20))
    stands = alert(NOON - timedelta(days=3), task="stands", message="it stands")
    while actions.count_next(at=clock.at):
        pass
    db_session.commit()
    return stands.id


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.text.split())


def test_before_anything_is_counted_the_pages_say_so(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    reader = sign_in(client, cast.max_)
    for path in PATHS[:2]:
        assert "Nothing is counted yet" in text_of(reader, path)
    assert "No service has a limit of its own" in text_of(reader, PATHS[2])


def test_noise_is_ranked_and_leads_to_the_alert(client: FlaskClient, cast: Cast, sign_in: SignIn, busy: int) -> None:
    page = text_of(sign_in(client, cast.max_), "/alerts/insights")
    assert '<dd class="value">67 %</dd>' in page
    assert "2 of 3 that ended" in page
    assert f'href="/alerts/{busy}"' in page
    assert 'href="/alerts/insights?period=24h&amp;service=search"' in page
    only = text_of(client, "/alerts/insights?service=search&period=7d")
    assert "it stands" not in only
    assert '<dd class="value">100 %</dd>' in only
    assert "Nothing of nowhere in the last 24 hours" in text_of(client, "/alerts/insights?service=nowhere")


def test_response_says_what_was_not_measured(client: FlaskClient, cast: Cast, sign_in: SignIn, busy: int) -> None:
    assert busy
    page = text_of(sign_in(client, cast.max_), "/alerts/insights/response")
    assert '<td class="num">1</td><td class="num">1 h</td>' in page
    assert '<td class="num">0</td><td class="num">—</td><td class="num">—</td>' in page
    assert "unknown" not in page
    assert 'aria-label="Median time to acknowledgement by week, 1 of 13 weeks with any"' in page


def test_polls_cost_nothing_while_nothing_is_new(client: FlaskClient, cast: Cast, sign_in: SignIn, busy: int) -> None:
    assert busy
    reader = sign_in(client, cast.vi)
    for path in PATHS[:2]:
        tag = reader.get(path, headers={"HX-Request": "true"}).headers["ETag"]
        again = reader.get(path, headers={"HX-Request": "true", "If-None-Match": tag, "X-Poll": "1"})
        assert again.status_code == 304


def test_exports_are_whole_and_safe(client: FlaskClient, cast: Cast, sign_in: SignIn, busy: int) -> None:
    reader = sign_in(client, cast.max_)
    answer = reader.get("/alerts/insights/noise.csv?period=7d")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(StringIO(answer.text)))
    assert rows[0][:4] == ["measure", "rank", "value", "alert_id"]
    assert [row[3] for row in rows if row[0] == "standing"] == [str(busy)]
    assert not any(cell.startswith("=") for row in rows for cell in row)
    weeks = list(csv.DictReader(StringIO(reader.get("/alerts/insights/response.csv").text)))
    assert [(row["service"], row["acknowledged"], row["acknowledge_median"]) for row in weeks] == [
        ("", "1", "3600"), ("documents", "1", "3600"), ("search", "0", ""),
    ]  # fmt: skip


def test_programs_read_the_same(read: Api, busy: int) -> None:
    told = read.get("/insights/noise").get_json()
    assert (told["failures"], told["openings"], told["reopenings"]) == (3, 3, 1)
    assert (told["ended"], told["never_acknowledged"]) == (3, 2)
    assert told["never_acknowledged_share"] == pytest.approx(2 / 3)
    assert [top["alert_id"] for top in told["top"]["standing"]] == [busy]
    assert told["top"]["standing"][0]["url"].endswith(f"/alerts/{busy}")
    empty = read.get("/insights/noise", service="nowhere", period="30d").get_json()
    assert (empty["failures"], empty["never_acknowledged_share"]) == (0, None)
    weeks = read.get("/insights/response", service="documents", weeks=2).get_json()["items"]
    assert [week["mtta_median_seconds"] for week in weeks] == [None, 3_600]
    assert [week["mttr_mean_seconds"] for week in weeks] == [None, 3 * 3_600]
    problem(read.get("/insights/noise", period="1y"), 422)
    problem(read.get("/insights/response", weeks=0), 422)


def test_an_admin_sets_limits_and_settings(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: Session, clock: Clock
) -> None:
    assert clock
    admin = sign_in(client, cast.ada)
    sent = admin.post("/alerts/insights/limits", data={"service": "shop", "failures_per_minute": "6000"})
    assert sent.status_code == 303
    assert admin.post("/alerts/insights/settings", data=SETTINGS).status_code == 303
    page = text_of(admin, "/alerts/insights/limits")
    assert "6,000" in page
    assert "team=search = never" in page
    rules = noise.noise_rules()
    assert (rules.flapping.changes, rules.stale_days) == (8, 14)
    assert rules.stale_services == {"billing": 30, "team=search": None}
    assert admin.post("/alerts/insights/limits/shop/delete").status_code == 303
    assert db_session.scalars(select(SourceLimit)).all() == []
    actions_told = set(db_session.scalars(select(AuditEntry.action)))
    assert {"source_limit.created", "source_limit.deleted", "noise_settings.changed"} <= actions_told


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("flapping_changes", "2", "greater than or equal to 4"),
        ("flapping_calm", "8", "would settle where it begins"),
        ("stale_days", "soon", "valid integer"),
        ("stale_services", "billing", "is not like “billing = 30”"),
        ("stale_services", "billing = 0", "billing: Input should be greater"),
    ],
)
def test_a_wrong_field_comes_back_with_what_was_typed(
    client: FlaskClient, cast: Cast, sign_in: SignIn, field: str, value: str, said: str
) -> None:
    answer = sign_in(client, cast.ada).post("/alerts/insights/settings", data=SETTINGS | {field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert value in answer.text
    assert noise.noise_settings() is None


def test_others_see_the_settings_without_a_form(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    page = text_of(sign_in(client, cast.olu), "/alerts/insights/limits")
    assert "6 changes within 30 min" in page
    assert "Needs the admin role" in page
    assert 'action="/alerts/insights' not in page
    assert client.post("/alerts/insights/settings", data=SETTINGS).status_code == 403


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e7)), max_size=20))
def test_columns_of_lengths_stay_within_the_chart(seconds: list[float | None]) -> None:
    made = [Length(f"week {n}", str(n), each) for n, each in enumerate(seconds)]
    chart, unit = durations.columns(made, label="all")
    assert len(chart.bars) == sum(each is not None for each in seconds)
    assert all(bar.y >= 0 and 0 < bar.height <= chart.height and 0 <= bar.x < 100 for bar in chart.bars)
    assert unit in {"days", "hours", "minutes", "seconds"}
    assert [tick.text for tick in chart.x_ticks][-1:] == [str(n) for n in range(len(seconds))][-1:]


def test_the_unit_is_the_largest_that_says_something() -> None:
    for seconds, unit in ((90, "seconds"), (120, "minutes"), (7_199, "minutes"), (7_200, "hours"), (200_000, "days")):
        assert durations.columns([Length("a", "a", seconds)], label="")[1] == unit
