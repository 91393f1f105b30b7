"""No-op jobs through our queue, beside bare RQ in the same run: `python bench/jobs.py [JOBS]`.

Ours: a row and an outbox row per request (one transaction each, from four threads), dispatcher, RQ, claim, settlement,
PostgreSQL with fsync, two pre-loaded simple workers. Bare RQ: enqueue and run, nothing stored but Redis. CPU is user +
system time of workers, scheduler, producer, PostgreSQL and Redis together, per job.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from redis import Redis
from rq import Queue, SimpleWorker, Worker
from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.stand import Stand, keep, stand
from console.app import create_app
from console.config import load_settings
from console.infra import jobs
from console.infra.actor import SYSTEM
from console.infra.jobs import Job, JobContext, JobState
from console.infra.transaction import unit
from console.worker import run_rqworker, run_scheduler

PRODUCERS = 4


@jobs.job(name="bench.noop", queue="fast", max_attempts=1)
def noop(context: JobContext) -> None:
    """Nothing: what is measured is the way to it and back."""


def bare_noop() -> None:
    """The same for bare RQ."""


@contextmanager
def processes(kinds: list[str], on: Stand) -> Iterator[None]:
    """Run this file once for each kind, in processes of their own."""
    command = [sys.executable, __file__]
    with Path(on.folder, "bench.log").open("ab") as log:
        started = [subprocess.Popen([*command, kind], env=on.environment, stdout=log, stderr=log) for kind in kinds]
    try:
        time.sleep(4)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(10)


def cpu_seconds(folder: str) -> dict[str, float]:
    """CPU used so far by what belongs to the bench, by kind of process: its servers and this file's processes."""
    total: dict[str, float] = {}
    for process in psutil.process_iter(["cmdline", "cpu_times"]):
        try:
            family = [" ".join(member.cmdline()) for member in (process, *process.parents())]
        except psutil.NoSuchProcess:
            continue
        kind = _kind(process.info["cmdline"] or [], family, folder)
        if kind:
            times = process.info["cpu_times"]
            # A forked child's time reaches its parent's when it ends.
            total[kind] = total.get(kind, 0.0) + times.user + times.system + times.children_user + times.children_system
    return total


def _kind(command: list[str], family: list[str], folder: str) -> str | None:
    if __file__ in command or (len(command) > 1 and command[1] == sys.argv[0]):
        return next((word for word in ("scheduler", "simple", "bare") if command[-1].startswith(word)), "producer")
    for server in ("postgres", "redis"):
        if any(folder in line and server in line for line in family):
            return server
    return None


def measure(folder: str, count: int, produce: Callable[[], None], done: Callable[[], bool]) -> dict[str, float]:
    """Jobs a second and CPU milliseconds a job, from the first request to the last settlement."""
    cpu, began = cpu_seconds(folder), time.monotonic()
    produce()
    produced = time.monotonic() - began
    while not done():
        time.sleep(0.05)
    elapsed = time.monotonic() - began
    used = {kind: now - cpu.get(kind, 0.0) for kind, now in cpu_seconds(folder).items()}
    return {
        "jobs": count,
        "jobs_per_second": round(count / elapsed, 1),
        "requested_per_second": round(count / produced, 1),
        "cpu_ms_per_job": round(sum(used.values()) * 1000 / count, 2),
    } | {f"cpu_ms_{kind}": round(seconds * 1000 / count, 2) for kind, seconds in sorted(used.items())}


def ours(count: int, on: Stand) -> dict[str, float]:
    """Two simple workers and a scheduler."""
    app = create_app(on.settings)
    with app.app_context(), processes(["simple", "simple", "scheduler"], on):

        def ask(number: int) -> None:
            with app.app_context():
                for _ in range(number):
                    with unit():
                        jobs.request(noop, by=SYSTEM)

        def produce() -> None:
            # As requests of several people: one alone waits for the disk at each commit, and would be what is measured.
            with ThreadPoolExecutor(PRODUCERS) as people:
                list(people.map(ask, [count // PRODUCERS] * PRODUCERS))

        def done() -> bool:
            with unit() as session:
                finished = session.scalar(select(func.count()).where(Job.state == JobState.SUCCEEDED))
            return (finished or 0) >= count // PRODUCERS * PRODUCERS

        return measure(str(on.folder), count, produce, done)


def bare(count: int, kinds: list[str], on: Stand) -> dict[str, float]:
    """RQ alone."""
    redis = Redis.from_url(on.settings.redis_url)
    redis.flushdb()
    queue = Queue("bare", connection=redis)

    def produce() -> None:
        for _ in range(count):
            queue.enqueue("bench_jobs_bare.bare_noop", result_ttl=60)

    def done() -> bool:
        return bool(queue.finished_job_registry.get_job_count(cleanup=False) >= count)

    with processes(kinds, on):
        return measure(str(on.folder), count, produce, done)


def run_bare(kind: type[Worker] | type[SimpleWorker]) -> None:
    """One bare RQ worker."""
    sys.modules["bench_jobs_bare"] = sys.modules[__name__]
    connection = Redis.from_url(os.environ["REDIS_URL"])
    kind([Queue("bare", connection=connection)], connection=connection, log_job_description=False).work(
        logging_level="WARNING"
    )


def table(rows: dict[str, dict[str, float]]) -> str:
    """The results as Markdown."""
    lines = ["| no-op jobs | jobs/s | CPU ms a job |", "|---|---:|---:|"]
    lines += [f"| {name} | {row['jobs_per_second']} | {row['cpu_ms_per_job']} |" for name, row in rows.items()]
    return "\n".join(lines)


def main(count: int) -> None:
    """Measure all and print the table."""
    with stand() as on:
        rows = {
            "ours, two simple workers": ours(count, on),
            "bare RQ, two SimpleWorkers": bare(count, ["bare", "bare"], on),
            "bare RQ, one SimpleWorker": bare(count // 2, ["bare"], on),
            "bare RQ, one forking Worker": bare(count // 8, ["bare-fork"], on),
        }
    print(table(rows))
    keep("jobs", rows)


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "2000"
    if what.isdigit():
        main(int(what))
    elif what == "scheduler":
        run_scheduler(load_settings())
    elif what == "simple":
        run_rqworker(load_settings(), ("fast",), simple=True)
    else:
        run_bare(Worker if what == "bare-fork" else SimpleWorker)
