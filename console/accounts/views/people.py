"""The pages of users, for admins: who there is, what they may do, links and sessions of theirs."""

from datetime import timedelta
from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.accounts import actions, forms, queries
from console.accounts.models import Purpose, User
from console.accounts.views.shared import again, bp, confirmed, lifetime, signed_in
from console.audit import queries as audit_queries
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import DomainError
from console.web import auth, htmx
from console.web.auth import requires
from console.web.settings import settings

_ASKED_LATELY = timedelta(days=1)


@bp.get("/settings/users")
@requires(Role.ADMIN)
def users() -> Response:
    return htmx.page("accounts/users.html", **_context(), faults={}, problem="", typed={})


@bp.post("/settings/users")
@requires(Role.ADMIN, confirmed=True)
def create_user() -> Response:
    """Makes the user and shows their invitation, once."""
    form = request.form
    try:
        role = forms.word(Role, form.get("role"), "/role")
        user = actions.create(form.get("email", ""), name=form.get("name", ""), role=role, by=auth.current_actor())
    except DomainError as refusal:
        return again("accounts/users.html", refusal, **_context(), typed=form)
    secret = actions.make_link(user, by=auth.current_actor())
    return _user_page(user, link=_link(secret), purpose=Purpose.SIGN_IN)


@bp.get("/settings/users/<int:user_id>")
@requires(Role.ADMIN)
def user(user_id: int) -> Response:
    return _user_page(queries.get_user(user_id))


@bp.post("/settings/users/<int:user_id>")
@requires(Role.ADMIN, confirmed=True)
def change_user(user_id: int) -> Response:
    found = queries.get_user(user_id)
    try:
        actions.change(found, forms.user_changes(request.form), by=auth.current_actor())
    except DomainError as refusal:
        return again("accounts/user.html", refusal, **_user_context(found))
    htmx.toast(f"{found.label} is changed.")
    return make_response(redirect(url_for("accounts.user", user_id=user_id), 303))


@bp.post("/settings/users/<int:user_id>/link")
@requires(Role.ADMIN, confirmed=True)
def make_link(user_id: int) -> Response:
    """A link to hand over; the page shows it once."""
    found = queries.get_user(user_id)
    purpose = Purpose.RESET if found.password_hash else Purpose.SIGN_IN
    secret = actions.make_link(found, by=auth.current_actor(), purpose=purpose)
    return _user_page(found, link=_link(secret), purpose=purpose)


@bp.post("/settings/users/<int:user_id>/sessions/revocation")
@requires(Role.ADMIN, confirmed=True)
def revoke_user_sessions(user_id: int) -> Response:
    found = queries.get_user(user_id)
    mine = signed_in().session_id if found.id == signed_in().user_id else None
    ended = actions.end_all(found, by=auth.current_actor(), why="revoked by an admin", but=mine)
    htmx.toast(f"{found.label} is signed out of {ended} {'browser' if ended == 1 else 'browsers'}.")
    return make_response(redirect(url_for("accounts.user", user_id=user_id), 303))


@bp.post("/settings/users/<int:user_id>/deletion")
@requires(Role.ADMIN, confirmed=True)
def delete_user(user_id: int) -> Response:
    found = queries.get_user(user_id)
    actions.delete(found, by=auth.current_actor())
    htmx.toast(f"{found.label} is deleted. The trail keeps what they did.")
    return make_response(redirect(url_for("accounts.users"), 303))


def _link(secret: str) -> str:
    return settings().public_url + url_for("accounts.link", secret=secret)


def _user_page(found: User, **more: Any) -> Response:
    return htmx.page("accounts/user.html", **_user_context(found), faults={}, problem="", **more)


def _user_context(found: User) -> dict[str, Any]:
    sessions = queries.sessions_of(found.id, clock.now(), lifetime())
    return {"user": found, "sessions": sessions, "roles": list(Role), "confirmed": confirmed()}


def _context() -> dict[str, Any]:
    wanted = audit_queries.Filter(action="reset.requested", since=clock.now() - _ASKED_LATELY)
    asked = {entry.object_label: entry.at for entry in reversed(audit_queries.newest(wanted, limit=100))}
    return {"users": queries.users(), "roles": list(Role), "asked": asked, "confirmed": confirmed()}
