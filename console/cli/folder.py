"""The data folder as a meeting place: who runs `up` on it, where its servers are, who still uses them."""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import click

from console.config import refuse_read_only


class CannotStart(click.ClickException):
    """A sentence about what is in the way; the command ends with status 1."""


@dataclass(frozen=True)
class Runtime:
    """What a running `up` tells other commands, in a file only its own account can read."""

    host: str
    port: int
    database_url: str
    database_owner_url: str
    redis_url: str
    processes: tuple[tuple[int, float], ...] = ()  # pid and start time (seconds since 1970): numbers get reused


@dataclass(frozen=True)
class DataFolder:
    """CONSOLE_DATA_DIR."""

    path: Path

    def prepare(self) -> None:
        """Make it, or say why it cannot be used."""
        try:
            refuse_read_only(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            self._open("up.lock").close()
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotStart(
                f"The data folder {self.path} cannot be written ({reason}). Choose another with CONSOLE_DATA_DIR."
            ) from error

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Held by `up` as long as it lives; the lock falls with the process, whatever kills it."""
        with self._open("up.lock") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(
                    f"Another console is already running on the data folder {self.path}. "
                    "Stop it first, or choose another folder with CONSOLE_DATA_DIR."
                ) from error
            yield

    def running(self) -> Runtime | None:
        """What the running `up` has told, None when none runs."""
        if not (self.path / "up.lock").exists():
            return None
        with self._open("up.lock") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self.last_told()
        return None

    def tell(self, runtime: Runtime) -> None:
        """Leave word for other commands."""
        draft = self.path / "up.json.new"
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(runtime)))
        draft.replace(self.path / "up.json")

    def forget(self) -> None:
        """Nothing runs here any more."""
        (self.path / "up.json").unlink(missing_ok=True)

    def last_told(self) -> Runtime | None:
        """The last word left, perhaps by an `up` that was killed."""
        try:
            told = json.loads((self.path / "up.json").read_text())
        except FileNotFoundError:
            return None
        return Runtime(**{**told, "processes": tuple((pid, since) for pid, since in told["processes"])})

    @contextlib.contextmanager
    def using_servers(self) -> Iterator["LastOne"]:
        """Count as a user of the embedded servers until the end, so that nobody stops them meanwhile."""
        with self._open("servers.lock") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield LastOne(handle)

    def _open(self, name: str) -> IO[str]:
        return (self.path / name).open("a")


@dataclass(frozen=True)
class LastOne:
    """Asked at the end: is nobody else using the servers?"""

    handle: IO[str]

    def __bool__(self) -> bool:
        """True when ours is the only hold; newcomers then wait until we let go."""
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
