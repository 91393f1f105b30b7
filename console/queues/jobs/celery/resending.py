"""Failed tasks sent again: to their queue, by their name, with their arguments where those are known exactly.

The result backend is asked first (`result_extended` keeps the values), then what a service or an event told. A task is
sent again once: who presses the button twice, or a job that runs twice, sends nothing more.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from console.alerts import actions as alerts
from console.alerts import queries as alert_queries
from console.infra import clock, jobs
from console.infra.brokers import told
from console.infra.db import db
from console.infra.events import RetryAnswer, RetryRequested
from console.infra.jobs import JobContext, job
from console.infra.scrub import REMOVED
from console.infra.transaction import unit
from console.queues.actions import celery as actions
from console.queues.client import connect
from console.queues.client.celery import Message, Queues, Results, Sender
from console.queues.jobs.celery.telling import UNNAMED
from console.queues.models import CeleryRetry
from console.queues.queries import brokers as broker_queries
from console.queues.queries import celery as queries
from console.queues.queries.celery import Failed
from console.queues.rules.brokers import Kind, Watched
from console.queues.rules.celery import Call, Result, Task, exact_call

REFUSALS: Final = 100
SOURCE: Final = "celery"
NO_BROKER: Final = "no Celery broker is watched for this service and environment"
SEVERAL: Final = "several Celery brokers are watched for this service, and nobody told which one this task came from"
READ_ONLY: Final = "The broker of these tasks is watched read-only: nothing is sent to it."
NO_NAME: Final = "nobody told the name of this task"
NO_QUEUE: Final = "nobody told its queue: the service needs task_send_sent_event, result_extended or its own report"


@dataclass(frozen=True, slots=True)
class Plan:
    """What can be sent to which broker, and what cannot, with why."""

    broker: Watched | None
    messages: tuple[Message, ...]
    refused: tuple[tuple[str, str], ...]
    forbidden: str | None = None


def answer_celery_retry(asked: RetryRequested) -> RetryAnswer:
    """Send the failed tasks of an alert again, or only count them; runs in the caller's transaction."""
    if asked.source != SOURCE:
        return RetryAnswer(0)
    failed = alert_queries.failed_jobs(alert_queries.get(asked.alert_id))
    found = plan(asked.alert_id, failed)
    if not asked.dry_run and found.broker is not None and found.messages:
        _request(found.broker.name, asked, {_original(message): message.task_id for message in found.messages})
    return RetryAnswer(len(found.messages), found.refused[:REFUSALS], found.forbidden)


def _request(broker: str, asked: RetryRequested, sent_as: dict[str, str]) -> None:
    now, again = clock.now(), sorted(sent_as)
    # What these were sent in place of waits with them: it succeeds when they do.
    before = [row.uuid for row in queries.ancestors(db.session(), broker, again) if row.alert_id == asked.alert_id]
    alerts.await_retries(asked.alert_id, [*again, *before], at=now)
    actions.ask_again(broker, asked.alert_id, sent_as, at=now)
    # Redis knows no transaction of ours: they are sent once this one has committed.
    jobs.request(resend_tasks, broker, asked.alert_id, again, by=asked.by)


@job(name="console.queues.jobs.resend_tasks", queue="default", timeout=600, max_attempts=3)
def resend_tasks(context: JobContext, broker: str, alert_id: int, uuids: list[str]) -> dict[str, int]:
    """Send failed Celery tasks again, once each, and say which could not be."""
    watched = broker_queries.get_watched(broker)
    sent = refused = 0
    for at in range(0, len(uuids), 100):
        context.check()
        some = uuids[at : at + 100]
        with unit():
            rows = {row.uuid: row.sent_as for row in queries.sent_again(broker, some).values() if row.sent_at is None}
            failed = queries.failed(alert_id, list(rows))
        # The switch may have been turned since it was asked for.
        forbidden = Plan(watched, (), tuple((task, READ_ONLY) for task in rows))
        found = forbidden if watched.read_only else _planned(watched, rows, failed)
        sent += _send(watched, found.messages)
        for message in found.messages:
            context.log(f"{_original(message)}: sent to {message.queue} as {message.task_id}")
        for task, why in found.refused:
            context.log(f"{task}: {why}")
        refused += len(found.refused)
        with unit():
            actions.refuse_again(broker, dict(found.refused))
            if found.refused:
                alerts.settle_retries(alert_id, dropped=[task for task, _ in found.refused], at=clock.now())
        context.progress((at + len(some)) / len(uuids), f"{sent:,} of {len(uuids):,} sent")
    return {"sent": sent, "refused": refused}


def plan(alert_id: int, uuids: Sequence[str]) -> Plan:
    """What of these tasks can be sent again now; asks the broker's Redis for what is known of them."""
    service, environment, _ = queries.place_of(alert_id)
    failed = queries.failed(alert_id, uuids)
    brokers = [
        one for one in broker_queries.watched(Kind.CELERY) if (one.service, one.environment) == (service, environment)
    ]
    broker, why = _choose(brokers, failed)
    if broker is None:
        return Plan(None, (), tuple((task, why) for task in uuids), why if why == READ_ONLY else None)
    before = queries.sent_again(broker.name, uuids)
    open_ = [task for task in uuids if task not in before or before[task].refused]
    done = [(task, _sent_before(before[task])) for task in uuids if task not in open_]
    found = _planned(broker, {task: str(uuid.uuid4()) for task in open_}, failed)
    return Plan(broker, found.messages, (*found.refused, *done))


def _choose(brokers: Sequence[Watched], failed: Mapping[str, Failed]) -> tuple[Watched | None, str]:
    named = {str(one.extra["broker"]) for one in failed.values() if "broker" in one.extra}
    chosen = [broker for broker in brokers if broker.name in named] or list(brokers)
    if len(chosen) == 1:
        return (None, READ_ONLY) if chosen[0].read_only else (chosen[0], "")
    return None, SEVERAL if chosen else NO_BROKER


def _planned(broker: Watched, sent_as: Mapping[str, str], failed: Mapping[str, Failed]) -> Plan:
    """What of these tasks, each with its new id, can be sent."""
    uuids = list(sent_as)
    try:
        results = Results(connect(broker, db=broker.result_db), prefix=broker.prefix).read(uuids)
        names = Queues(connect(broker), prefix=broker.prefix).names()
    except RedisError as error:
        return Plan(broker, (), tuple((task, told(error)) for task in uuids))
    only = names[0] if len(names) == 1 else None
    messages, refused = [], []
    for task in uuids:
        made = _message(sent_as[task], task, failed.get(task), results.get(task), only)
        if isinstance(made, Message):
            messages.append(made)
        else:
            refused.append((task, made))
    return Plan(broker, tuple(messages), tuple(refused))


def _message(sent_as: str, task: str, failed: Failed | None, result: Result | None, only: str | None) -> Message | str:
    name = (result.name if result else None) or (failed.task if failed and failed.task != UNNAMED else None)
    queue = (result.queue if result else None) or (failed.queue if failed else None) or only
    call = _call(failed, result)
    if isinstance(call, str) or name is None or queue is None:
        return call if isinstance(call, str) else (NO_NAME if name is None else NO_QUEUE)
    root = str(failed.extra.get("root_id") or "") if failed else ""
    return Message(sent_as, name, call.args, call.kwargs, queue, root_id=root or task, parent_id=task)


def _call(failed: Failed | None, result: Result | None) -> Call | str:
    if result is not None and result.args is not None and result.kwargs is not None:
        return Call(tuple(result.args), result.kwargs)
    return exact_call(failed.args if failed else None, failed.kwargs if failed else None, removed=REMOVED)


def _sent_before(row: CeleryRetry) -> str:
    if row.succeeded_at is not None:
        return f"it was sent again as {row.sent_as}, which succeeded"
    return f"it was sent again as {row.sent_as}" if row.sent_at else f"it is being sent again as {row.sent_as}"


def _original(message: Message) -> str:
    """The failed task that a message stands for."""
    assert message.parent_id is not None
    return message.parent_id


def _send(broker: Watched, messages: Sequence[Message]) -> int:
    """Each is noted once it lies in its queue; a crash between the two sends nothing twice."""
    sender = Sender(connect(broker), prefix=broker.prefix)
    with unit() as session:
        # Nobody will say where they were sent if they fail again.
        actions.remember(session, broker.name, map(_as_sent, messages), now=clock.now())
    for message in messages:
        sender.send(message)
        with unit():
            actions.note_sent(broker.name, _original(message), at=clock.now())
    return len(messages)


def _as_sent(one: Message) -> Task:
    return Task(one.task_id, name=one.name, queue=one.queue, root_id=one.root_id, parent_id=one.parent_id)
