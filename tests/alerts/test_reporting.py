"""The README's snippets, as printed, in a real RQ worker, a real Celery worker and a plain script."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, Retry
from sqlalchemy import select
from werkzeug.serving import make_server

from console.accounts.actions import create_token
from console.alerts.models import Occurrence
from console.infra.actor import SYSTEM, Scope
from console.infra.db import db
from console.infra.embedded import ensure_redis, stop_redis
from console.infra.transaction import unit

README = Path(__file__).parent.parent.parent / "README.md"
SNIPPET = re.compile(r"<!-- snippet: (\S+) -->\n```python\n(.*?)```", re.DOTALL)

RQ_JOBS = """
import os, signal
def fails(password): raise LookupError("no such document")
def killed(): os.kill(os.getpid(), signal.SIGKILL)
"""
CELERY_JOBS = """
import os
from celery import Celery
app = Celery("shop", broker=os.environ["REDIS_URL"].replace("unix://", "redis+socket://").partition("?")[0])
import celery_report
@app.task
def fails(password): raise LookupError("no such document")
@app.task(bind=True, max_retries=1, default_retry_delay=0)
def tries(self):
    try: 1 / 0
    except ZeroDivisionError as error: raise self.retry(exc=error, countdown=0)
"""


class Live(NamedTuple):
    """A folder with the snippets and the environment that a service beside them has."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start a process of the service."""
        arguments = [sys.executable, *command]
        with (self.folder / "output.log").open("a") as output:
            return subprocess.Popen(arguments, cwd=self.folder, env=self.environment, stdout=output, stderr=output)

    def told(self, number: int) -> list[Occurrence]:
        """The failures that have been reported, once there are `number` of them."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with unit() as session:
                found = list(session.scalars(select(Occurrence).order_by(Occurrence.id)))
                session.expunge_all()
            if len(found) >= number:
                return found
            time.sleep(0.1)
        raise AssertionError((self.folder / "output.log").read_text()[-4_000:])


@pytest.fixture
def live(committed: Flask, tmp_path: Path) -> Iterator[Live]:
    """Our server on a port of this machine, the snippets in a folder, a token."""
    with unit():
        _, secret = create_token("my-service", [Scope.INGEST], by=SYSTEM)
    for name, code in SNIPPET.findall(README.read_text()):
        (tmp_path / name).write_text(code)
    server = make_server("127.0.0.1", 0, committed, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"CONSOLE_URL": f"http://127.0.0.1:{server.port}", "CONSOLE_TOKEN": secret, "PYTHONPATH": str(tmp_path)}
    yield Live(tmp_path, kept | own)
    server.shutdown()
    thread.join()
    server.server_close()
    db.session.remove()


@pytest.fixture
def broker(live: Live) -> Iterator[str]:
    """A Redis of the service's own."""
    url = ensure_redis(live.folder / "redis")
    live.environment["REDIS_URL"] = url
    yield url
    stop_redis(live.folder / "redis")


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def by_exception(found: list[Occurrence]) -> dict[str, Occurrence]:
    return {(one.exception_type or "").rpartition(".")[2]: one for one in found}


def test_the_report_is_about_ten_lines() -> None:
    code = dict(SNIPPET.findall(README.read_text()))["console_report.py"]
    assert len([line for line in code.partition("def report")[2].splitlines() if line.strip()]) <= 12


def test_a_plain_script_reports_and_fails_as_before(live: Live) -> None:
    script = live.folder / "job.py"
    script.write_text("import nightly\ndef close():\n    raise ValueError('password=hunter2')\nclose()\n")
    process = live.run(str(script))
    assert process.wait(30) == 1
    [told] = live.told(1)
    assert (told.task, told.exception_type, told.service) == (str(script), "builtins.ValueError", "my-service")
    assert "in close" in (told.traceback or "")
    assert "hunter2" not in (told.message or "") + (told.traceback or "")
    assert told.event_id


def test_a_console_that_is_away_breaks_nothing(live: Live) -> None:
    live.environment["CONSOLE_URL"] = "http://127.0.0.1:9"
    script = live.folder / "job.py"
    script.write_text(
        "from console_report import report\n"
        "try:\n    raise ValueError('x')\nexcept ValueError as error:\n    report('job', error, args=[object()])\n"
        "print('went on')\n"
    )
    assert live.run(str(script)).wait(30) == 0
    assert "went on" in (live.folder / "output.log").read_text()


def test_an_rq_worker_reports(live: Live, broker: str) -> None:
    (live.folder / "shop_jobs.py").write_text(RQ_JOBS)
    queue = Queue("default", connection=Redis.from_url(broker))
    once = queue.enqueue("shop_jobs.fails", password="hunter2", job_id="once")
    queue.enqueue("shop_jobs.fails", "x", job_id="again", retry=Retry(max=1))
    queue.enqueue("shop_jobs.killed", job_id="killed")
    worker = live.run("worker.py")
    try:
        found = live.told(4)
    finally:
        end(worker)
        queue.connection.close()
    assert sorted((one.job_id, one.will_retry) for one in found) == [
        ("again", False),
        ("again", True),
        ("killed", False),
        ("once", False),
    ]
    told = next(one for one in found if one.job_id == once.id)
    assert (told.task, told.queue, told.source) == ("shop_jobs.fails", "default", "rq")
    assert "hunter2" not in str(told.kwargs)
    assert "LookupError: no such document" in (told.traceback or "")
    killed = by_exception(found)["RuntimeError"]
    assert killed.message == "work-horse killed, exit code -9"


def test_a_celery_worker_reports(live: Live, broker: str) -> None:
    (live.folder / "shop.py").write_text(CELERY_JOBS)
    send = live.run("-c", "import shop; shop.fails.delay(password='hunter2'); shop.tries.delay()")
    assert send.wait(60) == 0, (live.folder / "output.log").read_text()[-3_000:]
    worker = live.run("-m", "celery", "-A", "shop", "worker", "--concurrency", "1", "--loglevel", "INFO")
    try:
        found = live.told(3)
    finally:
        end(worker)
    failed = [one for one in found if not one.will_retry]
    assert {(one.task, one.source) for one in failed} == {("shop.fails", "celery"), ("shop.tries", "celery")}
    [retried] = [one for one in found if one.will_retry]
    assert (retried.task, retried.exception_type, retried.retries) == ("shop.tries", "builtins.ZeroDivisionError", 0)
    told = by_exception(found)["LookupError"]
    assert "no such document" in (told.traceback or "")
    assert "hunter2" not in str(told.kwargs)
