"""One's own settings: name, zone, theme, password, and the browsers one is signed in with."""

from typing import Any
from zoneinfo import available_timezones

from flask import Response, make_response, redirect, request, url_for

from console.accounts import actions, forms, queries
from console.accounts.models import Theme
from console.accounts.views.shared import again, bp, confirmed, lifetime, signed_in
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import DomainError, Fault, Invalid, NotFound
from console.web import auth, htmx
from console.web.auth import requires


@bp.get("/settings")
@requires(Role.VIEWER)
def settings() -> Response:
    return htmx.page("accounts/profile.html", **_context(), faults={}, problem="")


@bp.post("/settings/profile")
@requires(Role.VIEWER)
def change_profile() -> Response:
    user = queries.get_user(signed_in().user_id)
    try:
        actions.change(user, forms.profile(request.form), by=auth.current_actor())
    except DomainError as refusal:
        return again("accounts/profile.html", refusal, **_context())
    htmx.toast("Your settings are saved.")
    response = make_response(redirect(url_for("accounts.settings"), 303))
    kept = "" if user.theme is Theme.SYSTEM else user.theme
    response.set_cookie("theme", kept, max_age=31_536_000 if kept else 0, samesite="Lax", secure=request.is_secure)
    return response


@bp.post("/settings/password")
@requires(Role.VIEWER)
def change_password() -> Response:
    user, me = queries.get_user(signed_in().user_id), auth.current_actor()
    try:
        _prove(request.form.get("password", ""))
        actions.change_password(user, request.form.get("new_password", ""), by=me, keep_session=signed_in().session_id)
    except DomainError as refusal:
        return again("accounts/profile.html", refusal, **_context())
    htmx.toast("Your password is changed. Every other browser was signed out.")
    return make_response(redirect(url_for("accounts.settings"), 303))


@bp.get("/settings/sessions")
@requires(Role.VIEWER)
def sessions() -> Response:
    me = signed_in()
    living = queries.sessions_of(me.user_id, clock.now(), lifetime())
    return htmx.page("accounts/sessions.html", sessions=living, current=me.session_id, lifetime=lifetime())


@bp.post("/settings/sessions/<int:session_id>/revocation")
@requires(Role.VIEWER)
def revoke_session(session_id: int) -> Response:
    session = queries.get_session(session_id)
    if session.user_id != signed_in().user_id:
        raise NotFound("This session has already ended.")
    actions.end(session, by=auth.current_actor(), why="revoked")
    htmx.toast("That browser is signed out.")
    return make_response(redirect(url_for("accounts.sessions"), 303))


@bp.post("/settings/sessions/revocation")
@requires(Role.VIEWER)
def revoke_other_sessions() -> Response:
    me = signed_in()
    ended = actions.end_all(queries.get_user(me.user_id), by=auth.current_actor(), why="revoked", but=me.session_id)
    htmx.toast(f"{ended} other {'browser was' if ended == 1 else 'browsers were'} signed out.")
    return make_response(redirect(url_for("accounts.sessions"), 303))


def _prove(password: str) -> None:
    """The password in use; somebody without one must have come by a link just now."""
    me, user = signed_in(), queries.get_user(signed_in().user_id)
    if user.password_hash is not None:
        actions.check_own_password(user, password, by=auth.current_actor())
    elif not me.confirmed(clock.now()):
        sentence = "You came by a link more than ten minutes ago. Ask for a reset link to choose a password."
        raise Invalid(sentence, errors=[Fault("/new_password", sentence)])


def _context() -> dict[str, Any]:
    user = queries.get_user(signed_in().user_id)
    return {
        "user": user,
        "zones": [(name, name) for name in sorted(available_timezones())],
        "themes": list(Theme),
        "confirmed": confirmed(),
    }
