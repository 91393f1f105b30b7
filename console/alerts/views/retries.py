"""Running an alert's failed jobs again: first how many, then, if it is still as many, again."""

from typing import Any

from flask import Response, request

from console.alerts import actions, queries
from console.alerts.views.blueprint import bp
from console.alerts.views.one import view
from console.alerts.views.triage import reply
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict
from console.web import filters, htmx
from console.web.auth import current_actor, requires

# Reasons why a job is left alone are told for this many of them.
REASONS = 5


@bp.get("/alerts/<int:alert_id>/retry")
@requires(Role.RESPONDER)
def ask_retry(alert_id: int) -> Response:
    """Ask, with the number of this moment."""
    alert = queries.get(alert_id)
    answer = actions.retry(alert, dry_run=True, by=current_actor(), at=clock.now())
    refused, failed = answer.refused[:REASONS], answer.jobs + len(answer.refused)
    told: dict[str, Any] = {"answer": answer, "refused": refused, "failed": failed, "view": view()}
    return htmx.page("alerts/retry.html", "question", alert=alert, **told)


@bp.post("/alerts/<int:alert_id>/retry")
@requires(Role.RESPONDER)
def retry(alert_id: int) -> Response:
    """Run them again, unless their number has moved since it was shown."""
    alert, by, now = queries.get_for_change(alert_id), current_actor(), clock.now()
    shown = request.form.get("expect", "")
    jobs = actions.retry(alert, dry_run=True, by=by, at=now).jobs
    if shown != str(jobs):
        raise Conflict(f"{filters.plural(jobs, 'job')} can be retried now, not {shown}. Nothing was done; look again.")
    answer = actions.retry(alert, dry_run=False, by=by, at=now)
    return reply(alert, f"{filters.plural(answer.jobs, 'job')} run again.".replace("1 job run", "1 job runs"))
