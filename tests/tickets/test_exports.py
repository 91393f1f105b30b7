"""The queue and the promises behind a report as files: all of what the page shows, and no formula in them."""

import csv
import io

from flask.testing import FlaskClient

from console.tickets.views import exports
from tests.conftest import Cast, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import aged, queue
from tests.tickets.test_reports import OCTOBER, october, solved

__all__ = ["october", "queue"]


def read(client: FlaskClient, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.get_data(as_text=True)
    assert "attachment; filename=" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def test_the_queue_as_it_is_shown(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    rows = read(client, "/tickets.csv")
    assert [(row["external_id"], row["state"], row["business_minutes_left"]) for row in rows] == [
        ("late", "breached", "-10"), ("risky", "at_risk", "10"), ("fine", "ok", "50"), ("held", "paused", "40"),
    ]  # fmt: skip
    late = rows[0]
    assert (late["clock"], late["due_at"], late["policy"], late["assignee"], late["target_minutes"]) == (
        "Resolution", "2026-11-21T11:50:00Z", "gold", "sam", "60",
    )  # fmt: skip
    assert "/tickets/" in late["url"]


def test_filters_hold_for_the_file_too(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.vi)
    assert [row["external_id"] for row in read(client, "/tickets.csv?organization=Acme")] == ["fine"]
    assert [row["external_id"] for row in read(client, "/tickets.csv?state=met")] == ["done"]
    assert read(client, "/tickets.csv?assignee=nobody-like-this") == []


def test_no_formula_reaches_a_spreadsheet(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    queue("PUT", "/tickets/zendesk/evil", aged(30, subject="=HYPERLINK(1)", organization="+1", tags=["@x"]), 201)
    sign_in(client, cast.vi)
    (evil,) = [row for row in read(client, "/tickets.csv") if row["external_id"] == "evil"]
    assert (evil["subject"], evil["organization"], evil["tags"]) == ("'=HYPERLINK(1)", "'+1", "'@x")


def test_more_than_a_batch(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    many = exports.BATCH + 3
    api.office()
    for kind, more in (("fine", {}), ("held", {"status": "pending"})):
        found = [{"source": kind, "external_id": str(n), **aged(n / 100, **more)} for n in range(many)]
        api("POST", "/tickets", found, 200)
    sign_in(client, cast.vi)
    rows = read(client, "/tickets.csv")
    assert (len(rows), len({(row["source"], row["external_id"]) for row in rows})) == (2 * many, 2 * many)


def test_the_promises_behind_a_bar(client: FlaskClient, october: Api, sign_in: SignIn, cast: Cast) -> None:
    october("PUT", "/tickets/zendesk/evil", solved(9, 10, organization="=1+1"), 201)
    sign_in(client, cast.vi)
    every = read(client, f"/tickets/reports/tickets.csv{OCTOBER}")
    assert "'=1+1" in {row["organization"] for row in every}
    broken = read(client, f"/tickets/reports/tickets.csv{OCTOBER}&broken=yes")
    assert len(broken) == 2 < len(every)
    assert all(int(row["late_seconds"]) > 0 for row in broken)
    assert {row["clock"] for row in every} == {"resolution"}


def test_only_readers_take_files(client: FlaskClient, api: Api) -> None:
    for path in ("/tickets.csv", "/tickets/reports/tickets.csv"):
        assert client.get(path).status_code in {302, 303, 401}
