"""What Celery's words mean: messages, errors, results, arguments, and ends joined to beginnings in any order."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.queues.rules.celery import (
    Call,
    Raised,
    Rubbish,
    Task,
    TaskEvent,
    WorkerEvent,
    exact_call,
    instant,
    is_final,
    join,
    lost,
    read_message,
    read_raised,
    read_result,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PARTLY = "only a shortened text of its arguments is known, not the arguments"
HIDDEN = "something in its arguments was hidden or removed as a secret"
ODD = "only a text of its arguments is known that holds more than plain values"
TOLD_AS_TEXT = "one of its arguments was no plain JSON value and is known as text only"
TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop.py", line 3, in fails
    raise NoPriceList("no price list\\n  for 7")
shop.NoPriceList: no price list
  for 7
"""
RETRIED = """Traceback (most recent call last):
  File "/srv/shop.py", line 3, in tries
    1 / 0
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop.py", line 5, in tries
    raise self.retry(exc=error)
celery.exceptions.Retry: Retry in 0s: ZeroDivisionError('division by zero')
"""


def message(*events: Any, **changed: Any) -> bytes:
    body = json.dumps(list(events) if len(events) != 1 else events[0]).encode()
    envelope = {
        "body": b64encode(body).decode(),
        "content-type": "application/json",
        "properties": {"body_encoding": "base64"},
    }
    return json.dumps(envelope | changed).encode()


def event(kind: str, **fields: Any) -> TaskEvent:
    plain: dict[str, Any] = {"kind": kind, "uuid": "u", "at": NOW, "hostname": "w1@shop"}
    return TaskEvent(**(plain | fields))


RECEIVED = event("task-received", name="shop.fails", args="(7,)", kwargs="{}", retries=0)
STARTED = event("task-started")
FAILED = event("task-failed", exception="NoPriceList('no price list')", traceback=TRACEBACK)


def test_a_batch_is_read_and_other_kinds_are_left() -> None:
    found = read_message(
        message(
            {"type": "task-received", "uuid": "u", "name": "a\0b", "retries": True, "timestamp": 1e400},
            {"type": "task-custom", "uuid": "u"},
            {
                "type": "worker-heartbeat",
                "hostname": "w",
                "freq": 2.0,
                "pid": 7,
                "sw_ident": "py-celery",
                "sw_ver": "5",
            },
        )
    )
    assert [type(one) for one in found] == [TaskEvent, WorkerEvent]
    assert isinstance(found[0], TaskEvent)
    assert (found[0].name, found[0].retries, found[0].at) == ("a␀b", None, None)
    assert isinstance(found[1], WorkerEvent)
    assert (found[1].software, found[1].pid) == ("py-celery 5", 7)


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"\x80\x04", b"[]", b"null", b"[" * 100_000, message({"uuid": "u"}), message({"type": "task-failed"}),
        message({"type": "worker-online"}),
        message({"type": "task-failed", "uuid": "u"}, **{"content-type": "application/x-yaml"}),
        message({}, headers={"compression": "application/x-gzip"}), message({}, body=7), message({}, body="€"),
        b" " * 5_000_000,
    ],
)  # fmt: skip
def test_rubbish_is_refused_with_a_reason(bad: bytes) -> None:
    with pytest.raises(Rubbish) as refusal:
        read_message(bad)
    assert str(refusal.value)


SCALAR = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
KEYS = st.sampled_from(["type", "uuid", "timestamp", "retries"])
ANY_JSON = SCALAR | st.lists(SCALAR, max_size=3) | st.lists(st.dictionaries(KEYS, SCALAR, max_size=3), max_size=2)


@given(st.binary(max_size=200) | ANY_JSON.map(message))
def test_no_message_breaks_the_reader(data: bytes) -> None:
    try:
        read_message(data)
    except Rubbish:
        return


def test_clocks_that_go_wrong_are_put_right() -> None:
    assert instant(NOW - timedelta(hours=1), now=NOW) == NOW - timedelta(hours=1)
    assert instant((NOW + timedelta(days=400)).timestamp(), now=NOW) == NOW
    assert [instant(odd, now=NOW) for odd in (None, -1, "x", float("nan"), 1e300, True)] == [NOW] * 6


@pytest.mark.parametrize(
    ("exception", "traceback", "expected"),
    [
        ("NoPriceList('no price list')", TRACEBACK, Raised("shop.NoPriceList", "no price list\n  for 7")),
        ("ZeroDivisionError('division by zero')", RETRIED, Raised("ZeroDivisionError", "division by zero")),
        ("ExceptionWithTraceback()", TRACEBACK, Raised("shop.NoPriceList", "no price list\n  for 7")),
        (None, RETRIED, Raised("celery.exceptions.Retry", "Retry in 0s: ZeroDivisionError('division by zero')")),
        ("KeyError('margins')", None, Raised("KeyError", "margins")),
        ("NotRegistered('shop.nope')", "", Raised("NotRegistered", "shop.nope")),
        ("reject requeue=False: no", None, Raised(None, "reject requeue=False: no")),
        (None, None, Raised(None, "Celery kept no error text")),
    ],
)
def test_what_was_raised(exception: str | None, traceback: str | None, expected: Raised) -> None:
    assert read_raised(exception, traceback) == expected


@pytest.mark.parametrize("order", list(permutations((RECEIVED, STARTED, FAILED))))
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_beginning_and_end_are_joined_in_any_order_and_any_batches(order: tuple[TaskEvent, ...], cut: int) -> None:
    first = join(None, "u", order[:cut], now=NOW)
    second = join(first.task, "u", order[cut:], now=NOW)
    [outcome] = [*first.outcomes, *second.outcomes]
    assert (outcome.task.name, outcome.task.args, outcome.event_id) == ("shop.fails", "(7,)", "u-0")
    assert second.task is not None
    assert (second.task.done, second.task.pending) == (True, ())


@given(st.permutations(range(6)), st.integers(0, 6))
def test_attempts_are_numbered_although_the_next_begins_before_one_is_told(order: list[int], cut: int) -> None:
    """Ends come in their own order; beginnings anywhere."""
    ends = [event("task-retried", exception="E()"), event("task-retried", exception="E()"), FAILED]
    beginnings = [event("task-received", name="shop.tries", retries=n) for n in range(3)]
    every = [*beginnings, *ends]
    mixed = [every[at] for at in order]
    in_turn = iter(ends)
    mixed = [one if one.kind == "task-received" else next(in_turn) for one in mixed]
    first = join(None, "u", mixed[:cut], now=NOW)
    second = join(first.task, "u", mixed[cut:], now=NOW)
    told = [*first.outcomes, *second.outcomes]
    assert [one.will_retry for one in told] == [True, True, False]
    assert [one.event_id for one in told] == ["u-0", "u-1", "u-2"]


def test_an_attempt_that_failed_is_told_although_the_next_succeeded_at_once() -> None:
    events = [RECEIVED, event("task-retried", exception="E()"), event("task-succeeded")]
    joined = join(None, "u", events, now=NOW)
    assert [(one.event_id, one.will_retry) for one in joined.outcomes] == [("u-0", True)]
    assert (joined.task, joined.succeeded) == (None, True)


def test_an_end_without_a_beginning_waits_and_is_told_without_a_name() -> None:
    waiting = join(None, "u", [FAILED], now=NOW)
    assert waiting.outcomes == ()
    assert waiting.task is not None
    assert waiting.task.pending == (FAILED,)
    [outcome] = join(waiting.task, "u", [], now=NOW, patient=False).outcomes
    assert (outcome.task.name, outcome.attempt) == (None, None)


def test_a_task_nobody_knows_names_itself() -> None:
    [outcome] = join(None, "u", [event("task-failed", exception="NotRegistered('shop.nope')")], now=NOW).outcomes
    assert (outcome.task.name, outcome.raised) == ("shop.nope", Raised("NotRegistered", "shop.nope"))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (event("task-rejected", requeue=True), ("Requeued", "warning", True, "u-0-requeued-1795262400.000")),
        (event("task-rejected"), ("Rejected", "error", False, "u-0")),
        (event("task-revoked", expired=True), ("Expired", "warning", False, "u-0")),
        (event("task-revoked", terminated=True, signal="15"), ("Revoked", "info", False, "u-0")),
        (event("task-cancelled"), ("Cancelled", "warning", True, "u-0-cancelled-1795262400.000")),
    ],
)
def test_each_end_is_what_it_is(end: TaskEvent, expected: tuple[str, str, bool, str]) -> None:
    [outcome] = join(None, "u", [RECEIVED, end], now=NOW).outcomes
    assert (outcome.raised.kind, outcome.severity, outcome.will_retry, outcome.event_id) == expected


def test_what_follows_the_last_end_counts_no_more() -> None:
    """Celery tells a hard time limit twice, and a rejection after the failure that it is."""
    joined = join(None, "u", [RECEIVED, FAILED, FAILED, event("task-rejected")], now=NOW)
    assert len(joined.outcomes) == 1
    assert join(joined.task, "u", [FAILED], now=NOW).outcomes == ()


def test_a_lost_task_is_told_apart_from_the_end_it_may_still_find() -> None:
    task = Task("u", name="shop.sleeps", retries=1, settled=1, started_at=NOW)
    outcome = lost(task, now=NOW, comes_again=True, heard_all=False)
    assert (outcome.event_id, outcome.will_retry, outcome.severity) == ("u-1-lost", True, "warning")


def test_results_are_read_with_what_they_keep() -> None:
    meta = {
        "status": "FAILURE", "result": {"exc_type": "NoPriceList", "exc_message": ["none", 7], "exc_module": "shop"},
        "traceback": TRACEBACK, "date_done": "2026-11-21T11:00:00", "name": "shop.fails", "args": [7], "kwargs": {},
        "retries": 2, "queue": "celery",
    }  # fmt: skip
    raw = json.dumps(meta).encode()
    found = read_result("u", raw)
    assert found is not None
    told = Raised("shop.NoPriceList", "no price list\n  for 7")
    assert (found.raised, found.args, found.retries) == (told, [7], 2)
    bare = read_result("u", json.dumps(meta | {"traceback": None}).encode())
    assert bare is not None
    assert bare.raised == Raised("shop.NoPriceList", "none, 7")
    assert is_final(raw[:40]) is True
    assert [read_result("u", bad) for bad in (None, b"", b"[]", b"{}", b'{"status": 1}', b"[" * 99_999)] == [None] * 6


@pytest.mark.parametrize(
    ("status", "final"), [("SUCCESS", False), ("REVOKED", True), ("RETRY", None), ("STARTED", None), ("OWN", False)]
)
def test_the_first_bytes_tell_the_state(status: str, *, final: bool | None) -> None:
    assert is_final(json.dumps({"status": status, "result": "x" * 99}).encode()[:41]) is final


@pytest.mark.parametrize(
    ("args", "kwargs", "expected"),
    [
        ("(7, None, [1.5, True])", "{'deep': {'b': [1]}}", Call((7, None, [1.5, True]), {"deep": {"b": [1]}})),
        ("[7]", "{}", Call((7,), {})),
        ([7, {"a": [1]}], {}, Call((7, {"a": [1]}), {})),
        (None, {"a": 1}, Call((), {"a": 1})),
        ("('xx...',)", "{}", PARTLY),
        ("(1, ...)", "{}", PARTLY),
        ("('***',)", "{}", HIDDEN),
        ("('[removed]',)", "{}", HIDDEN),
        (["[removed]"], {}, HIDDEN),
        (["x… 5 characters left out"], {}, PARTLY),
        ("(<object object at 0x7f>,)", "{}", ODD),
        ("(datetime.date(2026, 1, 1),)", "{}", ODD),
        ("((1, 2),)", "{}", ODD),
        ("( 7, )", "{}", ODD),
        ("7", "{}", ODD),
        (["<object at 0x7f>"], {}, TOLD_AS_TEXT),
        ([], {"at": "datetime.date(2026, 1, 1)"}, TOLD_AS_TEXT),
        (None, None, "nobody told its arguments"),
    ],
)  # fmt: skip
def test_arguments_are_sent_when_they_are_known_exactly(args: Any, kwargs: Any, expected: Call | str) -> None:
    assert exact_call(args, kwargs, removed="[removed]") == expected


PLAIN = SCALAR | st.lists(SCALAR, max_size=3) | st.dictionaries(st.text(max_size=5), SCALAR, max_size=2)


@given(st.lists(PLAIN, max_size=3), st.dictionaries(st.text(max_size=5), PLAIN, max_size=2))
def test_a_text_never_becomes_other_arguments_than_it_was_made_of(args: list[Any], kwargs: dict[str, Any]) -> None:
    found = exact_call(repr(tuple(args)), repr(kwargs), removed="[removed]")
    assert isinstance(found, str) or found == Call(tuple(args), kwargs)


def test_a_hard_time_limit_reads_as_its_event_does() -> None:
    raised = {"exc_type": "TimeLimitExceeded", "exc_module": "billiard.exceptions", "exc_message": [1]}
    found = read_result("u", json.dumps({"status": "FAILURE", "result": raised}).encode())
    assert found is not None
    assert found.raised == Raised("billiard.exceptions.TimeLimitExceeded", "TimeLimitExceeded(1,)")
