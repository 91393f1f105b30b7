"""A duty of the scheduler: follow the sources of tickets, each in a thread of its own.

Any number of schedulers may run: a lease says which of them reads a source, and whoever lost it keeps nothing.
"""

import threading
from typing import Final

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from console.infra import clock
from console.infra.transaction import unit
from console.tickets import client
from console.tickets.actions import following
from console.tickets.queries import sources as reads

# Sources that hang must not hold up the others.
MAX_THREADS: Final = 16

log = structlog.get_logger(__name__)


class SourceFollowers:
    """The followers of one scheduler process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._busy: set[threading.Thread] = set()

    def tick(self) -> int:
        """Begin to read what is due; returns how many. Raises DBAPIError while PostgreSQL is away."""
        self._busy = {thread for thread in self._busy if thread.is_alive()}
        free = MAX_THREADS - len(self._busy)
        if free <= 0:
            return 0
        with unit():
            claimed = following.claim(at=clock.now(), most=free)
        for source_id, lease_id in claimed:
            # A daemon: what it has not kept when the process ends is read again.
            thread = threading.Thread(target=self._follow, args=(source_id, lease_id), name="source", daemon=True)
            thread.start()
            self._busy.add(thread)
        return len(claimed)

    def _follow(self, source_id: int, lease_id: str) -> None:
        with self._app.app_context():
            try:
                follow(source_id, lease_id)
            except DBAPIError as error:
                # Ours is away, or refused a row: the lease runs out, and it is read again.
                log.warning("source_not_kept", source=source_id, error=str(error)[:500])


def follow(source_id: int, lease_id: str) -> int:
    """Read a source until there is no more; returns how many readings were kept."""
    kept = 0
    while True:
        with unit():
            feed = reads.feed(source_id, lease_id)
        if feed is None:
            return kept
        try:
            batch = client.fetch(feed)
        except client.Trouble as trouble:
            with unit():
                following.fail(feed, lease_id, str(trouble), at=clock.now(), retry_after=trouble.retry_after)
            return kept
        with unit():
            more = following.keep(feed, lease_id, batch, at=clock.now())
        kept += 1
        if not more:
            return kept
