"""What leaves for Sentry: our crashes, from web and from jobs, and never a secret."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sentry_sdk
from flask import Flask, abort, request

from console.app import create_app
from console.config import Settings, child_environment
from console.infra.errors import TooMany
from console.web.auth import public
from tests.sink import Sink, listening

CANARY = "canary-8d1f6a2be07c4395"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as made:
        yield made
        sentry_sdk.get_client().close()
        sentry_sdk.init()


@pytest.fixture
def telling(settings: Settings, sink: Sink) -> Flask:
    """A console that reports to the sink, traces everything, and has a few broken pages."""
    app = create_app(settings.model_copy(update={"sentry_dsn": sink.dsn, "sentry_traces_sample_rate": 1.0}))

    @app.route("/crash/<secret>", methods=["GET", "POST"])
    @public
    def crash(secret: str) -> str:
        token, form = secret, request.form.get("password", "")
        raise RuntimeError(f"page-crashed with password={form} at postgresql://app:{token}@db/console")

    @app.get("/busy")
    @public
    def busy() -> str:
        raise TooMany("Slowly.", retry_after=3)

    @app.get("/refused/<int:status>")
    @public
    def refused(status: int) -> str:
        abort(status)

    app.config["WTF_CSRF_ENABLED"] = False
    return app


def test_it_follows_the_statements_of_programs_too(telling: Flask) -> None:
    reply = telling.test_client().get("/api/v1/alerts", headers={"Authorization": f"Bearer {CANARY}"})
    assert reply.status_code == 401


def test_it_reports_a_crashed_request_without_secrets(telling: Flask, sink: Sink) -> None:
    client = telling.test_client()
    client.set_cookie("session", CANARY)
    reply = client.post(
        f"/crash/{CANARY}?token={CANARY}",
        data={"password": CANARY},
        headers={"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY, "X-Request-ID": "req-12345678"},
    )
    assert reply.status_code == 500
    sentry_sdk.flush(5)
    assert "page-crashed" in sink.text
    assert "req-12345678" in sink.text
    assert CANARY not in sink.text
    assert '"vars"' not in sink.text


@pytest.mark.parametrize(
    "path",
    ["/busy", "/refused/404", "/refused/429", "/no-such-page", "/health/live", "/health/ready", "/static/none.css"],
)
def test_it_keeps_answers_and_health_to_itself(telling: Flask, sink: Sink, path: str) -> None:
    telling.test_client().get(path)
    sentry_sdk.flush(5)
    assert sink.envelopes == []


def test_it_traces_the_rest_by_route(telling: Flask, sink: Sink) -> None:
    telling.test_client().get(f"/link/{CANARY}")
    telling.test_client().get("/sign-in")
    sentry_sdk.flush(5)
    assert "transaction" in sink.text
    assert CANARY not in sink.text


def test_it_reports_a_crashed_job_without_secrets(committed: Flask, settings: Settings, sink: Sink) -> None:
    assert committed
    script = Path(__file__).parent / "crashing_worker.py"
    environment = child_environment(settings) | {"SENTRY_DSN": sink.dsn, "LOG_FORMAT": "json"}
    done = subprocess.run(
        [sys.executable, script, CANARY], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "job-crashed" in sink.text
    assert "req-of-the-click" in sink.text
    assert CANARY not in sink.text
    # The same crash is in the log, under the request that asked for the job, and as clean.
    assert "req-of-the-click" in done.stderr
    assert "job-crashed" in done.stderr
    assert CANARY not in done.stderr + done.stdout


def test_it_reports_nothing_unless_configured(settings: Settings, sink: Sink) -> None:
    app = create_app(settings)
    sentry_sdk.capture_message("nobody listens")
    sentry_sdk.flush(2)
    assert app.config["SECRET_KEY"]
    assert sink.envelopes == []
