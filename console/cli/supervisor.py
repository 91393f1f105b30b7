"""Keeps the console's processes running: starts them, starts them again with back-off, stops them in time."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from console.cli.lifelines import bury, kill_trees

FIRST_DELAY, LONGEST_DELAY = 0.25, 30.0
HEALTHY_SECONDS = 30.0  # a process that lived this long has earned a quick restart
TICK_SECONDS = 0.5
GRACE_SECONDS = 4.0

log = structlog.get_logger(__name__)


class Stop(KeyboardInterrupt):
    """Somebody asked us to stop."""


@dataclass
class Child:
    """One process of ours and its history."""

    name: str
    command: Sequence[str]
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    since: float = 0.0
    due: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        """In a session of its own: a signal to our group reaches only us, and we pass it on in order."""
        self.process = subprocess.Popen(  # noqa: S603  our own command line
            [sys.executable, "-m", "console", *self.command, "--parent", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            env=environment,
            pass_fds=self.pass_fds,
            start_new_session=True,
        )
        self.since = time.monotonic()

    def has_died(self) -> bool:
        """True once for each death; sets when it is due again."""
        if self.process is None or self.process.poll() is None:
            return False
        code, self.process = self.process.returncode, None
        self.failures = 0 if time.monotonic() - self.since > HEALTHY_SECONDS else self.failures
        delay = min(FIRST_DELAY * 2**self.failures, LONGEST_DELAY)
        self.failures += 1
        self.due = time.monotonic() + delay
        log.error("process_died", process=self.name, status=code, restart_in_seconds=delay)
        return True


@dataclass
class Supervisor:
    """Runs until somebody asks it to stop; `changed` hears of every start."""

    children: list[Child]
    environment: Mapping[str, str]
    changed: Callable[[], None]
    _wake: tuple[int, int] = field(default_factory=os.pipe)

    def __post_init__(self) -> None:
        """Any signal ends a nap early, a child's death among them."""
        os.set_blocking(self._wake[1], False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)

    def start(self) -> None:
        """Start everything."""
        for child in self.children:
            child.start(self.environment)
        self.changed()

    def tend(self) -> None:
        """One round: bury the dead, start again what is due."""
        bury(self._processes())
        for child in self.children:
            if child.has_died() or (child.process is None and time.monotonic() >= child.due):
                self._restart(child)

    def _restart(self, child: Child) -> None:
        if child.process is None and time.monotonic() >= child.due:
            child.start(self.environment)
            log.warning("process_restarted", process=child.name, attempt=child.failures)
            self.changed()

    def nap(self, seconds: float = TICK_SECONDS) -> None:
        """Sleep, but not through a signal."""
        if select.select([self._wake[0]], [], [], seconds)[0]:
            os.read(self._wake[0], 4096)

    def stop(self) -> None:
        """Ask all to finish, wait a little, kill the rest with their descendants."""
        for process in self._processes():
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while self._processes() and time.monotonic() < deadline:
            bury(self._processes())
            self.nap(0.05)
        kill_trees(process.pid for process in self._processes())
        bury(self._processes())
        signal.set_wakeup_fd(-1)

    def pids(self) -> list[int]:
        """Of everything that runs now."""
        return [process.pid for process in self._processes()]

    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [child.process for child in self.children if child.process and child.process.poll() is None]


def stop_on_signals() -> None:
    """Ctrl-C, SIGTERM and a closed terminal unwind whatever we are doing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stop)


def ignore_signals() -> None:
    """While cleaning up, a second Ctrl-C must not leave half of it undone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _raise_stop(number: int, _frame: object) -> None:
    raise Stop(signal.Signals(number).name)
