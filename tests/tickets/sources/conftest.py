"""A helpdesk, and a console that may reach this machine."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import Clock, Database
from tests.tickets.sources.helpdesk import Helpdesk, helpdesk

QUERY = """
SELECT id, subject, status, priority, organization, assigned_agent, sla_policy, created_at, updated_at,
       first_response_due, resolution_due, first_responded_at, resolved_at, tags
FROM helpdesk_ticket -- all; of them"""
COLUMNS = {
    "external_id": "id", "assignee": "assigned_agent",
    **{name: name for name in (
        "subject", "status", "priority", "organization", "sla_policy", "created_at", "updated_at",
        "first_response_due", "resolution_due", "first_responded_at", "resolved_at", "tags",
    )},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _loopback(session_app: Flask) -> Iterator[None]:
    before = session_app.extensions["console.settings"]
    loopback = {"probe_allowed_networks": (ip_network("127.0.0.0/8"),)}
    session_app.extensions["console.settings"] = before.model_copy(update=loopback)
    yield
    session_app.extensions["console.settings"] = before


@pytest.fixture(scope="session")
def _desk(new_database: Callable[[], Database]) -> Iterator[Helpdesk]:
    with helpdesk(new_database) as made:
        yield made


@pytest.fixture
def desk(_desk: Helpdesk, clock: Clock) -> Helpdesk:
    """Empty at the start of each test."""
    with _desk.engine.begin() as connection:
        connection.execute(text("TRUNCATE helpdesk_ticket, victim"))
    _desk.proxy.silent = False
    return _desk


def sql_body(desk: Helpdesk, **more: Any) -> dict[str, Any]:
    """A source as it is sent."""
    return {"kind": "sql", "url": desk.url, "query": QUERY, "columns": COLUMNS, "interval_seconds": 30, **more}
