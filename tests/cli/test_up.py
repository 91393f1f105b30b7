"""`up` as people use it: one command, one address, and nothing left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from redis import Redis
from sqlalchemy import create_engine, text

from tests.conftest import Database
from tests.live import ROOT, STOP_SECONDS, LiveConsole, free_port, live_console

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveConsole]:
    with live_console(tmp_path_factory.mktemp("up") / "data") as running:
        yield running


def running(*words: str) -> list[psutil.Process]:
    """Living processes whose command line holds all the words."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["status"] != psutil.STATUS_ZOMBIE and all(word in line for word in words):
            found.append(process)
    return found


def line_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):  # zombies count as such
        return " ".join(process.cmdline())
    return ""


def everything(console: LiveConsole) -> list[psutil.Process]:
    """All processes of a console, servers included, wherever they hang in the tree."""
    tree = console.children()
    return tree + [process for process in running(str(console.folder)) if process not in tree]


def gone(processes: list[psutil.Process], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while alive := [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]:
        if time.monotonic() > deadline:
            raise AssertionError([line_of(process) for process in alive])
        time.sleep(0.1)
    return True


def up(**environment: str) -> "subprocess.CompletedProcess[str]":
    """An `up` that is expected to give in at once."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "console", "up"],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_where_it_is_and_how_to_come_in(console: LiveConsole) -> None:
    assert f"Console ready: {console.url}\n" in console.output
    console.wait(lambda: any("/link/" in line for line in console.output), "no link was printed")
    link = next(line.split()[-1] for line in console.output if "/link/" in line)
    assert link.startswith(f"{console.url}/link/")
    assert httpx.get(link).status_code == 200
    assert httpx.get(f"{console.url}/health/ready").json()["status"] == "ready"
    assert httpx.get(console.url, follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("asked", "headers", "status"),
    [("/api/v1/alerts?q=" + "x" * 10_000, {}, 414), ("/api/v1/alerts", {"X-More": "x" * 100_000}, 431)],
)
def test_what_is_too_long_to_be_read_is_a_problem_too(
    console: LiveConsole, asked: str, headers: dict[str, str], status: int
) -> None:
    answer = httpx.get(console.url + asked, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told = answer.json()
    assert (told["status"], told["errors"], "too long" in told["detail"]) == (status, [], True)


def test_a_search_of_a_few_thousand_letters_is_read(console: LiveConsole) -> None:
    assert httpx.get(console.url + "/api/v1/alerts", params={"q": "é" * 1_200}).status_code == 401


def test_other_commands_find_its_servers(console: LiveConsole) -> None:
    with console.api("read") as api:
        assert api.get("/alerts").status_code == 200
    made = console.cli("user", "create", "ada@example.org", "--role", "admin")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"{console.url}/link/")
    assert len(made.stdout.splitlines()) == 1
    assert httpx.get(made.stdout.strip()).status_code == 200
    assert console.cli("audit", "verify").returncode == 0
    assert httpx.get(f"{console.url}/health/ready").status_code == 200, "a command stopped the servers it only used"


def test_a_second_one_on_the_same_folder_is_refused(console: LiveConsole) -> None:
    second = up(CONSOLE_DATA_DIR=str(console.folder), PORT=str(free_port()))
    assert second.returncode == 1
    assert "Another console is already running on the data folder" in second.stderr
    assert "Traceback" not in second.stderr
    assert httpx.get(f"{console.url}/health/ready").status_code == 200


def test_a_port_in_use_is_refused(console: LiveConsole, tmp_path: Path) -> None:
    refused = up(CONSOLE_DATA_DIR=str(tmp_path), PORT=str(console.port))
    assert refused.returncode == 1
    assert f"Port {console.port} on 127.0.0.1 cannot be used (Address already in use)." in refused.stderr
    assert not running(str(tmp_path))


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        for extra in ({}, {"SECRET_KEY": "k" * 40}):
            refused = up(CONSOLE_DATA_DIR=str(tmp_path), PORT=str(free_port()), **extra)
            assert refused.returncode == 1
            assert f"{tmp_path} cannot be written (" in refused.stderr
            assert "Traceback" not in refused.stderr
    finally:
        tmp_path.chmod(0o755)


def test_a_folder_of_a_newer_postgresql_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("99\n")
    refused = up(CONSOLE_DATA_DIR=str(tmp_path), PORT=str(free_port()))
    assert refused.returncode == 1
    assert "written by PostgreSQL 99" in refused.stderr


def test_wrong_settings_are_listed(tmp_path: Path) -> None:
    refused = up(CONSOLE_DATA_DIR=str(tmp_path), ENVIRONMENT="production", DEBUG="1", SECRET_KEY="short")
    assert refused.returncode == 1
    for fault in ("DEBUG: must be off", "SECRET_KEY: weak", "BASE_URL: missing", "DATABASE_URL: missing"):
        assert fault in refused.stderr


@pytest.mark.parametrize("victim", ["gunicorn", "rqworker fast", "rqworker default", "scheduler"])
def test_a_child_that_dies_is_started_again_and_said_so(console: LiveConsole, victim: str) -> None:
    def children() -> list[psutil.Process]:
        assert console.process
        return [p for p in psutil.Process(console.process.pid).children() if victim in line_of(p)]

    (before,) = children()
    said = len([line for line in console.output if "process_restarted" in line])
    before.kill()
    console.wait(lambda: bool(children()) and children() != [before], f"{victim} did not come back", 30)
    console.wait(lambda: len([x for x in console.output if "process_restarted" in x]) > said, "it was not said", 30)
    console.wait(lambda: _ready(console), "not ready again", 30)


def _ready(console: LiveConsole) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{console.url}/health/ready").status_code == 200
    return False


def test_a_killed_one_is_taken_up_again(console: LiveConsole) -> None:
    """The last of this console: kill -9, start again on the same data, stop with SIGTERM to the whole group."""
    token = console.token("read")
    postgres = running("postgres", "-D", str(console.folder))
    ours = [process for process in console.children() if sys.executable in line_of(process)]
    assert len(ours) >= 7
    console.kill()
    assert gone(ours), "web or workers outlived their parent"
    assert [p.pid for p in running("postgres", "-D", str(console.folder))] == [p.pid for p in postgres]
    console.start()
    reply = httpx.get(f"{console.url}/api/v1/alerts", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 200
    assert running("postgres", "-D", str(console.folder))[0].pid == postgres[0].pid, "it was not adopted"
    assert reply.json()["next_cursor"] is None
    left = everything(console)
    assert console.process
    os.killpg(console.process.pid, signal.SIGTERM)
    assert console.process.wait(STOP_SECONDS) == 0
    assert gone(left)
    assert not running(str(console.folder))


def test_it_uses_the_servers_it_is_given_and_leaves_them_running(
    new_database: Callable[[], Database], redis_db: str, tmp_path: Path
) -> None:
    made = new_database()
    environment = {
        "DATABASE_URL": made.app_url.replace("+psycopg2", ""),
        "DATABASE_OWNER_URL": made.owner_url,
        "REDIS_URL": redis_db,
    }
    with live_console(tmp_path, **environment) as console:
        assert not (tmp_path / "postgres").exists()
        assert not (tmp_path / "redis").exists()
        assert console.token("read")
        without = LiveConsole(tmp_path)
        assert without.cli("token", "create", "x", "--scope", "read").returncode == 0, "it did not find its servers"
        left = console.children()
        assert console.stop() == 0
        assert gone(left)
        assert not running(str(tmp_path))
    assert Redis.from_url(redis_db).ping()
    engine = create_engine(made.owner_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM api_tokens")) == 2
    engine.dispose()


def test_ctrl_c_while_starting_leaves_nothing(tmp_path: Path) -> None:
    for wait in (0.3, 1.0, 2.0):
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "up"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "CONSOLE_DATA_DIR": str(tmp_path / "data"), "PORT": str(free_port())},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_SECONDS)
        assert not running(str(tmp_path))
