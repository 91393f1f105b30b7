"""Starting, waiting for and stopping a server process that outlives us."""

import contextlib
import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import psutil

from console.infra.embedded.account import Account, EmbeddedError

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
POLL_SECONDS = 0.01
SOCKET_PATH_LIMIT = 100  # sun_path holds 107 bytes on Linux and 103 on macOS
LOG_LIMIT_BYTES = 10_000_000


class Identity(TypedDict, total=False):
    """Keyword arguments of `subprocess`."""

    user: int
    group: int
    extra_groups: list[int]


_children: dict[int, subprocess.Popen[bytes]] = {}


@contextlib.contextmanager
def exclusive(directory: Path, name: str) -> Iterator[None]:
    """One caller at a time looks after one server of one folder."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = (directory / f"{name}.lock").open("w")
    except OSError as error:
        raise EmbeddedError(f"The data folder {directory} cannot be written: {error.strerror}.") from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def socket_folder(directory: Path, account: Account) -> Path:
    """A short private folder for sockets: data folders may lie deeper than a socket's path may be long."""
    key = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:12]
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > SOCKET_PATH_LIMIT - len("/console-123456789012/.s.PGSQL.5432"):
        base = Path("/tmp")  # noqa: S108  private folder, owner checked below
    folder = base / f"console-{key}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.give(folder)
    _insist_private(folder, account)
    return folder


def _insist_private(folder: Path, account: Account) -> None:
    found = folder.lstat()
    ours = found.st_uid in {account.uid, os.geteuid()} and stat.S_ISDIR(found.st_mode)
    if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedError(f"{folder} belongs to somebody else: remove it and start again.")
    account.give(folder)


@contextlib.contextmanager
def reachable(folder: Path, account: Account) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A path by which the account reaches its folder, and the descriptors to pass on with it.

    Root's folders often lie below others closed to everybody else. A server that is handed the open folder needs no
    way through them, and loses none when somebody closes them while it runs.
    """
    if not account.switched or sys.platform != "linux":
        account.admit(folder.parent)
        yield str(folder), ()
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}", (handle,)
    finally:
        os.close(handle)


def launch(command: Sequence[str], logfile: Path, account: Account, *, pass_fds: Sequence[int] = ()) -> int:
    """Start a server in a session of its own, so that neither Ctrl-C nor our death reaches it. Returns its pid."""
    if logfile.exists() and logfile.stat().st_size > LOG_LIMIT_BYTES:
        logfile.unlink()
    with logfile.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603  command is ours, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
            pass_fds=pass_fds,
            **identity(account),
        )
    _children[child.pid] = child
    return child.pid


def identity(account: Account) -> Identity:
    """What makes a child run as the account, when there is one to switch to."""
    if not account.switched:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    child = _children.get(pid)
    if child is not None:
        if child.poll() is None:
            return True
        del _children[pid]
        return False
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def terminate(pid: int, polite: signal.Signals, firm: signal.Signals, patience: float) -> None:
    """Ask politely, after `patience` seconds firmly, and wait until the process is gone."""
    for request in (polite, firm, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, request)
        if wait_until(lambda: not alive(pid), patience):
            return


def tail(logfile: Path) -> str:
    """The last words of a server that would not start."""
    lines = logfile.read_text(errors="replace").splitlines() if logfile.exists() else []
    return " / ".join(lines[-3:]) or "it left no log"
