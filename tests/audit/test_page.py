"""The trail's pages, its CSV and its API: filters, pages by key, safe cells, streaming."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from console.audit import actions, queries
from console.audit.queries import Filter
from console.audit.rules import Head, canonical, chain_hash, csv_cell, csv_lines, walk
from console.infra.actor import SYSTEM, Actor, Role, Scope
from tests.conftest import Cast, Clock, SignIn

ADA = Actor(kind="user", id=1, label="ada@example.com", role=Role.ADMIN, ip="192.0.2.7")


@pytest.fixture
def story(db_session: Session, clock: Clock) -> Session:
    """Three days: what Ada did, what was refused to Olu, and noise."""
    actions.record("alert.acknowledged", by=ADA, object=("alert", 42, "KeyError: 'margins'"))
    db_session.commit()
    clock.advance(days=1)
    olu = Actor(kind="user", id=2, label="olu@example.com", role=Role.RESPONDER)
    actions.record("alert.resolved", by=olu, object=("alert", 421, "Timeout"), details={"note": "Rolled back"})
    actions.record("user.delete", by=olu, object=("user", "42", "vi@example.com"), result="refused")
    db_session.commit()
    clock.advance(days=1)
    actions.record("backup.started", by=SYSTEM, object=("backup", "b-1", "console"))
    db_session.commit()
    return db_session


def found(**wanted: object) -> list[str]:
    return [entry.action for entry in queries.newest(Filter(**wanted), limit=50)]  # type: ignore[arg-type]


def test_it_finds_by_each_field(story: Session, clock: Clock) -> None:
    assert found() == ["backup.started", "user.delete", "alert.resolved", "alert.acknowledged"]
    assert found(actor="ada@example.com") == ["alert.acknowledged"]
    assert found(action="alert.") == ["alert.resolved", "alert.acknowledged"]
    assert found(object_kind="alert", object_id="42") == ["alert.acknowledged"]
    assert found(object_id="42") == ["user.delete", "alert.acknowledged"]
    assert found(result="refused") == ["user.delete"]
    assert found(since=clock.at) == ["backup.started"]
    assert found(until=clock.at - timedelta(days=1)) == ["alert.acknowledged"]
    assert found(text="MARGINS") == ["alert.acknowledged"]
    assert found(text="rolled back") == ["alert.resolved"]
    assert found(text="192.0.2.7") == ["alert.acknowledged"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%", "a_b"])
def test_signs_of_patterns_are_only_signs(story: Session, text: str) -> None:
    assert found(text=text) == []
    assert found(action="alert%") == []


def test_the_page_keeps_filters_in_the_url(client: FlaskClient, cast: Cast, sign_in: SignIn, story: Session) -> None:
    sign_in(client, cast.max_)
    shown = client.get("/audit?action=alert.&from=2026-11-22&to=2026-11-22&q=timeout").text
    assert "alert.resolved" in shown
    assert "alert.acknowledged" not in shown
    assert 'value="2026-11-22"' in shown
    assert "/audit.csv?action=alert.&amp;from=2026-11-22&amp;to=2026-11-22&amp;q=timeout" in shown
    assert "No entry matches" in client.get("/audit?q=nothing-like-it").text


ODD = ("from=yesterday", "to=2026-02-30", "before=x", "before=-1", "before=99999999999999999999", "result=<script>",
       "q=%00", "q=%ED%A0%80", "object=:", "actor=" + "x" * 5000)  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_the_page_survives_any_url(
    client: FlaskClient, cast: Cast, sign_in: SignIn, story: Session, query: str
) -> None:
    shown = sign_in(client, cast.ada).get(f"/audit?{query}")
    assert shown.status_code == 200
    assert "<script>" not in shown.text.split("<main", 1)[1]


def test_the_page_goes_on_by_key(client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: Session) -> None:
    for number in range(60):
        actions.record("noise" if number % 2 else f"thing.{number}", by=ADA)
    db_session.commit()
    sign_in(client, cast.ada)
    first = client.get("/audit?action=thing").text
    assert first.count('id="entry-') == 30
    shown = client.get("/audit").text
    assert shown.count('id="entry-') == 50
    older = shown.split('class="pager"')[1].split('href="')[1].split('"')[0]
    assert "before=" in older
    rest = client.get(older.replace("&amp;", "&")).text
    assert 0 < rest.count('id="entry-') < 50
    assert 'rel="next"' not in rest
    assert 'rel="prev" href="/audit"' in rest


def test_one_entry_shows_everything(client: FlaskClient, cast: Cast, sign_in: SignIn, story: Session) -> None:
    sign_in(client, cast.ada)
    entry = queries.newest(Filter(action="alert.resolved"), limit=1)[0]
    shown = client.get(f"/audit/{entry.id}").text
    assert entry.hash in shown
    assert "Rolled back" in shown
    assert client.get("/audit/999999").status_code == 404
    assert client.get(f"/audit/{10**25}").status_code == 404


def test_markup_in_the_trail_is_text(client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: Session) -> None:
    actions.record(
        "x", by=ADA, object=("thing", "1", '<img src=x onerror="alert(1)">'), details={"a": "</pre><script>"}
    )
    db_session.commit()
    sign_in(client, cast.ada)
    entry = queries.newest(Filter(action="x"), limit=1)[0]
    for path in ("/audit", f"/audit/{entry.id}"):
        shown = client.get(path).text
        assert "<img src=x" not in shown
        assert "</pre><script>" not in shown


def test_the_csv_holds_every_match_and_no_formula(
    client: FlaskClient, cast: Cast, sign_in: SignIn, story: Session
) -> None:
    actions.record("=cmd|' /C calc'!A0", by=ADA, object=("thing", "-1+1", '@SUM(1+1)*"x"\r\nnext'))
    story.commit()
    reply = sign_in(client, cast.max_).get("/audit.csv?actor=ada@example.com")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="audit-20261123T120000Z.csv"'
    rows = list(csv.DictReader(io.StringIO(reply.get_data(as_text=True), newline="")))
    ours = [row for row in rows if row["action"] != "session.started"]
    assert [row["action"] for row in ours] == ["'=cmd|' /C calc'!A0", "alert.acknowledged"]
    assert (ours[0]["object_id"], ours[0]["object_label"]) == ("'-1+1", '\'@SUM(1+1)*"x"\r\nnext')
    assert ours[1]["id"].isdigit()


def test_the_csv_is_streamed(cast: Cast, db_session: Session) -> None:
    for number in range(2_500):
        actions.record(f"thing.{number}", by=SYSTEM)
    db_session.commit()
    stream = queries.stream(Filter(action="thing"))
    assert isinstance(stream, Iterator)
    assert next(stream).action == "thing.2499"
    assert sum(1 for _ in stream) == 2_499


def test_the_api_lists_with_the_same_filters(client: FlaskClient, story: Session, token: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token(Scope.ADMIN)}"}
    first = client.get("/api/v1/audit?object=alert&limit=1", headers=headers).get_json()
    assert [item["action"] for item in first["items"]] == ["alert.resolved"]
    query = {"object": "alert", "limit": 1, "cursor": first["next_cursor"]}
    second = client.get("/api/v1/audit", query_string=query, headers=headers).get_json()
    assert [item["object_id"] for item in second["items"]] == ["42"]
    assert second["next_cursor"] is None
    assert second["items"][0]["hash"] == first["items"][0]["prev_hash"]
    assert client.get("/api/v1/audit?cursor=nonsense", headers=headers).status_code == 422
    assert client.get("/api/v1/audit?since=yesterday", headers=headers).status_code == 422


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), (-1, "-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), ("\r=1", "'\r=1"),
     ("\n=1", "'\n=1"), ("|x", "'|x"), ("\uff1d1", "'\uff1d1"), ("  =1", "'  =1"), ("\0=1", "'=1"), ("a=1", "a=1"),
     (None, ""), ("", ""), (True, "True")],
)  # fmt: skip
def test_a_cell_is_never_a_formula(cell: object, safe: str) -> None:
    assert csv_cell(cell) == safe


@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=4), min_size=1, max_size=5))
def test_any_text_survives_csv(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO("".join(csv_lines(rows)), newline="")))
    assert read == [[csv_cell(cell) for cell in row] for row in rows]


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=4))
def test_the_hash_sees_any_change(details: dict[str, object]) -> None:
    one = chain_hash(Head().hash, {"details": details, "id": 1})
    assert one == chain_hash(Head().hash, {"id": 1, "details": dict(reversed(details.items()))})
    assert one != chain_hash(
        Head().hash, {"id": 1, "details": {**details, "more": "x" if details.get("more") != "x" else "y"}}
    )
    assert canonical({"a": details})
    assert walk([]).ok
