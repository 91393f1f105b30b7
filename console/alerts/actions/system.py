"""Alerts that the console raises about itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.alerts.actions.ingest import ingest
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity

SERVICE = "console"


def report_system_alert(
    message: str,
    *,
    task: str,
    at: datetime,
    source: str = SERVICE,
    severity: Severity = Severity.ERROR,
    fingerprint: str | None = None,
    event_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    runbook_url: str | None = None,
) -> int:
    """Raise an alert of one of the console's own rooms, in the caller's transaction; returns its id.

    `task` names what went wrong (`jobs.retry_cap`), `source` the room. Give a `fingerprint` to say which reports are
    the same alert, an `event_id` where the same report may be made twice.
    """
    failure = Failure(
        service=SERVICE,
        task=task,
        occurred_at=at,
        severity=severity,
        message=message,
        fingerprint=fingerprint,
        event_id=event_id,
        tags=tags or {},
        runbook_url=runbook_url,
        source=source,
    )
    return ingest([failure], at=at).alerts[0]
