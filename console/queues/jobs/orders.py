"""Requeueing and deleting failed jobs of others: what could be done, asking for it, doing it, and how it ended."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from redis.exceptions import RedisError

from console.infra import clock, jobs
from console.infra.actor import Actor
from console.infra.brokers import told
from console.infra.jobs import JobContext, job
from console.infra.transaction import unit
from console.queues import actions, queries
from console.queues.actions import Result
from console.queues.client import Done, Registries, RqRegistries, connect
from console.queues.models import RqOrder
from console.queues.rules.brokers import Watched
from console.queues.rules.orders import Action, Ended, Outcome, ended, obstacle

BATCH: Final = 100
# A service that broke under its load gets its jobs back no faster than this.
PER_SECOND: Final = 500.0
SECONDS: Final = 2.0
LOOK: Final = 1_000
ELSEWHERE: Final = "order {} moves it already"


@dataclass(frozen=True, slots=True)
class Survey:
    """What could be done now: `ready` jobs by broker, and every other one with the reason, by broker and id.

    `forbidden` is set when nothing may be done because every broker refuses changes.
    """

    ready: Mapping[str, Sequence[str]]
    refused: Sequence[tuple[str, str, str]] = ()
    forbidden: str | None = None

    @property
    def count(self) -> int:
        """How many jobs would be moved."""
        return sum(map(len, self.ready.values()))


def survey(found: Mapping[str, Sequence[str]]) -> Survey:
    """Look at these jobs (broker to ids) where they lie, without changing anything."""
    ready: dict[str, list[str]] = {}
    refused: list[tuple[str, str, str]] = []
    closed: list[str] = []
    for name, ids in sorted(found.items()):
        broker = queries.get_watched(name)
        why = locked(broker)
        closed += [why] if why else []
        reasons = dict.fromkeys(ids, why) if why else _reasons(broker, ids)
        ready[name] = [job_id for job_id in ids if reasons[job_id] is None]
        refused += [(name, job_id, reason) for job_id, reason in reasons.items() if reason]
    forbidden = closed[0] if closed and len(closed) == len(found) else None
    return Survey({name: ids for name, ids in ready.items() if ids}, tuple(refused), forbidden)


def locked(broker: Watched) -> str | None:
    """Why nothing may be changed on a broker."""
    if broker.read_only:
        return f"{broker.name} is watched read-only: nothing is requeued or deleted there. An admin can change that."
    return None if broker.enabled else f"{broker.name} is switched off. An admin can switch it on."


def place(
    action: Action, found: Mapping[str, Sequence[str]], *, by: Actor, alert_id: int | None = None
) -> tuple[RqOrder, list[str]]:
    """Order that these jobs (broker to ids) be moved; returns the order and those that no other order has taken."""
    order, taken = actions.write_order(action, found, alert_id=alert_id, by=by, at=clock.now())
    if taken:
        # Redis knows no transaction of ours: they are moved once this one has committed.
        order.job_id = jobs.request(carry_out, order.id, by=by).id
    return order, taken


@job(name="console.queues.jobs.carry_out", queue="long", timeout=3_600, max_attempts=4, backoff=5)
def carry_out(context: JobContext, order_id: int) -> dict[str, int]:
    """Move the jobs of an order, each once, and note what became of it; stops between batches when asked to."""
    with unit() as session:
        order = session.get_one(RqOrder, order_id)
        total, action = order.jobs, Action(order.action)
        begun = queries.begun(session, order_id)
    mover, counts = _Mover(order_id, action), dict[str, int]()
    batch, done = begun, 0
    while True:
        began = time.monotonic()
        # What an earlier attempt began and did not tell the end of has been moved if it is failed no more.
        results = mover.move(batch, again=batch is begun)
        for result in results:
            counts[result.outcome.value] = counts.get(result.outcome.value, 0) + 1
        done += len(batch)
        context.progress(done / max(total, 1), _sentence(counts, total))
        context.check()
        time.sleep(max(0.0, len(batch) / PER_SECOND - (time.monotonic() - began)))
        with unit() as session:
            batch = actions.take_batch(session, order_id, limit=BATCH)
        if not batch:
            break
    return counts


def _sentence(counts: Mapping[str, int], total: int) -> str:
    moved = counts.get(Outcome.REQUEUED, 0) + counts.get(Outcome.DELETED, 0)
    left_alone = sum(counts.values()) - moved
    return f"{moved:,} of {total:,} jobs moved" + (f", {left_alone:,} left alone" if left_alone else "")


@dataclass
class _Mover:
    """Moves batches of one order, with a connection to each broker it meets."""

    order_id: int
    action: Action
    brokers: dict[str, tuple[Registries, str | None]] = field(default_factory=dict)

    def move(self, batch: Sequence[tuple[str, str]], *, again: bool) -> list[Result]:
        """Move some jobs and note the results. Raises RedisError while their broker is away."""
        found: list[Result] = []
        for name in sorted({name for name, _ in batch}):
            results: dict[str, Result] = {}
            try:
                for job_id in (job_id for broker, job_id in batch if broker == name):
                    results[job_id] = self._one(name, job_id, again=again)
            finally:
                # What was moved is noted, even when the broker goes away among them.
                self._note(name, results)
            found += results.values()
        return found

    def _note(self, broker: str, results: Mapping[str, Result]) -> None:
        if results:
            with unit() as session:
                order = session.get_one(RqOrder, self.order_id)
                actions.note_results(session, order, broker, results, at=clock.now())

    def _one(self, name: str, job_id: str, *, again: bool) -> Result:
        registries, refusal = self._broker(name)
        if refusal:
            return Result(Outcome.REFUSED, refusal)
        requeue = self.action is Action.REQUEUE
        found = registries.requeue(job_id) if requeue else registries.delete(job_id)
        if again and requeue and found.done is Done.MOVED_ON:
            return Result(Outcome.REQUEUED)
        if again and not requeue and found.done is Done.GONE:
            return Result(Outcome.DELETED)
        return Result(Outcome(found.done.value), found.why, found.traceless)

    def _broker(self, name: str) -> tuple[Registries, str | None]:
        if name not in self.brokers:
            with unit():
                broker = queries.get_watched(name)
            self.brokers[name] = (RqRegistries(connect(broker, timeout=SECONDS)), locked(broker))
        return self.brokers[name]


class States(Protocol):
    """Whoever knows RQ's status words of jobs."""

    def states(self, job_ids: Sequence[str]) -> dict[str, str | None]: ...


class Ends:
    """Finds out how requeued jobs of one broker ended, a thousand a look, so that none waits for ever."""

    def __init__(self, registries: States, broker: str) -> None:
        self._registries = registries
        self._broker = broker
        self._after = (0, "")

    def look(self) -> None:
        """Note the ends that have come. Raises RedisError or SQLAlchemyError."""
        with unit() as session:
            awaited = queries.awaited(session, self._broker, after=self._after, limit=LOOK)
        self._after = (awaited[-1].order_id, awaited[-1].job_id) if len(awaited) == LOOK else (0, "")
        if not awaited:
            return
        states = self._registries.states([one.job_id for one in awaited])
        ends = {one: end for one in awaited if (end := ended(states[one.job_id], traceless=one.traceless))}
        for order_id in sorted({one.order_id for one in ends}):
            self._note(order_id, {one.job_id: end for one, end in ends.items() if one.order_id == order_id})

    def _note(self, order_id: int, ends: Mapping[str, Ended]) -> None:
        with unit() as session:
            order = session.get_one(RqOrder, order_id)
            actions.end_jobs(session, order, self._broker, ends, at=clock.now())


def close_orders() -> None:
    """A duty of the scheduler: what a stopped order has not tried is not tried any more.

    How jobs ended on a broker that was removed nobody will know.
    """
    with unit() as session:
        actions.close_orders(session, at=clock.now())
        removed = queries.brokers_awaited(session) - {broker.name for broker in queries.everything()}
    for name in sorted(removed):
        Ends(Removed(), name).look()


class Removed:
    """The states of jobs on a broker that is watched no longer."""

    def states(self, job_ids: Sequence[str]) -> dict[str, str | None]:
        """Nothing can be read there."""
        return dict.fromkeys(job_ids, "unreadable")


def _reasons(broker: Watched, ids: Iterable[str]) -> dict[str, str | None]:
    """For each job why it would be left alone now, None for one that would be moved."""
    asked = list(ids)
    try:
        states = RqRegistries(connect(broker, timeout=SECONDS)).states(asked)
    except RedisError as error:
        return dict.fromkeys(asked, f"{broker.name} does not answer: {told(error)}")
    taken = queries.open_elsewhere(broker.name, asked)
    elsewhere = {job_id: ELSEWHERE.format(order) for job_id, order in taken.items()}
    return {job_id: elsewhere.get(job_id) or obstacle(states[job_id]) for job_id in asked}
