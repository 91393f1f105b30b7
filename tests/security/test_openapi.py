"""The API's description: whole, valid, and true under fuzzing."""

import json
from collections import Counter
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from schemathesis import Case
from schemathesis.core.result import Ok
from sqlalchemy.orm import Session

from console.accounts import actions as accounts
from console.alerts import actions
from console.infra.actor import SYSTEM, Scope
from console.web.openapi import PREFIX, description, document_of
from tests.alerts.making import failure
from tests.conftest import Clock


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    response = client.get(f"{PREFIX}/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.get_json()
    return found


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    routes = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]
    assert len(routes) > 20
    assert [rule.rule for rule in routes if description(app.view_functions[rule.endpoint]) is None] == []


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    references = {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert references <= set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_its_own_name_and_says_what_it_takes(document: dict[str, Any]) -> None:
    operations = [found for path in document["paths"].values() for found in path.values()]
    names = [found["operationId"] for found in operations]
    assert len(set(names)) == len(names)
    assert all(found["summary"] for found in operations)
    report = document["paths"]["/failures"]["post"]
    assert set(report["requestBody"]["content"]) == {"application/json", "application/x-ndjson"}
    assert {"202", "400", "401", "403", "413", "415", "422", "429", "503"} <= set(report["responses"])
    assert "ingest" in report["description"]


SIGNED = "/webhooks/zammad/"
CASES = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


def test_nothing_that_is_sent_breaks_it(app: Flask, db_session: Session, clock: Clock) -> None:
    actions.ingest([failure(clock.at, event_id="e-1")], at=clock.at)
    document = document_of(app)
    # Otherwise it invents tokens of its own, and nothing is reached.
    open_to_all = document | {"components": {"schemas": document["components"]["schemas"]}}
    answers: Counter[int] = Counter()
    for number, found in enumerate(schemathesis.openapi.from_dict(open_to_all).get_all_operations()):
        assert isinstance(found, Ok)
        # A token for each: the limit of requests must not be what answers.
        _, secret = accounts.create_token(f"fuzz {number}", list(Scope), by=SYSTEM)
        db_session.commit()
        told = fuzzed(found.ok(), app.test_client(), {"Authorization": f"Bearer {secret}"})
        if SIGNED in found.ok().path:
            # It asks for a signature instead of a token.
            assert set(told) <= {401, 413}
            continue
        answers += told
    assert answers.total() > 100
    assert {200, 202, 404, 422} <= set(answers)
    assert not {401, 403, 429} & set(answers)


def fuzzed(operation: Any, client: FlaskClient, headers: dict[str, str]) -> Counter[int]:
    """How often an operation answered what; fails when it answered 5xx."""
    answers: Counter[int] = Counter()

    @CASES
    @given(operation.as_strategy())
    def send(case: Case[Any]) -> None:
        sent = case.as_transport_kwargs(base_url=f"http://localhost{PREFIX}", headers=headers)
        response = client.open(
            sent["url"],
            method=sent["method"],
            query_string=sent.get("params"),
            json=sent.get("json"),
            data=sent.get("data"),
            headers=dict(sent["headers"]),
        )
        answers[response.status_code] += 1
        assert response.status_code < 500, (sent, response.text)

    send()
    return answers
