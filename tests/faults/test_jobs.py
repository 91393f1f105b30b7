"""Jobs under real workers that are killed for real."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from console.config import Settings
from console.infra import jobs
from console.infra.actor import SYSTEM
from console.infra.jobs import Job, JobState
from console.infra.transaction import unit
from tests.faults import processes
from tests.faults.processes import Processes, eventually

pytestmark = pytest.mark.faults


@pytest.fixture
def running(committed: Flask, settings: Settings) -> Iterator[Processes]:
    with Processes(settings) as started:
        yield started


def ask(function: Any, *args: Any) -> uuid.UUID:
    with unit():
        return jobs.request(function, *args, by=SYSTEM).id


def look(job_id: uuid.UUID) -> Job:
    with unit() as session:
        job = session.get_one(Job, job_id)
        session.expunge(job)
    return job


def settled(job_id: uuid.UUID) -> Job | None:
    job = look(job_id)
    return job if job.finished else None


def test_it_runs_jobs_of_both_kinds_of_worker(running: Processes) -> None:
    for kind in ("scheduler", "simple", "worker"):
        running.start(kind)
    short, long = ask(processes.noop), ask(processes.big)
    assert eventually(lambda: settled(short), within=60).state is JobState.SUCCEEDED
    failed = eventually(lambda: settled(long), within=60)
    assert (failed.state, failed.error_type) == (JobState.FAILED, "console.infra.jobs.run.ResultTooLarge")


@pytest.mark.parametrize(
    ("poison", "said"),
    [
        (processes.segfault, "SIGSEGV"),
        (processes.slow, "Task exceeded maximum timeout value"),
        (processes.endless, "killed by signal 9"),
    ],
)
def test_it_settles_poison_and_goes_on(running: Processes, poison: Any, said: str) -> None:
    running.start("scheduler")
    running.start("worker")
    bad, good = ask(poison), ask(processes.big)
    failed = eventually(lambda: settled(bad), within=60)
    assert failed.state is JobState.FAILED
    assert said in (failed.error or "")
    assert eventually(lambda: settled(good), within=60).attempt == 1
