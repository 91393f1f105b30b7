"""Undoing a change of many alerts over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from console.alerts import actions, queries
from console.alerts.api import bulk
from console.alerts.models import Alert
from console.alerts.rules.states import Status
from console.infra.actor import Scope
from console.infra.db import db
from tests.alerts.calling import Api, problem
from tests.alerts.making import OLU, alert, noise
from tests.conftest import Clock


@pytest.fixture
def api(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    return Api(client, token(Scope.READ, Scope.WRITE, name="deploys"))


@pytest.fixture
def three(api: Api, clock: Clock) -> list[Alert]:
    noise(clock.at)
    return [alert(clock.at, service="shop", message=f"cause {word}") for word in ("apple", "brick", "cloud")]


def resolved(api: Api) -> dict[str, Any]:
    asked = {"filter": {"service": "shop"}, "action": "resolve", "expect": 3}
    told: dict[str, Any] = api.post("/alerts/bulk", asked).get_json()
    return told


def states(alerts: list[Alert]) -> list[Status]:
    db.session.expire_all()
    return [queries.get(one.id).status for one in alerts]


def test_what_nobody_touched_is_put_back(api: Api, three: list[Alert], clock: Clock) -> None:
    told = resolved(api)
    assert states(three) == [Status.RESOLVED] * 3
    actions.assign(queries.get_for_change(three[0].id), OLU.label, by=OLU, at=clock.at)
    db.session.commit()
    undone = api.post(f"/alerts/bulk/{told['id']}/undo")
    assert undone.status_code == 200
    assert undone.get_json() == {
        "id": told["id"],
        "action": "resolve",
        "by": "deploys",
        "at": "2026-11-21T12:00:00Z",
        "matched": 3,
        "changed": 3,
        "finished_at": "2026-11-21T12:00:00Z",
        "undone_at": "2026-11-21T12:00:00Z",
        "undone": 2,
        "job": None,
    }
    assert states(three) == [Status.RESOLVED, Status.OPEN, Status.OPEN]
    assert api.get(f"/alerts/bulk/{told['id']}").get_json() == undone.get_json()


def test_it_is_undone_once(api: Api, three: list[Alert]) -> None:
    told = resolved(api)
    assert api.post(f"/alerts/bulk/{told['id']}/undo").status_code == 200
    assert "already" in problem(api.post(f"/alerts/bulk/{told['id']}/undo"), 409)["detail"]


def test_many_are_undone_by_a_job(api: Api, three: list[Alert], monkeypatch: pytest.MonkeyPatch) -> None:
    told = resolved(api)
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    answer = api.post(f"/alerts/bulk/{told['id']}/undo")
    assert answer.status_code == 202
    assert api.get(f"/jobs/{answer.get_json()['job']}").get_json()["name"].endswith("undo_many")


@pytest.mark.parametrize("bulk_id", [4711, 2**63, 10**30])
def test_what_never_was_is_not_found(api: Api, bulk_id: int) -> None:
    problem(api.get(f"/alerts/bulk/{bulk_id}"), 404)
    problem(api.post(f"/alerts/bulk/{bulk_id}/undo"), 404)


def test_reading_does_not_allow_an_undo(
    api: Api, three: list[Alert], client: FlaskClient, token: Callable[..., str]
) -> None:
    told = resolved(api)
    reader = Api(client, token(Scope.READ, name="reader"))
    assert reader.get(f"/alerts/bulk/{told['id']}").status_code == 200
    problem(reader.post(f"/alerts/bulk/{told['id']}/undo"), 403)
    problem(Api(client, "nonsense").get(f"/alerts/bulk/{told['id']}"), 401)
    assert states(three) == [Status.RESOLVED] * 3
