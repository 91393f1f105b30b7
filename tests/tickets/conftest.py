"""What the tests of this room share: the API with a token that may do everything."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.infra.actor import Scope
from tests.conftest import Clock
from tests.tickets.making import ALWAYS, calendar_body, policy_body


class Api:
    """Requests with a token; an answer of 500 or above fails."""

    def __init__(self, client: FlaskClient, secret: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, json: Any = None, status: int | None = None) -> Any:
        answer: TestResponse = self.client.open(f"/api/v1{path}", method=method, json=json, headers=self.headers)
        assert status is None or answer.status_code == status, answer.get_data(as_text=True)
        assert answer.status_code < 500
        return answer.get_json(silent=True)

    def office(self, **policy: Any) -> None:
        """A calendar that is always open, and a policy."""
        self("PUT", "/sla/calendars/office", calendar_body(ALWAYS), 201)
        self("PUT", "/sla/policies/gold", policy_body(**policy), 201)

    def sla(self, external_id: str = "9") -> dict[str, Any]:
        """How a ticket stands."""
        found: dict[str, Any] = self("GET", f"/tickets/zendesk/{external_id}", status=200)["sla"]
        return found


def ticket(**more: Any) -> dict[str, Any]:
    """A ticket that is half an hour old at noon."""
    return {"subject": "Printer on fire", "created_at": "2026-11-21T11:30:00Z", **more}


@pytest.fixture
def api(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    return Api(client, token(*Scope))
