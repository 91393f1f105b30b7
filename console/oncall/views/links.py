"""The page behind a one-tap link. The link is the credential, so nobody signs in; looking at it changes nothing."""

from typing import Any

from flask import Response

from console.alerts.rules.states import Status
from console.infra import clock
from console.infra.errors import DomainError
from console.oncall.actions import links
from console.oncall.views.board import bp
from console.web.auth import current_actor, public
from console.web.htmx import page


@bp.get("/on-call/acknowledge/<token>")
@public
def link(token: str) -> Response:
    """The alert and one big button. Link scanners may look as often as they like."""
    try:
        delivery, person, alert = links.opened(token, at=clock.now())
    except DomainError as refusal:
        return _shown(status=refusal.status, refusal=refusal.detail)
    stands = alert.state.at(clock.now()).status
    return _shown(alert=alert, person=person, step=delivery.step, stands=stands.word, can=_can(stands))


@bp.post("/on-call/acknowledge/<token>")
@public
def acknowledge(token: str) -> Response:
    """Acknowledge as the person whom the message was sent to."""
    try:
        alert = links.acknowledge(token, by=current_actor(), at=clock.now())
    except DomainError as refusal:
        return _shown(status=refusal.status, refusal=refusal.detail)
    return _shown(alert=alert, done=True, stands=alert.status.word)


def _can(stands: Status) -> bool:
    return stands in {Status.OPEN, Status.SNOOZED}


def _shown(status: int = 200, **context: Any) -> Response:
    empty = {"alert": None, "person": None, "refusal": "", "done": False, "can": False, "stands": "", "step": 0}
    return page("oncall/acknowledge.html", status=status, **{**empty, **context})
