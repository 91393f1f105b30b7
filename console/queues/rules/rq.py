"""What is true of RQ's failures without asking Redis: how to read a call, a time, an error."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_CALL: Final = re.compile(r"^([A-Za-z_][\w.]*)\((.*)\)$", re.DOTALL)
_HORSE: Final = re.compile(r"^Work-horse terminated unexpectedly; waitpid returned (\w+)( \(signal (\d+)\))?")
_INTERVALS: Final = re.compile(r"^\[[0-9]{1,9}(?:, ?[0-9]{1,9}){0,99}\]$")
_ABANDONED: Final = re.compile(r"^Moved to FailedJobRegistry, due to AbandonedJobError")
_ERROR: Final = re.compile(r"^([A-Za-z_][\w.]*)(?:: ?(.*))?$")
DESCRIPTION: Final = 200


@dataclass(frozen=True, slots=True)
class RqFailure:
    """The final failure of an RQ job, as its hash and its newest result tell it.

    `args` is the call's argument text as RQ describes it; `execution` tells two failures of the same job apart.
    """

    job_id: str
    queue: str
    task: str
    args: str | None
    traceback: str
    execution: str
    ended_at: datetime | None
    worker: str | None
    retries: int | None
    max_retries: int | None
    trouble: str | None = None

    @property
    def event_id(self) -> str:
        """Unique for this failure within its Redis, the same however often it is read."""
        return f"{self.job_id}:{self.execution}"


@dataclass(frozen=True, slots=True)
class RqAttempt:
    """An attempt that failed and is made again. `asked`: the task itself asked for it, by returning `Retry`."""

    job_id: str
    queue: str
    task: str
    args: str | None
    ended_at: datetime
    worker: str | None
    retries: int | None
    max_retries: int | None
    asked: bool

    @property
    def event_id(self) -> str:
        """Unique for this attempt within its Redis, the same however often it is seen."""
        return f"{self.job_id}:attempt:{self.ended_at.isoformat()}"

    @property
    def message(self) -> str:
        """What is known of it."""
        if self.asked:
            return "The task asked to be run again"
        return "An attempt failed and RQ runs the job again; it keeps no text of such attempts"


@dataclass(frozen=True, slots=True)
class Told:
    """An error as alerts take it: its type, its message, and the traceback where there is one."""

    exception_type: str | None
    message: str
    traceback: str | None


def retries_of(times: int | None, left: int | None, intervals: str | None) -> tuple[int | None, int | None]:
    """How often a job was retried and how often it may be, where RQ's fields tell; None where they do not.

    RQ counts `number_of_retries` for tasks that return `Retry` and keeps only `retries_left` for those enqueued with
    one. How many there were at first shows in the list of intervals, when each retry has one.
    """
    if times is not None:
        return times, None if left is None else times + left
    listed = len(json.loads(intervals)) if intervals and _INTERVALS.match(intervals) else 0
    if left is None or listed < max(left, 2):
        return None, None
    return listed - left, listed


def parse_call(description: str) -> tuple[str, str | None]:
    """The function and the argument text of RQ's description, `tasks.send(7, to='a')`; free text stays whole."""
    found = _CALL.match(description.strip())
    if found:
        return found[1], found[2] or None
    return description.strip()[:DESCRIPTION] or "unknown", None


def parse_time(text: str | None) -> datetime | None:
    """RQ's times: ISO 8601, UTC, with or without fractions."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def read_error(text: str) -> Told:
    """What RQ keeps as a failure's text: a traceback, or its own sentence for a killed or abandoned job.

    Those sentences hold process ids and instants; what is told leaves them out, so that each is one cause.
    """
    if found := _HORSE.match(text):
        how = f"killed by signal {found[3]}" if found[3] else f"ended with wait status {found[1]}"
        return Told("WorkHorseTerminated", f"The work-horse was {how}" if found[3] else f"The work-horse {how}", None)
    if _ABANDONED.match(text):
        return Told("AbandonedJobError", "The worker vanished while it ran this job", None)
    lines = text.rstrip().splitlines()
    if not lines or "Traceback (most recent call last)" not in text:
        return Told(None, text.strip() or "RQ kept no error text", None)
    kind, message = _last_error(lines)
    return Told(kind, message, text)


def _last_error(lines: list[str]) -> tuple[str | None, str]:
    """The exception line is the last unindented one that follows an indented one; a message may go on below it."""
    for at in range(len(lines) - 1, 0, -1):
        found = _ERROR.match(lines[at])
        if found and lines[at - 1].startswith(" "):
            return found[1], "\n".join([found[2] or "", *lines[at + 1 :]]).strip()
    return None, lines[-1]
