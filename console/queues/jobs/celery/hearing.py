"""What was heard of a broker and is not yet noted, in memory and within a bound."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from console.queues.actions.celery import Heard
from console.queues.rules.celery import Rubbish, TaskEvent, WorkerEvent, instant, read_message

MOST_WAITING: Final = 200_000
# Of these a worker sends none unless its events are switched on.
OF_TASKS: Final = frozenset({"task-received", "task-started", "task-succeeded", "task-failed"})


@dataclass
class Waiting:
    """What was heard and is not yet noted."""

    tasks: deque[TaskEvent] = field(default_factory=deque)
    workers: dict[str, WorkerEvent | None] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)

    def take(self, data: bytes, now: datetime) -> None:
        """Read a message; one that is no event is counted and left."""
        try:
            events = read_message(data)
        except Rubbish as why:
            self.heard = replace(self.heard, rubbish=self.heard.rubbish + 1, rubbish_why=str(why))
            return
        for event in events:
            if isinstance(event, TaskEvent):
                self._task(event)
            else:
                self.workers[event.hostname] = event
        if events:
            # Only the last of a batch tells when: they come in the order of a worker's clock.
            at = instant(events[-1].at, now=now)
            of_tasks = self.heard.of_tasks or any(event.kind in OF_TASKS for event in events)
            self.heard = replace(self.heard, events=self.heard.events + len(events), last_at=at, of_tasks=of_tasks)

    @property
    def any(self) -> bool:
        """Whether anything waits to be noted."""
        return bool(self.tasks or self.workers or self.heard.rubbish)

    def batch(self, most: int) -> list[TaskEvent]:
        """The oldest events."""
        return list(islice(self.tasks, most))

    def drop(self, number: int) -> None:
        """So many of the oldest events were noted."""
        for _ in range(min(number, len(self.tasks))):
            self.tasks.popleft()

    def noted(self) -> None:
        """The counts and the workers were noted."""
        self.heard, self.workers = Heard(), {}

    def refuse(self, why: str) -> None:
        """Count an event that could be read and not be kept."""
        self.heard = replace(self.heard, rubbish=self.heard.rubbish + 1, rubbish_why=why)

    def _task(self, event: TaskEvent) -> None:
        if len(self.tasks) >= MOST_WAITING:
            self.tasks.popleft()
            self.heard = replace(self.heard, dropped=self.heard.dropped + 1)
        self.tasks.append(event)
        if event.hostname and event.kind != "task-sent":
            self.workers.setdefault(event.hostname, None)
