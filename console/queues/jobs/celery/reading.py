"""The result backend read in the background, bit by bit: what failed while nobody listened is told from there.

Results are kept for a day unless a service says otherwise. Each key is looked at once: a result that is final stays.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from console.infra import clock
from console.infra.transaction import unit
from console.queues.actions import celery as actions
from console.queues.client.celery import Results
from console.queues.jobs.celery.telling import Teller
from console.queues.queries import celery as queries
from console.queues.rules.brokers import Watched
from console.queues.rules.celery import is_final

KEYS: Final = 1_000
TOLD_AT_ONCE: Final = 250
# After a gap the reading may take half of the time, later a twentieth.
SHARE_FIRST: Final = 0.5
SHARE: Final = 0.05
REST_SECONDS: Final = 5.0
MOST_SEEN: Final = 300_000


@dataclass
class ResultReader:
    """Reads the results of a broker from end to end, again and again; `step` does a little of it."""

    broker: Watched
    results: Results
    cursor: int = 0
    found: int = 0
    whole: bool = False
    after: float = 0.0
    settled: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def step(self) -> None:
        """Look at the next keys, if it is time to. Raises RedisError, DBAPIError; then the same keys come again."""
        began = time.monotonic()
        if began < self.after:
            return
        cursor, uuids = self.results.scan(self.cursor, count=KEYS)
        self._look(uuids)
        self.cursor = cursor
        took = time.monotonic() - began
        self.after = began + took / (SHARE if self.whole else SHARE_FIRST)
        if cursor == 0:
            self._rest()

    def _rest(self) -> None:
        """The end was reached: keys that have expired are forgotten with the round before."""
        self._follow_sent()
        with unit() as session:
            actions.note_results(session, self.broker.name, found=self.found, at=clock.now())
        self.settled, self.seen = self.seen, set()
        self.found, self.whole = 0, True
        self.after = time.monotonic() + REST_SECONDS

    def _look(self, uuids: Sequence[str]) -> None:
        self.found += len(uuids)
        new = [uuid for uuid in uuids if uuid not in self.settled]
        ends = dict(zip(new, map(is_final, self.results.heads(new)), strict=True)) if new else {}
        failed = [uuid for uuid, end in ends.items() if end]
        for at in range(0, len(failed), TOLD_AT_ONCE):
            self._tell(failed[at : at + TOLD_AT_ONCE])
        ended = [uuid for uuid in uuids if uuid in self.settled or ends.get(uuid) is not None]
        if len(self.seen) < MOST_SEEN:
            self.seen.update(ended)
            self.settled.update(ended)

    def _tell(self, uuids: Sequence[str]) -> None:
        found = self.results.read(uuids)
        with unit() as session:
            Teller(session, self.broker, clock.now()).results(found.values())

    def _follow_sent(self) -> None:
        """Tasks sent again or begun before a gap may have succeeded without being heard."""
        with unit():
            sent = queries.unfinished_retries(self.broker.name)
            begun = [task.uuid for task in queries.running(self.broker.name, limit=KEYS)]
        if not sent and not begun:
            return
        done = [result.uuid for result in self.results.read([*sent, *begun]).values() if result.status == "SUCCESS"]
        with unit() as session:
            if done:
                actions.forget(session, self.broker.name, done)
                actions.end_sent(session, self.broker.name, done, succeeded=True, at=clock.now())
