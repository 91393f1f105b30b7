"""An embedded PostgreSQL: initialised once, adopted while it runs, restarted after a crash.

Two roles: the owner runs migrations and grants; the application's owns no table, so that it cannot change audit rows.
"""

import contextlib
import json
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
from psycopg2 import sql

from console.infra.embedded.account import Account, EmbeddedError, server_account
from console.infra.embedded.binaries import Binary, find_postgres
from console.infra.embedded.process import (
    ENVIRONMENT,
    alive,
    exclusive,
    identity,
    launch,
    socket_folder,
    tail,
    terminate,
    wait_until,
)

DATABASE = "console"
SUPERUSER, OWNER, APPLICATION = "postgres", "console_owner", "console_app"
PORT = 5432  # names the socket file; nothing listens on TCP
START_SECONDS = 60.0  # crash recovery replays the log first
STOP_SECONDS = 3.0
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
FIRST_WITH_BUILTIN_LOCALE = 17


@dataclass(frozen=True)
class PostgresUrls:
    """SQLAlchemy URLs: the application's role, and the role that owns the tables."""

    app_url: str
    owner_url: str


def ensure_postgres(directory: Path, *, durable: bool = True) -> PostgresUrls:
    """A running PostgreSQL whose data lie in `directory`/postgres.

    Without `durable` a power cut may lose everything (tests). Raises EmbeddedError with a sentence.
    """
    with exclusive(directory, "postgres"):
        home = directory.resolve() / "postgres"
        account = server_account()
        passwords = _passwords(home)
        if _running_pid(home) is None:
            _start(home, account, passwords[SUPERUSER], durable=durable)
        sockets = _sockets(home)
        _ensure_roles(sockets, passwords)
        return PostgresUrls(_url(APPLICATION, passwords, sockets), _url(OWNER, passwords, sockets))


def stop_postgres(directory: Path) -> None:
    """Stop it if it runs: open transactions are rolled back, connections closed."""
    with exclusive(directory, "postgres"):
        home = directory.resolve() / "postgres"
        pid = _running_pid(home)
        if pid is not None:
            terminate(pid, signal.SIGINT, signal.SIGQUIT, STOP_SECONDS)


def postgres_running(directory: Path) -> bool:
    """Whether the folder's PostgreSQL runs now."""
    return _running_pid(directory.resolve() / "postgres") is not None


def _passwords(home: Path) -> dict[str, str]:
    """Made once, before the server, so that a first start cut short can be taken up again."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "passwords.json"
    if not file.exists():
        made = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, OWNER, APPLICATION)}
        _write_private(file, json.dumps(made))
    known: dict[str, str] = json.loads(file.read_text())
    return known


def _write_private(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


def _start(home: Path, account: Account, password: str, *, durable: bool) -> None:
    data = home / "data"
    binary = find_postgres(_major(data))
    account.admit(home)
    account.admit(binary.path.parent)
    if not data.exists():
        _initialise(home, binary, account, password)
    _clear_away_the_dead(data)
    options = _options(socket_folder(home.parent, account), durable=durable)
    pid = launch([str(binary.path), "-D", str(data), *options], home / "postgres.log", account)
    ready = wait_until(lambda: _ready_pid(data) == pid or not alive(pid), START_SECONDS)
    if not ready or not alive(pid):
        raise EmbeddedError(f"PostgreSQL did not start: {tail(home / 'postgres.log')}")


def _major(data: Path) -> int | None:
    file = data / "PG_VERSION"
    return int(file.read_text()) if file.exists() else None


def _initialise(home: Path, binary: Binary, account: Account, password: str) -> None:
    """Into a draft folder renamed when complete, so that a kill leaves nothing half-made."""
    draft, words = home / "data.new", home / "superuser.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _write_private(words, password)
    account.give(draft)
    account.give(words)
    locale = ["--locale=C"]
    if binary.major >= FIRST_WITH_BUILTIN_LOCALE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [binary.sibling("initdb"), "-D", str(draft), "-U", SUPERUSER, f"--pwfile={words}", *locale]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", "--no-sync"]
    made = subprocess.run(  # noqa: S603  command is ours, no shell
        command, capture_output=True, text=True, cwd="/", env=ENVIRONMENT, check=False, **identity(account)
    )
    words.unlink()
    if made.returncode != 0:
        raise EmbeddedError(f"PostgreSQL could not be initialised in {home}: {made.stderr.strip()}")
    draft.rename(home / "data")


def _options(sockets: Path, *, durable: bool) -> list[str]:
    settings = [
        "listen_addresses=",
        f"unix_socket_directories={sockets}",
        "unix_socket_permissions=0700",
        f"port={PORT}",
        "timezone=UTC",
        "log_timezone=UTC",
        "max_connections=120",
        *(() if durable else NOT_DURABLE),
    ]
    return [word for setting in settings for word in ("-c", setting)]


def _pidfile(data: Path) -> list[str]:
    """Lines of postmaster.pid: 0 pid, 1 data folder, 4 socket folder, 7 status (PostgreSQL's pidfile.h)."""
    with contextlib.suppress(FileNotFoundError):
        return (data / "postmaster.pid").read_text().splitlines()
    return []


def _ready_pid(data: Path) -> int | None:
    lines = _pidfile(data)
    return int(lines[0]) if "ready" in map(str.strip, lines[7:]) else None


def _sockets(home: Path) -> Path:
    return Path(_pidfile(home / "data")[4])


def _running_pid(home: Path) -> int | None:
    """The postmaster's pid; None if the file is stale, even when another program has got the number since."""
    lines = _pidfile(home / "data")
    if not lines or not alive(int(lines[0])):
        return None
    return int(lines[0]) if _is_server(int(lines[0]), home / "data") else None


def _is_server(pid: int, data: Path) -> bool:
    try:
        command = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return str(data) in command


def _clear_away_the_dead(data: Path) -> None:
    """After a kill of the postmaster: end its orphans (they hold the shared memory), drop a pid file others match."""
    lines = _pidfile(data)
    if not lines:
        return
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres" and _works_in(process, data):
            terminate(process.pid, signal.SIGQUIT, signal.SIGKILL, STOP_SECONDS)
    if alive(int(lines[0])):
        (data / "postmaster.pid").unlink()


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return Path(process.cwd()) == data
    except (psutil.Error, OSError):
        return False


def _ensure_roles(sockets: Path, passwords: dict[str, str]) -> None:
    with contextlib.suppress(psycopg2.OperationalError):
        _connect(APPLICATION, DATABASE, sockets, passwords).close()
        return
    connection = _connect(SUPERUSER, "postgres", sockets, passwords)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in _missing(cursor, passwords):
                cursor.execute(statement)
    finally:
        connection.close()


def _missing(cursor: "psycopg2.extensions.cursor", passwords: dict[str, str]) -> list[sql.Composed]:
    cursor.execute("SELECT rolname FROM pg_roles UNION ALL SELECT 'database ' || datname FROM pg_database")
    present = {name for (name,) in cursor.fetchall()}
    # pg_signal_backend: restores and tests drop databases that the application is still connected to.
    steps = [
        (OWNER, "CREATE ROLE {owner} LOGIN CREATEDB IN ROLE pg_signal_backend PASSWORD {owner_password}"),
        (APPLICATION, "CREATE ROLE {application} LOGIN PASSWORD {application_password}"),
        (f"database {DATABASE}", "CREATE DATABASE {database} OWNER {owner}"),
    ]
    words = {
        "owner": sql.Identifier(OWNER),
        "application": sql.Identifier(APPLICATION),
        "database": sql.Identifier(DATABASE),
        "owner_password": sql.Literal(passwords[OWNER]),
        "application_password": sql.Literal(passwords[APPLICATION]),
    }
    return [sql.SQL(text).format(**words) for name, text in steps if name not in present]


def _connect(role: str, database: str, sockets: Path, passwords: dict[str, str]) -> "psycopg2.extensions.connection":
    return psycopg2.connect(
        host=str(sockets), port=PORT, user=role, password=passwords[role], dbname=database, connect_timeout=10
    )


def _url(role: str, passwords: dict[str, str], sockets: Path) -> str:
    return (
        f"postgresql+psycopg2://{role}:{passwords[role]}@/{DATABASE}?host={quote(str(sockets), safe='/')}&port={PORT}"
    )
