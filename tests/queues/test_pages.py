"""The pages of queues and jobs."""

import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from console.infra import jobs
from console.infra.actor import Actor
from console.infra.jobs import Job, JobAttempt, JobLog, JobState, leases
from console.infra.queue import make_worker
from console.queues.jobs import practice_failure, prune_jobs
from tests.queues.conftest import OLU, VI

Become = Callable[[Actor | None], None]


def make(session: Session, state: JobState = JobState.REQUESTED, **values: object) -> Job:
    job = jobs.request(practice_failure, by=OLU)
    session.execute(update(Job).where(Job.id == job.id).values(state=state, **values))
    session.commit()
    return job


def text_of(client: FlaskClient, url: str) -> str:
    reply = client.get(url)
    assert reply.status_code == 200, reply.text
    return reply.text


def test_it_asks_strangers_to_sign_in(client: FlaskClient, as_actor: Become) -> None:
    as_actor(None)
    assert {client.get(url).status_code for url in ("/queues", "/queues/jobs", f"/queues/jobs/{uuid.uuid4()}")} == {303}


def test_it_shows_an_empty_house(client: FlaskClient, as_actor: Become) -> None:
    as_actor(VI)
    assert "No worker is running" in text_of(client, "/queues")
    page = text_of(client, "/queues/jobs")
    assert "No job has run yet" in page
    assert "Needs the responder role" in page


def test_it_counts_what_waits_runs_and_ended(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(VI)
    make(db_session)
    make(db_session, JobState.RUNNING, progress=0.4, message="sorting", started_at=leases.NOW)
    make(db_session, JobState.FAILED, finished_at=leases.NOW)
    page = text_of(client, "/queues")
    assert "sorting" in page
    assert "40 % done" in page
    assert "queue=default&amp;state=failed" in page


def test_it_shows_workers_and_their_sign_of_life(client: FlaskClient, as_actor: Become, redis_conn: Redis) -> None:
    as_actor(VI)
    worker = make_worker(redis_conn, ["fast"], simple=True)
    worker.register_birth()  # type: ignore[no-untyped-call]
    page = text_of(client, "/queues")
    assert worker.name in page
    assert "<td>fast</td>" in page


def test_it_lists_by_state_queue_and_name_page_by_page(
    client: FlaskClient, as_actor: Become, db_session: Session
) -> None:
    as_actor(VI)
    failed = make(db_session, JobState.FAILED, finished_at=leases.NOW)
    other = jobs.request(prune_jobs, by=OLU)
    many = [make(db_session, JobState.SUCCEEDED) for _ in range(51)]
    page = text_of(client, "/queues/jobs?state=failed")
    assert f"job-{failed.id}" in page
    assert f"job-{other.id}" not in page
    assert f"job-{other.id}" in text_of(client, f"/queues/jobs?name={other.name}")
    first = text_of(client, "/queues/jobs?state=succeeded&queue=default")
    assert f"job-{many[0].id}" not in first
    older = first.split('class="pager"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert f"job-{many[0].id}" in text_of(client, older)
    assert "No job matches" in text_of(client, "/queues/jobs?queue=long")


@pytest.mark.parametrize("state", list(JobState))
def test_it_tells_the_story_of_a_job(
    client: FlaskClient, as_actor: Become, db_session: Session, state: JobState
) -> None:
    as_actor(OLU)
    ended = state in jobs.FINISHED
    job = make(
        db_session,
        state,
        attempt=2,
        started_at=leases.NOW,
        finished_at=leases.NOW if ended else None,
        error="Traceback (most recent call last):\n  <script>alert(1)</script>",
        error_type="KeyError",
        message="step 3 of 9",
        progress=0.25,
    )
    db_session.execute(insert(JobLog).values(job_id=job.id, attempt=1, at=leases.NOW, line="<b>a line</b>"))
    db_session.execute(insert(JobAttempt).values(job_id=job.id, attempt=1, ended_at=leases.NOW, outcome="lost"))
    page = text_of(client, f"/queues/jobs/{job.id}")
    assert "step 3 of 9" in page
    assert "&lt;b&gt;a line" in page
    assert "<script>alert" not in page
    assert "its worker died" in page
    assert ("Stop the job" in page) is not ended
    assert ("Retry the job" in page) is (state in {JobState.FAILED, JobState.CANCELLED})


def test_one_that_was_stopped_has_not_failed(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(OLU)
    told: dict[str, str] = {"error": "Stopped on request.", "error_type": "console.infra.jobs.Cancelled"}
    job = make(db_session, JobState.CANCELLED, attempt=1, started_at=leases.NOW, finished_at=leases.NOW, **told)
    attempt = {"job_id": job.id, "attempt": 1, "ended_at": leases.NOW, "outcome": "cancelled", **told}
    db_session.execute(insert(JobAttempt).values(**attempt))
    page = text_of(client, f"/queues/jobs/{job.id}")
    assert "Attempts that did not finish" in page
    assert "Why an attempt failed" not in page
    assert "Cancelled" not in page


def test_it_stops_and_retries(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(OLU)
    job = make(db_session)
    assert client.post(f"/queues/jobs/{job.id}/cancellation").status_code == 303
    db_session.refresh(job)
    assert job.state is JobState.CANCELLED
    assert client.post(f"/queues/jobs/{job.id}/cancellation").status_code == 409
    reply = client.post(f"/queues/jobs/{job.id}/retry", headers={"HX-Request": "true"})
    assert 'id="job-page"' in reply.text
    assert "The job runs again" in reply.text
    assert client.post(f"/queues/jobs/{job.id}/retry").status_code == 409


def test_it_lets_viewers_only_look(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    job = make(db_session)
    as_actor(VI)
    for verb in ("cancellation", "retry"):
        assert client.post(f"/queues/jobs/{job.id}/{verb}").status_code == 403
    assert client.post("/queues/practice").status_code == 403
    assert "Needs the responder role" in text_of(client, f"/queues/jobs/{job.id}")


def test_it_enqueues_a_practice_failure(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(OLU)
    reply = client.post("/queues/practice")
    job = db_session.scalars(select(Job)).one()
    assert reply.headers["Location"] == f"/queues/jobs/{job.id}"
    assert (job.name, job.actor_label) == ("console.queues.jobs.practice_failure", "olu@example.org")


def test_it_answers_a_poll_with_nothing_new(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(VI)
    job = make(db_session)
    first = client.get(f"/queues/jobs/{job.id}")
    again = client.get(f"/queues/jobs/{job.id}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_it_says_when_there_is_no_such_job(client: FlaskClient, as_actor: Become) -> None:
    as_actor(VI)
    assert client.get(f"/queues/jobs/{uuid.uuid4()}").status_code == 404
