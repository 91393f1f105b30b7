"""An embedded PostgreSQL: initialised once, adopted while it runs, restarted after a crash.

Two roles: the owner runs migrations and grants; the application's owns no table, so that it cannot change audit rows.
"""

import contextlib
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg2

from console.infra.embedded.account import Account, EmbeddedError, server_account
from console.infra.embedded.binaries import Binary, find_postgres
from console.infra.embedded.process import (
    ENVIRONMENT,
    alive,
    exclusive,
    identity,
    launch,
    reachable,
    socket_folder,
    tail,
    terminate,
    wait_until,
)
from console.infra.embedded.roles import (
    APPLICATION,
    OWNER,
    PORT,
    SUPERUSER,
    PostgresUrls,
    connect,
    ensure_roles,
    passwords_of,
    url_of,
    write_private,
)

START_SECONDS = 60.0  # crash recovery replays the log first
STOP_SECONDS = 3.0
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
FIRST_WITH_BUILTIN_LOCALE = 17


def ensure_postgres(directory: Path, *, durable: bool = True) -> PostgresUrls:
    """A running PostgreSQL whose data lie in `directory`/postgres.

    Without `durable` a power cut may lose everything (tests). Raises EmbeddedError with a sentence.
    """
    with exclusive(directory, "postgres"):
        home = directory.resolve() / "postgres"
        account = server_account()
        passwords = passwords_of(home)
        if not _adopted(home, passwords):
            _start(home, account, passwords[SUPERUSER], durable=durable)
        sockets = _sockets(home)
        try:
            ensure_roles(sockets, passwords)
        except psycopg2.OperationalError as error:
            raise EmbeddedError(f"PostgreSQL runs but refuses: {error}") from error
        return PostgresUrls(url_of(APPLICATION, passwords, sockets), url_of(OWNER, passwords, sockets))


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


def _adopted(home: Path, passwords: dict[str, str]) -> bool:
    """Whether a server runs and answers; one that is just starting or dying is waited for."""
    wait_until(lambda: _running_pid(home) is None or _answers(home, passwords), START_SECONDS)
    return _running_pid(home) is not None


def _answers(home: Path, passwords: dict[str, str]) -> bool:
    with contextlib.suppress(psycopg2.OperationalError, IndexError):
        connect(SUPERUSER, "postgres", _sockets(home), passwords).close()
        return True
    return False


def _start(home: Path, account: Account, password: str, *, durable: bool) -> None:
    data = home / "data"
    binary = find_postgres(_major(data))
    account.admit(binary.path.parent)
    if not data.exists():
        _initialise(home, binary, account, password)
    _clear_away_the_dead(data)
    options = _options(data, socket_folder(home.parent, account), durable=durable)
    with reachable(data, account) as (folder, fds):
        command = [str(binary.path), "-D", folder, *options]
        pid = launch(command, home / "postgres.log", account, pass_fds=fds)
    ready = wait_until(lambda: _ready_pid(data) == pid or not alive(pid), START_SECONDS)
    if not ready or not alive(pid):
        raise EmbeddedError(f"PostgreSQL did not start: {tail(home / 'postgres.log')}")


def _major(data: Path) -> int | None:
    file = data / "PG_VERSION"
    return int(file.read_text()) if file.exists() else None


def _initialise(home: Path, binary: Binary, account: Account, password: str) -> None:
    """Into a draft folder renamed when complete, so that a kill leaves nothing half-made."""
    draft = home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    account.give(draft)
    made = _initdb(draft, binary, account, password)
    if made.returncode != 0:
        raise EmbeddedError(f"PostgreSQL could not be initialised in {home}: {made.stderr.strip()}")
    draft.rename(home / "data")


def _initdb(draft: Path, binary: Binary, account: Account, password: str) -> "subprocess.CompletedProcess[str]":
    locale = ["--locale=C"]
    if binary.major >= FIRST_WITH_BUILTIN_LOCALE:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words = socket_folder(draft.parent.parent, account) / "superuser"
    write_private(words, password)
    account.give(words)
    with reachable(draft, account) as (folder, fds):
        command = [binary.sibling("initdb"), "-D", folder, "-U", SUPERUSER, f"--pwfile={words}", *locale]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", "--no-sync"]
        made = subprocess.run(  # noqa: S603  command is ours, no shell
            command,
            capture_output=True,
            text=True,
            cwd="/",
            env=ENVIRONMENT,
            check=False,
            pass_fds=fds,
            **identity(account),
        )
    words.unlink()
    return made


def _options(data: Path, sockets: Path, *, durable: bool) -> list[str]:
    settings = [
        f"console.folder={data}",  # means nothing to PostgreSQL; tells whoever lists processes whose this is
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
    with contextlib.suppress(psutil.NoSuchProcess):
        return int(lines[0]) if _works_in(psutil.Process(int(lines[0])), home / "data") else None
    return None


def _clear_away_the_dead(data: Path) -> None:
    """After a kill of the postmaster: end its orphans (they hold the shared memory), drop a pid file others match."""
    lines = _pidfile(data)
    if not lines:
        return
    for process in psutil.process_iter(["name"]):
        if _works_in(process, data):
            terminate(process.pid, signal.SIGQUIT, signal.SIGKILL, STOP_SECONDS)
    if alive(int(lines[0])):
        (data / "postmaster.pid").unlink()


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()) == data
    except (psutil.Error, OSError):
        return False
