"""How what a broker told becomes occurrences of alerts: each attempt once, whoever tells it first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from console.alerts import actions as alerts
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity
from console.queues.actions import celery as actions
from console.queues.queries import celery as queries
from console.queues.queries.celery import Told
from console.queues.rules.brokers import Watched
from console.queues.rules.celery import Joined, Outcome, Raised, Result, Task, TaskEvent, instant, join
from console.queues.rules.rq import parse_time

UNNAMED: Final = "unknown task"
SEVERITIES: Final = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}
SILENT: Final = Raised(None, "Celery kept no error text")


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of one broker in the transaction of `session`."""

    session: Session
    broker: Watched
    now: datetime

    def events(self, events: Iterable[TaskEvent], results: Mapping[str, Result], *, patient: bool = True) -> int:
        """Join events with what is known, tell what ended; returns how many failures were told."""
        of_task: dict[str, list[TaskEvent]] = {}
        for event in events:
            of_task.setdefault(event.uuid, []).append(event)
        return self._keep(self._joined(of_task, results, patient=patient), results)

    def waiting(self, uuids: Sequence[str], results: Mapping[str, Result]) -> int:
        """Tell ends that have waited long enough for the name of their task."""
        return self._keep(self._joined({uuid: [] for uuid in uuids}, results, patient=False), results)

    def results(self, results: Iterable[Result]) -> int:
        """Tell failures that lie in the result backend and were not heard."""
        found = {result.uuid: result for result in results}
        known = queries.tasks(self.session, self.broker.name, list(found))
        told = queries.told_attempts(self.session, self.broker.service, list(found))
        news = [result for uuid, result in found.items() if all(one.will_retry for one in told.get(uuid, ()))]
        outcomes = [_of_result(r, known.get(r.uuid), told.get(r.uuid, ()), self.now) for r in news]
        self.outcomes(outcomes, found)
        ended = [replace(task, done=True, pending=(), started_at=None) for task in known.values()]
        actions.remember(self.session, self.broker.name, ended, now=self.now)
        return len(outcomes)

    def outcomes(self, outcomes: Sequence[Outcome], results: Mapping[str, Result]) -> None:
        """Hand ends of attempts to alerts; those of queues that are not watched are left out."""
        asked = [outcome.task.uuid for outcome in outcomes if outcome.attempt is None]
        told = queries.told_attempts(self.session, self.broker.service, asked) if asked else {}
        failures = []
        for outcome in outcomes:
            sure = _sure(outcome, results.get(outcome.task.uuid), told.get(outcome.task.uuid, ()))
            if sure is not None and self._watched(sure.task.queue):
                failures.append(self._failure(sure, results.get(outcome.task.uuid)))
        if failures:
            alerts.ingest(failures, at=self.now)
        ended = [outcome.task.uuid for outcome in outcomes if not outcome.will_retry]
        if ended:
            actions.end_sent(self.session, self.broker.name, ended, succeeded=False, at=self.now)

    def _watched(self, queue: str | None) -> bool:
        return not self.broker.queues or queue is None or queue in self.broker.queues

    def _joined(
        self, of_task: Mapping[str, Sequence[TaskEvent]], results: Mapping[str, Result], *, patient: bool
    ) -> dict[str, Joined]:
        known = queries.tasks(self.session, self.broker.name, list(of_task))
        return {
            uuid: join(_named(known.get(uuid), uuid, results.get(uuid)), uuid, told, now=self.now, patient=patient)
            for uuid, told in of_task.items()
        }

    def _keep(self, joined: Mapping[str, Joined], results: Mapping[str, Result]) -> int:
        outcomes = [outcome for one in joined.values() for outcome in one.outcomes]
        self.outcomes(outcomes, results)
        actions.remember(self.session, self.broker.name, (o.task for o in joined.values() if o.task), now=self.now)
        succeeded = sorted(uuid for uuid, one in joined.items() if one.succeeded)
        if succeeded:
            actions.forget(self.session, self.broker.name, succeeded)
            actions.end_sent(self.session, self.broker.name, succeeded, succeeded=True, at=self.now)
        return len(outcomes)

    def _failure(self, outcome: Outcome, result: Result | None) -> Failure:
        task, extra = outcome.task, {"broker": self.broker.name}
        links = {"root_id": task.root_id, "parent_id": task.parent_id or (result.parent_id if result else None)}
        extra |= {name: value for name, value in links.items() if value and value != task.uuid}
        known = result if result is not None and result.args is not None else None
        return Failure(
            service=self.broker.service,
            environment=self.broker.environment,
            task=task.name or UNNAMED,
            occurred_at=outcome.at,
            severity=SEVERITIES[outcome.severity],
            exception_type=outcome.raised.kind,
            message=outcome.raised.message,
            traceback=outcome.traceback,
            event_id=outcome.event_id,
            job_id=task.uuid,
            queue=task.queue,
            worker=task.hostname,
            host=(task.hostname or "").rpartition("@")[2] or None,
            retries=outcome.attempt,
            will_retry=outcome.will_retry,
            args=known.args if known else task.args,
            kwargs=known.kwargs if known else task.kwargs,
            source="celery",
            extra=extra,
        )


def _named(task: Task | None, uuid: str, result: Result | None) -> Task | None:
    """What the result backend knows of a task is as good as having heard its beginning."""
    if result is None or result.name is None:
        return task
    task = task or Task(uuid)
    return replace(
        task,
        name=task.name or result.name,
        queue=task.queue or result.queue,
        hostname=task.hostname or result.worker,
        parent_id=task.parent_id or result.parent_id,
    )


def _sure(outcome: Outcome, result: Result | None, told: Sequence[Told]) -> Outcome | None:
    """The outcome with the number of its attempt, as far as anybody knows it; None for one that was told."""
    if outcome.suffix:
        return outcome
    if result is not None and result.retries is not None and _same_end(outcome, result):
        # The result of a later attempt may tell the same: of those whose ends were all heard, the count is sure.
        attempt = outcome.attempt if outcome.will_retry and outcome.counted else result.retries
        return replace(outcome, attempt=attempt, raised=_better(outcome.raised, result.raised))
    if outcome.attempt is not None:
        return outcome
    if not outcome.will_retry and any(not one.will_retry for one in told):
        return None
    return replace(outcome, attempt=max((one.attempt + 1 for one in told), default=0))


def _same_end(outcome: Outcome, result: Result) -> bool:
    """Whether a result, which each attempt replaces, is still that of this one."""
    if outcome.will_retry:
        return result.status == "RETRY" and result.traceback == outcome.traceback
    return result.status in {"FAILURE", "REVOKED"}


def _better(heard: Raised, kept: Raised | None) -> Raised:
    """The backend names a type with its module, unless it is about something else."""
    if kept is None or kept.kind is None or heard.kind is None:
        return heard
    same = kept.kind.rpartition(".")[2] == heard.kind.rpartition(".")[2]
    return Raised(kept.kind, heard.message) if same else heard


def _of_result(result: Result, task: Task | None, told: Sequence[Told], now: datetime) -> Outcome:
    known = _named(task, result.uuid, result) or Task(result.uuid)
    before = max((one.attempt + 1 for one in told), default=None)
    settled = max(known.retries or 0, known.settled) if task is not None else 0
    attempt = result.retries if result.retries is not None else (before if before is not None else settled)
    if result.status == "REVOKED":
        return _revoked(result, known, attempt, now)
    return Outcome(
        task=replace(known, name=known.name or _unregistered(result)),
        attempt=attempt,
        raised=result.raised or SILENT,
        traceback=result.traceback,
        at=instant(parse_time(result.done_at), now=now),
    )


def _unregistered(result: Result) -> str | None:
    """A worker that does not know a task gives its name as the error."""
    raised = result.raised
    return raised.message if raised and raised.kind == "celery.exceptions.NotRegistered" else None


def _revoked(result: Result, task: Task, attempt: int, now: datetime) -> Outcome:
    why = result.raised.message if result.raised else ""
    kinds = {
        "expired": (Raised("Expired", "The task's time was over before a worker began it"), "warning"),
        "terminated": (Raised("Revoked", "The task was revoked and its process ended"), "info"),
    }
    raised, severity = kinds.get(why, (Raised("Revoked", "The task was revoked"), "info"))
    return Outcome(task, attempt, raised, None, instant(parse_time(result.done_at), now=now), severity)
