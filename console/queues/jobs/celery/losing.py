"""Tasks whose worker is gone: a worker that is killed says nothing of the tasks it had begun."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from console.infra import clock
from console.infra.transaction import unit
from console.queues.actions import celery as actions
from console.queues.client.celery import Queues, Results
from console.queues.jobs.celery.telling import Teller
from console.queues.queries import celery as queries
from console.queues.rules.brokers import Watched
from console.queues.rules.celery import EARLIEST, Result, Task, is_final, lost

LOOK_SECONDS: Final = 2.0
# A worker that says good-bye has told of its last task before; a little patience for what is on its way.
OFFLINE: Final = timedelta(seconds=5)
# So long the end of a task waits for its beginning, which names it.
PATIENCE: Final = timedelta(seconds=15)


class Losses:
    """Looks for workers that fell silent, and for ends that wait in vain."""

    def __init__(self, broker: Watched, results: Results, queues: Queues, *, since: datetime, after: timedelta) -> None:
        self._broker = broker
        self._results = results
        self._queues = queues
        self._since = since
        self._silence = after
        self._looked = time.monotonic()

    def step(self) -> None:
        """Look, if it is time to. Raises RedisError, DBAPIError."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        now = clock.now()
        self._tell_waiting(now)
        self._find(now)

    def _tell_waiting(self, now: datetime) -> None:
        with unit() as session:
            uuids = queries.waiting_since(session, self._broker.name, now - PATIENCE)
        if uuids:
            results = self._results.read(uuids)
            with unit() as session:
                Teller(session, self._broker, now).waiting(uuids, results)

    def _find(self, now: datetime) -> None:
        # Silence counts only while somebody listens.
        silent = now - self._silence if now - self._since > self._silence else EARLIEST
        with unit() as session:
            gone = queries.gone_workers(session, self._broker.name, silent=silent, offline=now - OFFLINE)
            tasks = queries.orphans(session, self._broker.name, gone) if gone else []
        if not gone:
            return
        ended = self._ended([task.uuid for task in tasks])
        left = [task for task in tasks if task.uuid not in ended]
        again = self._queues.unfinished([task.uuid for task in left]) if left else frozenset()
        self._tell(gone, left, again, ended, now)

    def _ended(self, uuids: Sequence[str]) -> dict[str, Result]:
        """The tasks that ended according to their results, which nobody heard."""
        if not uuids:
            return {}
        heads = dict(zip(uuids, self._results.heads(uuids), strict=True))
        return self._results.read([uuid for uuid, head in heads.items() if head and is_final(head) is not None])

    def _tell(
        self, gone: Sequence[str], left: Sequence[Task], again: frozenset[str], ended: dict[str, Result], now: datetime
    ) -> None:
        outcomes = [
            lost(
                task,
                now=now,
                comes_again=task.uuid in again,
                heard_all=task.started_at is not None and task.started_at >= self._since,
            )
            for task in left
        ]
        with unit() as session:
            teller = Teller(session, self._broker, now)
            teller.outcomes(outcomes, {})
            teller.results(result for result in ended.values() if result.status in {"FAILURE", "REVOKED"})
            actions.lay_down(session, self._broker.name, [task.uuid for task in left])
            actions.forget(session, self._broker.name, [u for u, r in ended.items() if r.status == "SUCCESS"])
            if len(left) + len(ended) < queries.ORPHANS:
                actions.forget_workers(session, self._broker.name, gone)
