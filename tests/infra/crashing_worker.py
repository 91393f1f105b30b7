"""A forking worker with one job that crashes; run by test_sentry.py in a process of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))


from console.app import create_app
from console.config import load_settings
from console.infra import jobs, log
from console.infra.actor import SYSTEM
from console.infra.jobs import JobContext
from console.infra.queue import Doorbell, make_worker
from console.infra.redis import connect
from console.infra.transaction import unit
from console.worker.scheduler import ring_all


@jobs.job(name="tests.crash", max_attempts=1)
def crash(context: JobContext, canary: str) -> None:
    connection = f"postgresql://console:{canary}@db/console"
    raise RuntimeError(f"job-crashed: cannot reach {connection}, password={canary}")


if __name__ == "__main__":
    settings = load_settings()
    log.configure(settings)
    app = create_app(settings)
    with app.app_context():
        with unit():
            jobs.request(crash, sys.argv[1], by=SYSTEM.during("req-of-the-click"))
        ring_all(Doorbell(connect(settings)))
        make_worker(connect(settings, timeout=None), ("default",), simple=False).work(burst=True, logging_level=None)
