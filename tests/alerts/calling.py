"""Calling the API as a program does."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


@dataclass(frozen=True)
class Api:
    """A client that sends one token."""

    client: FlaskClient
    secret: str

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        if json is not None:
            more["json"] = json
        return self.client.post(f"/api/v1{path}", headers=self.headers, **more)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(f"/api/v1{path}", headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem of a refusal, of the right status and shape."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    told: dict[str, Any] = response.get_json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told


def pointers(response: TestResponse) -> list[str]:
    """Where a refused input is wrong."""
    return [fault["pointer"] for fault in problem(response, 422)["errors"]]
