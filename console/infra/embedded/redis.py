"""An embedded Redis that writes every change to its append-only file, so that a kill loses no job."""

import contextlib
import signal
from pathlib import Path
from typing import cast

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.infra.embedded.account import Account, EmbeddedError, server_account
from console.infra.embedded.binaries import Binary, find_redis
from console.infra.embedded.process import (
    alive,
    exclusive,
    launch,
    reachable,
    socket_folder,
    tail,
    terminate,
    wait_until,
)

START_SECONDS = 60.0  # a long append-only file is read first
STOP_SECONDS = 3.0
FIRST_WITH_APPEND_ONLY_FOLDER = 7


def ensure_redis(directory: Path) -> str:
    """URL of a running Redis whose data lie in `directory`/redis. Raises EmbeddedError with a sentence."""
    with exclusive(directory, "redis"):
        account = server_account()
        socket = socket_folder(directory, account) / "redis.sock"
        if not _adopted(directory, socket):
            _start(directory.resolve() / "redis", socket, account)
        return f"unix://{socket}?db=0"


def stop_redis(directory: Path) -> None:
    """Stop it if it runs; it writes its append-only file out first."""
    with exclusive(directory, "redis"):
        pid = _living_pid(directory) or _answering_pid(_socket(directory))
        if pid is not None:
            terminate(pid, signal.SIGTERM, signal.SIGTERM, STOP_SECONDS)


def redis_running(directory: Path) -> bool:
    """Whether the folder's Redis lives now, be it busy or paused."""
    return _living_pid(directory) is not None or _answering_pid(_socket(directory)) is not None


def _adopted(directory: Path, socket: Path) -> bool:
    """Whether one runs already. A slow one is waited for: two on one file would ruin it."""
    pid = _living_pid(directory)
    if pid is None:
        return _answering_pid(socket) is not None
    wait_until(lambda: _answering_pid(socket) is not None or not alive(pid), START_SECONDS)
    if alive(pid) and _answering_pid(socket) is None:
        raise EmbeddedError(f"Redis runs (process {pid}) but does not answer: stop it, then start again.")
    return alive(pid)


def _living_pid(directory: Path) -> int | None:
    """The pid noted at the last start, unless the process is gone or the number is somebody else's now."""
    with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
        pid, since = (directory / "redis.pid").read_text().split()
        if alive(int(pid)) and psutil.Process(int(pid)).create_time() == float(since):
            return int(pid)
    return None


def _socket(directory: Path) -> Path:
    return socket_folder(directory, server_account()) / "redis.sock"


def _start(home: Path, socket: Path, account: Account) -> None:
    binary = find_redis()
    _refuse_newer_data(home, binary)
    home.mkdir(mode=0o700, exist_ok=True)
    account.give(home)
    account.admit(binary.path.parent)
    socket.unlink(missing_ok=True)
    with reachable(home, account) as (folder, fds):
        command = [str(binary.path), *_options(folder, socket)]
        pid = launch(command, home.parent / "redis.log", account, pass_fds=fds)
    (home.parent / "redis.pid").write_text(f"{pid} {psutil.Process(pid).create_time()}")
    ready = wait_until(lambda: _answering_pid(socket) == pid or not alive(pid), START_SECONDS)
    if not ready or not alive(pid):
        raise EmbeddedError(f"Redis did not start: {tail(home.parent / 'redis.log')}")


def _options(folder: str, socket: Path) -> list[str]:
    options = {
        "dir": folder,
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "databases": "16",
        "daemonize": "no",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _refuse_newer_data(home: Path, binary: Binary) -> None:
    """Redis 6 would overlook the folder in which Redis 7 keeps its log, and start empty."""
    if (home / "appendonlydir").is_dir() and binary.major < FIRST_WITH_APPEND_ONLY_FOLDER:
        raise EmbeddedError(
            f"The data folder was written by Redis 7 or newer, and only version {binary.major} is here: "
            "install a newer redis-server, or use another CONSOLE_DATA_DIR."
        )


def _answering_pid(socket: Path) -> int | None:
    """Pid of the server behind the socket once it has loaded its data; INFO also answers while loading."""
    if not socket.exists():
        return None
    with contextlib.suppress(redis.RedisError), contextlib.closing(_client(socket)) as client:
        info = cast("dict[str, int]", client.info())
        return int(info["process_id"]) if not info["loading"] else None
    return None


def _client(socket: Path) -> redis.Redis:
    patience = Retry(NoBackoff(), 0)  # the default retries for eight seconds
    return redis.Redis(unix_socket_path=str(socket), socket_timeout=2, socket_connect_timeout=2, retry=patience)
