"""Merging alerts into one and taking them out again."""

from flask import Response, request, url_for

from console.alerts import actions, forms, queries
from console.alerts.queries import merges
from console.alerts.queries.alike import alike
from console.alerts.views.blueprint import bp
from console.alerts.views.one import view
from console.alerts.views.triage import reply
from console.infra import clock
from console.infra.actor import Role
from console.web import filters, htmx
from console.web.auth import current_actor, requires


@bp.get("/alerts/<int:alert_id>/merges")
@requires(Role.RESPONDER)
def ask_merge(alert_id: int) -> Response:
    """Ask which alerts go into this one; those that look alike come first."""
    alert = queries.get(alert_id)
    return htmx.page("alerts/merge.html", "question", alert=alert, found=alike(alert), view=view())


@bp.post("/alerts/<int:alert_id>/merges")
@requires(Role.RESPONDER)
def merge(alert_id: int) -> Response:
    """All that were ticked or named, or none."""
    ids = forms.parse_numbers(request.form)
    actions.merge(alert_id, ids, by=current_actor(), at=clock.now())
    undo = url_for("alerts.unmerge", alert_id=alert_id, merged_id=ids[0], **view()) if len(ids) == 1 else ""
    said = f"{filters.plural(len(ids), 'alert')} merged into #{alert_id}. Their new failures come here."
    return reply(queries.get(alert_id), said, undo)


@bp.post("/alerts/<int:alert_id>/merges/<int:merged_id>/delete")
@requires(Role.RESPONDER)
def unmerge(alert_id: int, merged_id: int) -> Response:
    """It stands on its own again."""
    merges.one(alert_id, merged_id)
    actions.unmerge(alert_id, merged_id, by=current_actor(), at=clock.now())
    return reply(queries.get(alert_id), f"#{merged_id} stands on its own again.")
