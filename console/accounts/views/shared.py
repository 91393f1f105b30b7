"""What the pages of accounts share: the blueprint, the cookie, who is signed in, a form shown again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, after_this_request, g, request

from console.accounts import actions, client, forms, queries
from console.accounts.queries import SignedIn
from console.accounts.rules import SEEN_EVERY, Lifetime, browser_name
from console.infra import clock
from console.infra.actor import Actor
from console.infra.crypto import token_hash
from console.infra.errors import DomainError, Unauthorized
from console.infra.transaction import unit
from console.web import filters, htmx, security
from console.web.settings import settings

bp = Blueprint("accounts", __name__)
bp.add_app_template_filter(browser_name, "browser")


def lifetime() -> Lifetime:
    """How long sessions live, by the settings."""
    found = settings()
    return Lifetime(timedelta(minutes=found.session_idle_minutes), timedelta(hours=found.session_absolute_hours))


def load_session() -> Actor | None:
    """The user of this request's cookie, or None: unknown, ended, idle or too old."""
    secret = request.cookies.get(security.cookie_name("session"))
    known = _known(token_hash(secret)) if secret else None
    if known is None or secret is None:
        return None
    g.signed_in, g.timezone = known, known.timezone
    filters.remember(filters.Reader(known.name, known.timezone))
    if request.headers.get("X-Poll") != "1":
        _use(token_hash(secret), known)
    return known.actor(request.remote_addr, g.get("request_id"))


def signed_in() -> SignedIn:
    """The session of this request; for views that demand a role."""
    known: SignedIn | None = g.get("signed_in")
    if known is None:
        raise Unauthorized("Your session has ended. Sign in again.")
    return known


def confirmed() -> bool:
    """Whether this session's password was given lately enough for weighty things."""
    known: SignedIn | None = g.get("signed_in")
    return known is not None and known.confirmed(clock.now())


def give_cookie(response: Response, secret: str) -> Response:
    """Hand the browser its session: not readable by scripts, not sent from other sites' forms."""
    response.set_cookie(
        security.cookie_name("session"), secret, path="/", secure=security.secure(), httponly=True, samesite="Lax"
    )
    return response


def take_cookie(response: Response) -> Response:
    """Let the browser forget its session and everything it stored of ours."""
    response.delete_cookie(
        security.cookie_name("session"), path="/", secure=security.secure(), httponly=True, samesite="Lax"
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def again(template: str, refusal: DomainError, **context: Any) -> Response:
    """The form once more with what was typed, the faults beside the fields, and the refusal's status."""
    response = htmx.page(
        template, status=refusal.status, problem=refusal.detail, faults=forms.faults(refusal), **context
    )
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _known(hashed: str) -> SignedIn | None:
    known = client.recall(hashed)
    if known is None:
        known = queries.signed_in(hashed)
        if known is not None:
            client.remember(hashed, known)
    return known if known is not None and not known.over(clock.now(), lifetime()) else None


def _use(hashed: str, known: SignedIn) -> None:
    now = clock.now()
    if now - known.last_seen_at >= SEEN_EVERY:
        actions.seen(known.session_id, now)
        client.renew(hashed, replace(known, last_seen_at=now))
    # Only a page of its own can carry the new cookie safely: fragments are asked for side by side.
    if known.rotate and request.method == "GET" and not request.headers.get("HX-Request"):
        with unit():
            secret = actions.rotate(queries.get_session(known.session_id))

        @after_this_request
        def _renew(response: Response) -> Response:
            return give_cookie(response, secret)
