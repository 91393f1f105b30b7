"""The API of jobs."""

import uuid
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from console.audit.models import AuditEntry
from console.infra import jobs
from console.infra.actor import Actor, Scope
from console.infra.jobs import Job, JobState
from console.queues.jobs import practice_failure
from tests.queues.conftest import OLU, holder

Become = Callable[[Actor | None], None]
AUTH = {"Authorization": "Bearer x"}


def test_it_needs_the_scope(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    job = jobs.request(practice_failure, by=OLU)
    db_session.commit()
    as_actor(holder(Scope.INGEST))
    assert client.get("/api/v1/jobs", headers=AUTH).status_code == 403
    as_actor(holder(Scope.READ))
    assert client.post(f"/api/v1/jobs/{job.id}/retry", headers=AUTH).status_code == 403
    as_actor(None)
    assert client.get("/api/v1/jobs", headers=AUTH).status_code == 401


def test_it_lists_and_shows_jobs(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(holder(Scope.READ))
    made = [jobs.request(practice_failure, by=OLU) for _ in range(3)]
    first = client.get("/api/v1/jobs?limit=2&state=requested", headers=AUTH).get_json()
    second = client.get(f"/api/v1/jobs?limit=2&cursor={first['next_cursor']}", headers=AUTH).get_json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert (ids, second["next_cursor"]) == ([str(job.id) for job in reversed(made)], None)
    one = client.get(f"/api/v1/jobs/{made[0].id}", headers=AUTH).get_json()
    assert (one["state"], one["attempt"], one["requested_by"]) == ("requested", 0, "olu@example.org")
    assert one["url"].endswith(f"/queues/jobs/{made[0].id}")


def test_it_refuses_what_it_cannot_read(client: FlaskClient, as_actor: Become) -> None:
    as_actor(holder(Scope.READ))
    assert client.get("/api/v1/jobs?state=odd", headers=AUTH).status_code == 422
    assert client.get("/api/v1/jobs?cursor=odd", headers=AUTH).status_code == 422
    assert client.get("/api/v1/jobs/no-id", headers=AUTH).status_code == 404
    assert client.get(f"/api/v1/jobs/{uuid.uuid4()}", headers=AUTH).status_code == 404


def test_it_stops_takes_back_and_retries(client: FlaskClient, as_actor: Become, db_session: Session) -> None:
    as_actor(holder(Scope.WRITE))
    job = jobs.request(practice_failure, by=OLU)
    db_session.execute(update(Job).where(Job.id == job.id).values(state=JobState.RUNNING))
    url = f"/api/v1/jobs/{job.id}"
    assert client.post(f"{url}/cancellation", headers=AUTH).get_json()["cancel_requested_at"]
    assert client.delete(f"{url}/cancellation", headers=AUTH).get_json()["cancel_requested_at"] is None
    assert client.delete(f"{url}/cancellation", headers=AUTH).status_code == 409
    assert client.post(f"{url}/retry", headers=AUTH).status_code == 409
    db_session.execute(update(Job).where(Job.id == job.id).values(state=JobState.FAILED))
    db_session.expire_all()
    assert client.post(f"{url}/retry", headers=AUTH).get_json()["state"] == "requested"
    actions = set(db_session.scalars(select(AuditEntry.action)))
    assert {"job.stop", "job.keep_going", "job.retry"} <= actions
