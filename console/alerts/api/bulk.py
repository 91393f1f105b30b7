"""One verb for all alerts that a filter matches."""

from flask import Response

from console.alerts import actions
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import BulkIn, BulkOut
from console.alerts.api.writes import known
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body
from console.web.openapi import describe


@bp.post("/alerts/bulk")
@requires_scope(Scope.WRITE)
@describe(
    "Change all alerts that a filter matches",
    body=BulkIn,
    reply=BulkOut,
    problems={409: "Another number matches now than `expect`; nothing was done"},
)
def bulk() -> Response:
    """Those for which the verb makes no sense stay as they are."""
    asked = body(BulkIn)
    user = known(asked.user) if asked.action == "assign" and asked.user is not None else None
    order = actions.Order(asked.action, until=asked.until, user=user)
    done = actions.bulk(asked.filter.filter(), order, expect=asked.expect, by=current_actor(), at=clock.now())
    return reply(BulkOut(matched=done.matched, changed=done.changed, jobs=done.jobs))
