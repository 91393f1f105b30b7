"""The operating-system account the servers run under.

PostgreSQL refuses to run as root, so root starts both servers as an account of their own; anybody else as himself.
"""

import fcntl
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_NAME = "console-embedded"

log = logging.getLogger(__name__)


class EmbeddedError(RuntimeError):
    """A server cannot be had; the message is one sentence a person can act on."""


@dataclass(frozen=True)
class Account:
    """Who the servers run as; `uid` and `gid` are this process's own unless it is root."""

    uid: int
    gid: int
    switched: bool

    def give(self, path: Path) -> None:
        """Hand a file or folder to the account."""
        if self.switched:
            os.chown(path, self.uid, self.gid)

    def admit(self, path: Path) -> None:
        """Let the account reach `path`: adds the search bit (not read) to folders on the way that lack it."""
        if not self.switched:
            return
        for folder in (path, *path.parents):
            if folder.is_dir() and not self._may_search(folder.stat()):
                log.info("letting the %s account pass through %s", ACCOUNT_NAME, folder)
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)

    def _may_search(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def server_account() -> Account:
    """Our own account, or for root a system account made on first use (`nobody` where none can be made)."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switched=False)
    entry = _lookup(ACCOUNT_NAME) or _create() or _lookup("nobody")
    if entry is None:
        raise EmbeddedError("PostgreSQL does not run as root, and there is no other account: start the console as one.")
    return Account(entry.pw_uid, entry.pw_gid, switched=True)


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd | None:
    """Two consoles may start at once on a new machine, and `useradd` fails rather than waits: hence the lock."""
    useradd = shutil.which("useradd")
    if useradd is None:
        return None
    with (Path(tempfile.gettempdir()) / f"{ACCOUNT_NAME}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _lookup(ACCOUNT_NAME) is None:
            command = [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", ACCOUNT_NAME]
            subprocess.run(command, check=False, capture_output=True, timeout=10)  # noqa: S603  fixed words
    return _lookup(ACCOUNT_NAME)
