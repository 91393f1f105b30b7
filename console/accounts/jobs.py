"""The jobs of accounts: answering requests for a reset link, and tidying up."""

from datetime import timedelta

from flask import current_app

from console.accounts import actions, queries
from console.accounts.models import Purpose
from console.accounts.rules import Lifetime
from console.audit import actions as audit
from console.config import Settings
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.jobs import JobContext, job
from console.infra.mail import mailer

_MAIL = """\
Somebody, probably you, asked to choose a new password for {email} at {place}.

This link works once, for one hour:

{link}

If it was not you, do nothing: your password stays as it is.
"""


@job(queue="default", timeout=60, max_attempts=5)
def answer_reset(_context: JobContext, email: str) -> dict[str, bool]:
    """Mail a reset link, or without a mail server tell the admins. The link is made here, so no row ever holds it."""
    settings: Settings = current_app.extensions["console.settings"]
    user = queries.find_user(email)
    if user is None or user.disabled_at is not None:
        return {"answered": False}
    if not settings.mail_url:
        audit.record("reset.requested", by=SYSTEM, object=user.reference)
        return {"answered": False}
    secret = actions.make_link(user, by=SYSTEM, purpose=Purpose.RESET)
    link = f"{settings.public_url}/link/{secret}"
    text = _MAIL.format(email=user.email, place=settings.public_url, link=link)
    mailer(settings).send(user.email, "Choose a new password", text)
    return {"answered": True}


@job(queue="default", timeout=300, max_attempts=3)
def sweep_accounts(_context: JobContext) -> None:
    """Delete sessions, links and throttle counters that ended some time ago."""
    settings: Settings = current_app.extensions["console.settings"]
    lifetime = Lifetime(
        timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_absolute_hours)
    )
    actions.sweep(clock.now(), lifetime)
