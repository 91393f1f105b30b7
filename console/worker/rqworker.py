"""`python -m console rqworker`: one RQ worker, restarted inside its process until somebody stops it."""

import time
from collections.abc import Sequence
from typing import Any, Final

import structlog
from redis.exceptions import RedisError

# Job modules are imported before the first fork: a worker that imports them in each child is many times slower.
import console.alerts.jobs
import console.oncall.jobs
import console.queues.jobs
import console.tickets.jobs
import console.tickets.jobs.importing
from console.app import create_app
from console.config import Settings
from console.infra.queue import QUEUES, make_worker
from console.infra.redis import connect

MODULES: Final = (console.alerts.jobs, console.oncall.jobs, console.queues.jobs, console.tickets.jobs)
LONGEST_WAIT: Final = 15.0

log = structlog.get_logger(__name__)


def run_rqworker(settings: Settings, queues: Sequence[str] = ("default", "long"), *, simple: bool = False) -> None:
    """Work on "fast", "default" or "long" until SIGTERM or SIGINT; returns once the job in hand has ended.

    `simple` runs jobs in this process, without a fork for each: for the fast queue.
    Raises ValueError for an unknown queue.
    """
    if unknown := sorted(set(queues) - set(QUEUES)):
        raise ValueError(f"There is no queue {', '.join(unknown)}: the queues are {', '.join(QUEUES)}.")
    with create_app(settings).app_context():
        wait = 0.5
        # RQ's loop ends on any trouble with Redis, not only when it is asked to.
        while not _worked_until_stopped(settings, queues, simple=simple):
            log.warning("worker_loop_ended", again_in_seconds=wait)
            time.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)


def _worked_until_stopped(settings: Settings, queues: Sequence[str], *, simple: bool) -> bool:
    try:
        worker = make_worker(connect(settings, timeout=None), queues, simple=simple)
    except RedisError:
        return False
    try:
        worker.work(logging_level=None)
    except RedisError as error:
        # RQ says good-bye to a Redis that is away.
        log.warning("redis_away", error=str(error))
    finally:
        # Its listener would otherwise go on for ever beside that of the next worker.
        listener: Any = worker.pubsub_thread
        if listener is not None:
            listener.stop()
    return worker._shutdown_requested_date is not None  # noqa: SLF001 - RQ has no public way to ask
