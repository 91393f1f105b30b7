"""The embedded PostgreSQL: made once, adopted, brought back after a crash, refused when it cannot be opened."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from console.infra.embedded import EmbeddedError, PostgresUrls, ensure_postgres, postgres_running, stop_postgres
from console.infra.embedded.process import SOCKET_PATH_LIMIT, terminate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Deeper than a socket's path may be long."""
    made = tmp_path_factory.mktemp("postgres") / ("deep" * 20) / "data"
    yield made
    stop_postgres(made)


@pytest.fixture
def urls(folder: Path) -> PostgresUrls:
    return ensure_postgres(folder)


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def ask(url: str, question: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            answer = connection.execute(text(question))
            return answer.scalar() if answer.returns_rows else None
    finally:
        engine.dispose()


def test_it_gives_two_roles_and_utf8(urls: PostgresUrls) -> None:
    assert ask(urls.owner_url, "SELECT current_user") == "console_owner"
    assert ask(urls.app_url, "SELECT current_user") == "console_app"
    assert ask(urls.app_url, "SHOW server_encoding") == "UTF8"
    assert ask(urls.app_url, "SELECT upper('é')") == "É"
    assert ask(urls.app_url, "SHOW timezone") == "UTC"


def test_the_application_can_make_no_table(urls: PostgresUrls) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        ask(urls.app_url, "CREATE TABLE sneaky (id int)")


def test_it_listens_on_no_network_and_asks_for_a_password(urls: PostgresUrls, folder: Path) -> None:
    assert ask(urls.app_url, "SHOW listen_addresses") == ""
    sockets = str(make_url(urls.app_url).query["host"])
    assert len(sockets) < SOCKET_PATH_LIMIT
    assert Path(sockets).stat().st_mode & 0o077 == 0
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host=sockets, user="console_app", password="guess", dbname="console")
    assert (folder / "postgres" / "passwords.json").stat().st_mode & 0o777 == 0o600


def test_it_is_durable_unless_told_otherwise(tmp_path: Path) -> None:
    try:
        assert ask(ensure_postgres(tmp_path).app_url, "SHOW fsync") == "on"
    finally:
        stop_postgres(tmp_path)
    assert not postgres_running(tmp_path)


def test_it_adopts_a_running_server(urls: PostgresUrls, folder: Path) -> None:
    before = postmaster(folder)
    assert ensure_postgres(folder) == urls
    assert postmaster(folder) == before


def test_it_comes_back_after_a_kill_with_what_was_committed(urls: PostgresUrls, folder: Path) -> None:
    ask(urls.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(folder), signal.SIGKILL)
    again = ensure_postgres(folder)
    assert again == urls
    assert ask(again.owner_url, "SELECT answer FROM kept") == 42


def test_it_overcomes_a_pid_file_whose_number_is_somebody_elses_now(urls: PostgresUrls, folder: Path) -> None:
    stop_postgres(folder)
    pidfile = folder / "postgres" / "data" / "postmaster.pid"
    pidfile.write_text(f"{os.getpid()}\n{folder}\n1\n5432\n/nowhere\n\n\nready\n")
    assert not postgres_running(folder)
    assert ask(ensure_postgres(folder).app_url, "SELECT 1") == 1
    assert psutil.pid_exists(os.getpid())


def test_it_needs_no_way_through_folders_closed_to_others(tmp_path: Path) -> None:
    """For root the server runs as somebody else; nobody's folder is opened up for that."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    try:
        for _ in range(2):
            assert ask(ensure_postgres(closed / "data").app_url, "SELECT 1") == 1
            stop_postgres(closed / "data")
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        stop_postgres(closed / "data")


def test_it_takes_up_a_first_start_that_was_cut_short(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    try:
        assert ask(ensure_postgres(tmp_path, durable=False).app_url, "SELECT 1") == 1
    finally:
        stop_postgres(tmp_path)


def test_it_refuses_data_of_another_version(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("99\n")
    with pytest.raises(EmbeddedError, match="written by PostgreSQL 99, and only version"):
        ensure_postgres(tmp_path)


def test_it_ends_a_process_that_does_not_listen(tmp_path: Path) -> None:
    deaf = subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(15, 1); time.sleep(60)"])
    terminate(deaf.pid, signal.SIGTERM, signal.SIGTERM, 0.3)
    assert deaf.wait(5) in {-signal.SIGKILL, -signal.SIGTERM}
