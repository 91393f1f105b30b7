"""POST /api/v1/failures: what it takes, and every kind of bad input."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from console.accounts import actions as accounts
from console.alerts.models import Occurrence
from console.infra.actor import SYSTEM, Scope
from tests.alerts.calling import Api, pointers, problem
from tests.conftest import Clock

ONE: dict[str, Any] = {"service": "documents", "task": "render_pdf", "message": "boom"}


@pytest.fixture
def api(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    return Api(client, token(Scope.INGEST))


def stored(session: Session) -> list[Occurrence]:
    session.expire_all()
    return list(session.scalars(select(Occurrence).order_by(Occurrence.id)))


def test_it_takes_one_object(api: Api, db_session: Session) -> None:
    response = api.post("/failures", ONE)
    assert response.status_code == 202
    [kept] = stored(db_session)
    assert response.get_json() == {"accepted": 1, "duplicates": 0, "rejected": [], "alerts": [kept.alert_id]}
    assert (kept.environment, kept.severity.word, kept.source) == ("production", "error", "api")
    assert kept.occurred_at == kept.received_at


@pytest.mark.parametrize("mimetype", ["application/x-ndjson", "application/json"])
def test_it_takes_one_a_line(api: Api, db_session: Session, mimetype: str) -> None:
    lines = "\n".join(json.dumps(ONE | {"message": text}) for text in ("a", "b")) + "\n\n"
    response = api.post("/failures", data=lines, content_type=mimetype)
    assert response.get_json()["accepted"] == 2
    assert [kept.message for kept in stored(db_session)] == ["a", "b"]


def test_it_takes_what_is_valid_and_tells_the_rest(api: Api, db_session: Session) -> None:
    items = [ONE, {"service": "x"}, ONE | {"event_id": "e"}, 7, ONE | {"event_id": "e"}, ONE | {"severity": "bad"}]
    told = api.post("/failures", items).get_json()
    assert (told["accepted"], told["duplicates"], len(told["alerts"])) == (2, 1, 3)
    assert [(r["index"], [e["pointer"] for e in r["errors"]]) for r in told["rejected"]] == [
        (1, ["/1/task"]),
        (3, ["/3"]),
        (5, ["/5/severity"]),
    ]
    assert len(stored(db_session)) == 2


def test_it_keeps_unknown_fields_under_extra(api: Api, db_session: Session) -> None:
    api.post("/failures", ONE | {"trace_id": "4bf92f", "span": {"id": 3}})
    assert stored(db_session)[0].extra == {"trace_id": "4bf92f", "span": {"id": 3}}


def test_null_is_the_same_as_left_out(api: Api, db_session: Session) -> None:
    assert api.post("/failures", ONE | dict.fromkeys(["environment", "tags", "severity", "args"])).status_code == 202
    assert stored(db_session)[0].environment == "production"


@pytest.mark.parametrize(
    "at",
    ["2026-11-21T12:05:00Z", "2000-01-01T00:00:00Z", "2026-11-21T13:04:59+01:00", "2026-11-21T11:00:00"],
)
def test_it_takes_possible_times(api: Api, at: str) -> None:
    assert api.post("/failures", ONE | {"occurred_at": at}).status_code == 202


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2026-11-21T12:05:01Z", "soon", -1e30])
def test_it_rejects_impossible_times(api: Api, db_session: Session, at: object) -> None:
    assert pointers(api.post("/failures", ONE | {"occurred_at": at})) == ["/occurred_at"]
    told = api.post("/failures", [ONE, ONE | {"occurred_at": at}]).get_json()
    assert (told["accepted"], told["rejected"][0]["index"]) == (1, 1)


def test_it_removes_secrets_before_storage(api: Api, db_session: Session) -> None:
    secret = "hunter2-canary-4711"
    told = {
        "message": f"login failed: password={secret}",
        "traceback": f'Traceback:\n  File "/app/a.py", line 1, in f\n    login(token="{secret}")\n',
        "args": [{"api_key": secret}],
        "kwargs": {"authorization": f"Bearer {secret}", "dsn": f"postgresql://u:{secret}@db/x"},
        "tags": {"cookie": secret},
        "request": {"headers": {"Cookie": f"session={secret}"}},
    }
    assert api.post("/failures", ONE | told).status_code == 202
    tables = ("occurrences", "alerts", "alert_details", "alert_history")
    rows = [db_session.scalars(text(f"SELECT row_to_json({name})::text FROM {name}")).one() for name in tables]  # noqa: S608
    assert "login failed" in rows[0]
    assert secret not in "".join(rows)


@pytest.mark.parametrize("body", ["", "{", "[1,", "nul", "{'a': 1}", '{"a": NaN}', "\xff", "[" * 100_000, '"\\u12"'])
def test_what_is_not_json_is_400(api: Api, body: str) -> None:
    problem(api.post("/failures", data=body.encode("latin-1"), content_type="application/json"), 400)


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"', "[[]]", "{}", "[1, 2]"])
def test_what_is_no_failure_is_422(api: Api, db_session: Session, body: str) -> None:
    problem(api.post("/failures", data=body, content_type="application/json"), 422)
    assert stored(db_session) == []


@pytest.mark.parametrize("mimetype", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_content_type_is_415(api: Api, mimetype: str) -> None:
    problem(api.post("/failures", data=json.dumps(ONE), content_type=mimetype), 415)


def test_a_half_sent_body_is_400(api: Api, db_session: Session) -> None:
    whole = json.dumps([ONE, ONE])
    problem(api.post("/failures", data=whole[:40], content_type="application/json"), 400)
    response = api.post("/failures", data=whole[:40], content_type="application/json", content_length=len(whole))
    problem(response, 400)
    assert stored(db_session) == []


def test_lines_cut_off_between_two_are_400_behind_gunicorn_too(api: Api, db_session: Session) -> None:
    """Gunicorn says that it ends bodies itself, and ends one whose sender went away like any other."""
    whole = f"{json.dumps(ONE)}\n{json.dumps(ONE)}\n".encode()
    said = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(whole))}
    sent = {"data": whole[: len(whole) // 2], "content_type": "application/x-ndjson"}
    told = problem(api.post("/failures", environ_overrides=said, **sent), 400)
    assert f"{len(whole):,} bytes" in told["detail"]
    assert stored(db_session) == []


def test_a_compressed_body_is_415(api: Api) -> None:
    headers = {**api.headers, "Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps(ONE).encode())
    response = api.client.post("/api/v1/failures", data=body, content_type="application/json", headers=headers)
    assert "uncompressed" in problem(response, 415)["detail"]


@pytest.mark.parametrize("lines", [True, False])
def test_a_thousand_items_are_taken_and_one_more_is_413(api: Api, db_session: Session, *, lines: bool) -> None:
    def send(number: int) -> Any:
        items = [ONE] * number
        if lines:
            body = "\n".join(json.dumps(item) for item in items)
            return api.post("/failures", data=body, content_type="application/x-ndjson")
        return api.post("/failures", items)

    told = problem(send(1_001), 413)
    assert "1,000" in told["detail"]
    assert stored(db_session) == []
    assert send(1_000).get_json()["accepted"] == 1_000


def test_a_ten_megabyte_traceback_is_kept_head_and_tail(api: Api, db_session: Session) -> None:
    line = '  File "/app/a.py", line 1, in f\n    again()\n'
    traceback = "HEAD\n" + line * (10_000_000 // len(line)) + "RecursionError: TAIL"
    assert api.post("/failures", ONE | {"traceback": traceback}).status_code == 202
    kept = stored(db_session)[0].traceback or ""
    assert kept.startswith("HEAD")
    assert kept.endswith("TAIL")
    assert len(kept) <= 65_536


def test_a_body_beyond_the_limit_is_413(api: Api, db_session: Session) -> None:
    told = problem(api.post("/failures", ONE | {"traceback": "x" * 17_000_000}), 413)
    assert "16 MiB" in told["detail"]
    assert stored(db_session) == []


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "\udfff\ud800", "👩‍🚒\0"])
def test_nul_and_lone_surrogates_are_kept_in_words(api: Api, db_session: Session, odd: str) -> None:
    fields = dict.fromkeys(["service", "task", "message", "traceback", "event_id", "host", "fingerprint"], f"x{odd}y")
    body = fields | {"args": [odd], "kwargs": {odd: odd}, "tags": {odd: odd}, odd: odd}
    response = api.post("/failures", data=json.dumps(body), content_type="application/json")
    assert response.status_code == 202, response.text
    [kept] = stored(db_session)
    shown = odd.replace("\0", "␀").encode("utf-8", "backslashreplace").decode()
    assert (kept.message, kept.service, kept.args) == (f"x{shown}y", f"x{shown}y", [shown])
    assert kept.extra == {shown: shown}


def test_deep_nesting_is_cut(api: Api, db_session: Session) -> None:
    deep = "[" * 900 + "]" * 900
    body = json.dumps(ONE)[:-1] + f', "kwargs": {{"a": {deep}}}}}'
    assert api.post("/failures", data=body, content_type="application/json").status_code == 202
    assert "nested deeper" in json.dumps(stored(db_session)[0].kwargs, ensure_ascii=False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", ""),
        ("service", " "),
        ("service", ["a"]),
        ("task", None),
        ("task", "x" * 501),
        ("retries", -1),
        ("retries", 2**31),
        ("retries", "many"),
        ("will_retry", "perhaps"),
        ("tags", "a=b"),
        ("fingerprint", {"a": 1}),
        ("event_id", "x" * 201),
        ("message", {"a": 1}),
    ],
)
def test_a_bad_field_is_told_by_its_pointer(api: Api, field: str, value: object) -> None:
    assert pointers(api.post("/failures", ONE | {field: value}))[0].startswith(f"/{field}")


@pytest.mark.parametrize("scopes", [(Scope.READ,), (Scope.WRITE, Scope.ADMIN)])
def test_the_wrong_scope_is_403(client: FlaskClient, token: Callable[..., str], scopes: tuple[Scope, ...]) -> None:
    problem(Api(client, token(*scopes)).post("/failures", ONE), 403)


def test_no_wrong_or_expired_token_is_401(client: FlaskClient, db_session: Session, clock: Clock) -> None:
    expires = clock.at + timedelta(hours=1)
    _, secret = accounts.create_token("brief", (Scope.INGEST,), by=SYSTEM, expires_at=expires)
    db_session.commit()
    assert Api(client, secret).post("/failures", ONE).status_code == 202
    clock.set(datetime(2026, 11, 22, tzinfo=UTC))
    for bad in (secret, "nonsense", ""):
        response = Api(client, bad).post("/failures", ONE)
        problem(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
