"""Log lines: JSON in production, one a record, with request ids, without secrets."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask

from console.config import Settings
from console.infra import log

CANARY = "canary-5b7e0c9d2f4a4816"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Configure logging as JSON into memory, and put everything back afterwards."""
    root, kept = logging.getLogger(), logging.getLogger().handlers
    level = root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure(Settings(log_format="json"))
    yield lambda: stream.getvalue().splitlines()
    root.handlers = kept
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def only(lines: Callable[[], list[str]]) -> dict[str, Any]:
    (line,) = lines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def test_it_writes_json_with_time_level_and_name(lines: Callable[[], list[str]]) -> None:
    structlog.get_logger("console.alerts").warning("alert_opened", alert=42, tags={"a": [1, None]})
    found = only(lines)
    assert (found["event"], found["level"], found["logger"]) == ("alert_opened", "warning", "console.alerts")
    assert (found["alert"], found["tags"]) == (42, {"a": [1, None]})
    assert found["timestamp"].endswith("Z")


def test_libraries_take_the_same_road(lines: Callable[[], list[str]]) -> None:
    structlog.contextvars.bind_contextvars(request_id="req-1")
    logging.getLogger("some.library").error("took %s seconds", 5)
    found = only(lines)
    assert (found["event"], found["logger"], found["request_id"]) == ("took 5 seconds", "some.library", "req-1")


class Opaque:
    """An object whose text holds a secret."""

    def __repr__(self) -> str:
        return f"<Client postgresql://app:{CANARY}@db/x>"


@pytest.mark.parametrize(
    "fields",
    [
        {"password": CANARY},
        {"url": f"redis://:{CANARY}@cache:6379/0"},
        {"headers": {"Authorization": f"Bearer {CANARY}"}},
        {"nested": [{"deep": {"api_key": CANARY}}]},
        {"said": f"token={CANARY} refused"},
        {"thing": Opaque()},
        {"things": [Opaque()]},
    ],
)
def test_secrets_stay_here(lines: Callable[[], list[str]], fields: dict[str, object]) -> None:
    structlog.get_logger("x").info("event", **fields)
    assert only(lines)["event"] == "event"
    assert CANARY not in "".join(lines())


def test_secrets_in_messages_and_tracebacks_stay_here(lines: Callable[[], list[str]]) -> None:
    logging.getLogger("lib").error("connecting to %s", f"postgresql://app:{CANARY}@db/x")
    try:
        int(f"password={CANARY}")
    except ValueError:
        structlog.get_logger("x").exception("broken")
        logging.getLogger("lib").exception("broken too")
    assert len(lines()) == 3
    assert "ValueError" in "".join(lines())
    assert CANARY not in "".join(lines())


def test_readable_lines_are_scrubbed_and_cannot_be_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, level = logging.getLogger().handlers, logging.getLogger().level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    try:
        log.configure(Settings(log_format="console"))
        structlog.get_logger("x").info("signed_in", email="a@b\n2026-01-01 [info] forged", password=CANARY)
    finally:
        logging.getLogger().handlers = kept
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
    assert len(stream.getvalue().splitlines()) == 1
    assert CANARY not in stream.getvalue()


def test_each_request_is_one_line_with_its_id(lines: Callable[[], list[str]], app: Flask) -> None:
    reply = app.test_client().get(f"/link/{CANARY}", headers={"X-Request-ID": "req-abcdefgh"})
    (line,) = [json.loads(text) for text in lines() if '"request"' in text]
    assert reply.headers["X-Request-ID"] == "req-abcdefgh"
    assert (line["request_id"], line["route"], line["status"]) == ("req-abcdefgh", "/link/<secret>", 404)
    assert CANARY not in "".join(lines())


def test_probes_are_quiet(lines: Callable[[], list[str]], app: Flask) -> None:
    app.test_client().get("/health/live")
    assert lines() == []
