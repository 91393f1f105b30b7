"""What a running job sees of itself: its number, its asker, and how to report and to hear that it should stop."""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from console.infra import clock
from console.infra.actor import Actor

LINE_LENGTH: Final = 2_000
MESSAGE_LENGTH: Final = 500
# A job in a tight loop must not fill the table: what comes after is counted and said in one last line.
LINES_PER_ATTEMPT: Final = 2_000


class Cancelled(Exception):
    """Somebody asked the job to stop; raised by `JobContext.check`."""


class LeaseLost(Exception):
    """The job was given to another worker: whatever this run does now counts for nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a job said since the last time: the newest progress, if any, and its lines with their instants."""

    fraction: float | None
    message: str | None
    eta: datetime | None
    lines: Sequence[tuple[datetime, str]]


@dataclass
class JobContext:
    """The first argument of every job function. Safe to use from several threads of one job."""

    job_id: uuid.UUID
    attempt: int
    max_attempts: int
    actor: Actor
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _lost: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _began: float = field(default_factory=time.monotonic, repr=False)
    _progress: tuple[float, str, datetime | None] | None = field(default=None, repr=False)
    _lines: list[tuple[datetime, str]] = field(default_factory=list, repr=False)
    _written: int = field(default=0, repr=False)

    @property
    def request_id(self) -> str | None:
        """The request that asked for the job; its log lines carry the same."""
        return self.actor.request_id

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop."""
        return self._stop.is_set()

    def check(self) -> None:
        """Call between steps: raises Cancelled when the job was asked to stop, LeaseLost when it is no longer ours."""
        if self._lost.is_set():
            raise LeaseLost
        if self._stop.is_set():
            raise Cancelled

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far the job is, from 0 to 1, and in one sentence what it does; stored at most once a second."""
        share = min(max(float(fraction), 0.0), 1.0)
        with self._lock:
            self._progress = (share, message[:MESSAGE_LENGTH], self._eta(share))

    def log(self, line: str) -> None:
        """Keep a line for the job's page, cut to 2,000 characters; at most 2,000 lines an attempt."""
        with self._lock:
            self._written += 1
            if self._written <= LINES_PER_ATTEMPT:
                self._lines.append((clock.now(), _clean(line)))

    def take_report(self, *, last: bool = False) -> Report | None:
        """What is new since the last call, or None. For the engine."""
        with self._lock:
            hidden = self._written - LINES_PER_ATTEMPT
            if last and hidden > 0:
                self._lines.append((clock.now(), f"… and {hidden:,} more lines that were not kept"))
            if self._progress is None and not self._lines:
                return None
            fraction, message, eta = self._progress or (None, None, None)
            report = Report(fraction, message, eta, tuple(self._lines))
            self._progress, self._lines = None, []
            return report

    def ask_to_stop(self) -> None:
        """The row says that somebody pressed stop. For the engine."""
        self._stop.set()

    def lose(self) -> None:
        """The row is no longer this attempt's. For the engine."""
        self._lost.set()

    def _eta(self, share: float) -> datetime | None:
        # Below one percent the extrapolation is noise.
        if not 0.01 <= share < 1.0:  # noqa: PLR2004
            return None
        elapsed = time.monotonic() - self._began
        return clock.now() + timedelta(seconds=elapsed * (1.0 - share) / share)


def _clean(line: str) -> str:
    # PostgreSQL stores neither NUL nor lone surrogates.
    text = line.replace("\0", "�").encode("utf-8", "replace").decode()
    return text if len(text) <= LINE_LENGTH else text[: LINE_LENGTH - 1] + "…"
