"""Failures and alerts for tests of this room, and noise that must never be found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event

from console.alerts import actions, queries
from console.alerts.models import Alert
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity
from console.infra.actor import Actor

ADA = Actor(kind="user", id=1, label="ada@example.com")
OLU = Actor(kind="user", id=2, label="olu@example.com")
BOT = Actor(kind="token", id=7, label="deploys")

TRACEBACK = """Traceback (most recent call last):
  File "/srv/documents/tasks.py", line 88, in render_pdf
    layout = build_layout(document)
  File "/srv/documents/layout.py", line 142, in build_layout
    margins = page["margins"]
KeyError: 'margins'
"""


def failure(at: datetime, **fields: Any) -> Failure:
    """A failure of `documents`, unless said otherwise."""
    plain: dict[str, Any] = {
        "service": "documents",
        "task": "documents.tasks.render_pdf",
        "exception_type": "KeyError",
        "message": "'margins'",
        "occurred_at": at,
    }
    return Failure(**(plain | fields))


def alert(at: datetime, **fields: Any) -> Alert:
    """The alert of one failure, ready to be changed."""
    done = actions.ingest([failure(at, **fields)], at=at)
    return queries.get_for_change(done.alerts[0])


def noise(at: datetime) -> list[Alert]:
    """Alerts of other services, environments and causes, older and milder than those of a test."""
    others: list[dict[str, Any]] = [
        {"service": "helpdesk", "task": "helpdesk.mail.send", "message": "connection lost"},
        {"environment": "staging", "message": "no such template"},
        {"task": "documents.tasks.ocr_page", "severity": Severity.INFO, "message": "blank page"},
        {"service": "billing", "task": "billing.close", "message": "period is open", "tags": {"customer": "initech"}},
    ]
    before = at - timedelta(days=3)
    return [alert(before - timedelta(hours=n), **fields) for n, fields in enumerate(others)]


def words(alert_id: int) -> list[str]:
    """The history of an alert, oldest first, as its events."""
    return [row.event for row in reversed(queries.history(alert_id, limit=200).items)]


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements within."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)
