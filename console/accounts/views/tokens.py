"""The page of API tokens: made, shown once, revoked."""

from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.accounts import actions, forms, queries
from console.accounts.views.shared import again, bp, confirmed
from console.infra import clock
from console.infra.actor import Role, Scope
from console.infra.errors import DomainError
from console.web import auth, htmx
from console.web.auth import requires


@bp.get("/settings/tokens")
@requires(Role.ADMIN)
def tokens() -> Response:
    return htmx.page("accounts/tokens.html", **_context(), faults={}, problem="", typed={})


@bp.post("/settings/tokens")
@requires(Role.ADMIN, confirmed=True)
def create_token() -> Response:
    """The page itself shows the secret, once: it goes through no redirect, cookie or log."""
    try:
        form = forms.new_token(request.form, clock.now())
        token, secret = actions.create_token(
            form.name, form.scopes, by=auth.current_actor(), expires_at=form.expires_at
        )
    except DomainError as refusal:
        return again("accounts/tokens.html", refusal, **_context(), typed=request.form)
    return htmx.page("accounts/tokens.html", **_context(), faults={}, problem="", typed={}, made=token, secret=secret)


@bp.post("/settings/tokens/<int:token_id>/revocation")
@requires(Role.ADMIN)
def revoke_token(token_id: int) -> Response:
    token = queries.get_token(token_id)
    actions.revoke_token(token, by=auth.current_actor())
    htmx.toast(f"{token.name} is revoked. Whatever still uses it gets 401 from now on.")
    return make_response(redirect(url_for("accounts.tokens"), 303))


def _context() -> dict[str, Any]:
    return {
        "tokens": queries.tokens(),
        "scopes": list(Scope),
        "expiries": forms.EXPIRIES,
        "at": clock.now(),
        "confirmed": confirmed(),
    }
