"""Events of one task joined to what is known of it: a failure names neither its task nor its arguments nor its attempt.

Events come in any order and some never. What cannot be told yet waits in the task as `pending`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from console.queues.rules.celery.errors import Raised, read_raised
from console.queues.rules.celery.events import TaskEvent, instant

UNREGISTERED: Final = "NotRegistered"
SUCCEEDED: Final = "task-succeeded"
INFORMING: Final = frozenset({"task-sent", "task-received", "task-started"})
# The one that says most comes first: what follows of the same attempt is then known already.
ORDER: Final = ("task-retried", "task-failed", "task-revoked", "task-cancelled", "task-rejected")
AGAIN: Final = frozenset({"task-retried", "task-cancelled", "task-rejected"})
REQUEUED: Final = Raised("Requeued", "The task's message was rejected and put back into its queue")
REJECTED: Final = Raised("Rejected", "The task's message was rejected and thrown away")
CANCELLED: Final = Raised("Cancelled", "The worker lost its connection and gave the task back")
EXPIRED: Final = Raised("Expired", "The task's time was over before a worker began it")
REVOKED: Final = Raised("Revoked", "The task was revoked")
LOST: Final = Raised("WorkerLost", "The worker is gone and nobody heard the end of this task")


@dataclass(frozen=True, slots=True)
class Task:
    """What is remembered of a task that has not ended.

    `retries` is the highest attempt heard of, None if none was; `settled` counts its attempts that ended. `args` and
    `kwargs` are Celery's texts. `done`: nothing more will come.
    """

    uuid: str
    name: str | None = None
    args: str | None = None
    kwargs: str | None = None
    queue: str | None = None
    root_id: str | None = None
    parent_id: str | None = None
    hostname: str | None = None
    retries: int | None = None
    settled: int = 0
    received_at: datetime | None = None
    started_at: datetime | None = None
    done: bool = False
    pending: tuple[TaskEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, with what is known of its task. `attempt` None: nobody said which one it was.

    `counted`: nothing heard says that an end before it was missed, so its number is the count of ends. `suffix` makes
    the id of an end that may happen more than once to one attempt.
    """

    task: Task
    attempt: int | None
    raised: Raised
    traceback: str | None
    at: datetime
    severity: str = "error"
    will_retry: bool = False
    suffix: str = ""
    counted: bool = False

    @property
    def event_id(self) -> str:
        """The same as a service's own handler sends for the attempt: id and retries."""
        return f"{self.task.uuid}-{self.attempt or 0}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Joined:
    """The task as it is to be remembered, None for one to forget, and what is to be told."""

    task: Task | None
    outcomes: tuple[Outcome, ...] = ()
    succeeded: bool = False


def join(known: Task | None, uuid: str, events: Iterable[TaskEvent], *, now: datetime, patient: bool = True) -> Joined:
    """Add events to what is known of a task. Without patience an end is told although its task has no name."""
    task = known or Task(uuid)
    every = [*task.pending, *events]
    for event in every:
        task = _informed(task, event, now)
    ends = sorted((e for e in every if e.kind in ORDER), key=lambda e: ORDER.index(e.kind))
    if any(event.kind == SUCCEEDED for event in every):
        # Attempts before the last one may have failed all the same.
        before = [event for event in ends if event.kind in AGAIN and (event.kind != "task-rejected" or event.requeue)]
        return Joined(None, _ended(task, before, now).outcomes, succeeded=True)
    if patient and task.name is None and any(not _tells_itself(event) for event in ends):
        return Joined(replace(task, pending=tuple(ends)))
    return _ended(replace(task, pending=()), ends, now)


def lost(task: Task, *, now: datetime, comes_again: bool, heard_all: bool) -> Outcome:
    """The end of a started task whose worker is gone. `heard_all`: nothing said meanwhile can have been missed."""
    return Outcome(
        task=task,
        attempt=_current(task),
        raised=LOST,
        traceback=None,
        at=task.started_at or now,
        severity="error" if heard_all else "warning",
        will_retry=comes_again,
        suffix="-lost",
    )


def _informed(task: Task, event: TaskEvent, now: datetime) -> Task:
    if event.kind not in INFORMING:
        return task if task.hostname else replace(task, hostname=event.hostname)
    if event.kind == "task-started":
        return replace(task, hostname=event.hostname, started_at=instant(event.at, now=now))
    received = event.kind == "task-received"
    known = [n for n in (task.retries, event.retries) if n is not None]
    return replace(
        task,
        name=event.name or task.name,
        args=event.args or task.args,
        kwargs=event.kwargs or task.kwargs,
        queue=event.queue or task.queue,
        root_id=event.root_id or task.root_id,
        parent_id=event.parent_id or task.parent_id,
        hostname=event.hostname if received else task.hostname,
        received_at=instant(event.at, now=now) if received else task.received_at,
        retries=max(known, default=None),
    )


def _tells_itself(event: TaskEvent) -> bool:
    """A worker that does not know a task says so by the task's name."""
    return (event.exception or "").startswith(UNREGISTERED)


def _ended(task: Task, ends: Sequence[TaskEvent], now: datetime) -> Joined:
    told: list[Outcome] = []
    last = task.settled + sum(event.kind == "task-retried" for event in ends)
    for event in ends:
        if task.done:
            break
        outcome = replace(_outcome(task, event, now), counted=(task.retries or 0) <= last)
        told.append(outcome)
        task = _after(outcome)
    return Joined(task, tuple(told))


def _outcome(task: Task, event: TaskEvent, now: datetime) -> Outcome:
    at = instant(event.at, now=now)
    stamp = f"{at.timestamp():.3f}"
    match event.kind:
        case "task-retried":
            # The next attempt may have been received before: only the count of ends tells which one this is.
            return Outcome(task, task.settled, _raised(event), event.traceback, at, will_retry=True)
        case "task-cancelled":
            suffix = f"-cancelled-{stamp}"
            return Outcome(task, _current(task), CANCELLED, None, at, "warning", will_retry=True, suffix=suffix)
        case "task-rejected" if event.requeue:
            suffix = f"-requeued-{stamp}"
            return Outcome(task, _current(task), REQUEUED, None, at, "warning", will_retry=True, suffix=suffix)
        case "task-rejected":
            return Outcome(task, _current(task), REJECTED, None, at)
        case "task-revoked":
            raised, severity = _revoked(event)
            return Outcome(task, _current(task), raised, None, at, severity)
    raised = _raised(event)
    if task.name is None and _tells_itself(event):
        task = replace(task, name=raised.message.strip("'\"") or None)
    return Outcome(task, _current(task), raised, event.traceback, at)


def _after(outcome: Outcome) -> Task:
    """The task once an attempt has ended; one that may run again stays."""
    task = replace(outcome.task, started_at=None)
    if not outcome.will_retry:
        return replace(task, done=True)
    return task if outcome.suffix else replace(task, settled=(outcome.attempt or 0) + 1)


def _current(task: Task) -> int | None:
    """The attempt that runs: the highest of which anybody spoke."""
    if task.retries is None and not task.settled:
        return None
    return max(task.retries or 0, task.settled)


def _raised(event: TaskEvent) -> Raised:
    exception = None if event.exception == "None" else event.exception
    return read_raised(exception, event.traceback)


def _revoked(event: TaskEvent) -> tuple[Raised, str]:
    if event.expired:
        return EXPIRED, "warning"
    if event.terminated:
        how = f" and its process ended by signal {event.signal}" if event.signal else " and its process ended"
        return Raised("Revoked", REVOKED.message + how), "info"
    return REVOKED, "info"
