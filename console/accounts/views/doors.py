"""Coming in and going out: sign-in, one-time links, reset requests, step-up, sign-out."""

from flask import Response, make_response, redirect, request, session, url_for

from console.accounts import actions, forms, jobs, queries
from console.accounts.models import Purpose, Theme, User
from console.accounts.rules import RESET, is_email, normal_email, safe_next
from console.accounts.views.shared import again, bp, give_cookie, signed_in, take_cookie
from console.infra import clock
from console.infra.actor import Role
from console.infra.crypto import token_hash
from console.infra.errors import DomainError, NotFound
from console.infra.jobs import request as ask_for
from console.web import auth, htmx
from console.web.auth import public, requires
from console.web.settings import settings


@bp.get("/sign-in")
@public
def sign_in() -> Response:
    target = safe_next(request.args.get("next"))
    if auth.current_actor().kind == "user":
        return make_response(redirect(target, 303))
    return htmx.page("accounts/sign_in.html", next=target, email="", faults={}, problem="")


@bp.post("/sign-in")
@public
def sign_in_submit() -> Response:
    form = forms.sign_in(request.form)
    try:
        user, secret = actions.sign_in(
            form.email, form.password, by=auth.anonymous(), user_agent=request.user_agent.string
        )
    except DomainError as refusal:
        return again("accounts/sign_in.html", refusal, next=form.next, email=form.email)
    return _welcome(user, secret, form.next)


@bp.post("/sign-out")
@requires(Role.VIEWER)
def sign_out() -> Response:
    actions.end(queries.get_session(signed_in().session_id), by=auth.current_actor(), why="signed out")
    session.clear()
    return take_cookie(make_response(redirect(url_for("accounts.sign_in"), 303)))


@bp.get("/link/<secret>")
@public
def link(secret: str) -> Response:
    """Only shows what the link is for: mail scanners open links, and must not use them up."""
    found = queries.living_link(token_hash(secret), clock.now())
    if found is None:
        return htmx.page("accounts/link_gone.html", status=404)
    return htmx.page("accounts/link.html", link=found, reset=Purpose.RESET, faults={}, problem="", typed={})


@bp.post("/link/<secret>")
@public
def link_submit(secret: str) -> Response:
    typed = {name: request.form.get(name, "") for name in ("email", "name")}
    given = typed | {"password": request.form.get("password", "")}
    # Before it is used: a refusal shows it once more, and within this transaction it would be gone.
    found = queries.living_link(token_hash(secret), clock.now())
    try:
        user, cookie = actions.use_link(secret, by=auth.anonymous(), user_agent=request.user_agent.string, **given)
    except NotFound:
        return htmx.page("accounts/link_gone.html", status=404)
    except DomainError as refusal:
        return again("accounts/link.html", refusal, link=found, reset=Purpose.RESET, typed=typed)
    return _welcome(user, cookie, "/")


@bp.get("/reset")
@public
def reset() -> Response:
    return htmx.page("accounts/reset.html", mailed=bool(settings().mail_url), asked=False, email="", faults={})


@bp.post("/reset")
@public
def reset_submit() -> Response:
    """The same answer for every address; the job finds out whether there is such a user."""
    email, mailed = request.form.get("email", ""), bool(settings().mail_url)
    try:
        actions.count(RESET, actions.keys(email, request.remote_addr))
    except DomainError as refusal:
        return again("accounts/reset.html", refusal, mailed=mailed, asked=False, email=email)
    if is_email(normal_email(email)):
        ask_for(jobs.answer_reset, normal_email(email), by=auth.anonymous())
    return htmx.page("accounts/reset.html", mailed=mailed, asked=True, email=email, faults={})


@bp.get("/confirm")
@requires(Role.VIEWER)
def confirm() -> Response:
    target = safe_next(request.args.get("next"))
    user = queries.get_user(signed_in().user_id)
    return htmx.page("accounts/confirm.html", next=target, user=user, faults={}, problem="")


@bp.post("/confirm")
@requires(Role.VIEWER)
def confirm_submit() -> Response:
    target = safe_next(request.form.get("next"))
    try:
        secret = actions.confirm(signed_in(), request.form.get("password", ""), by=auth.current_actor())
    except DomainError as refusal:
        user = queries.get_user(signed_in().user_id)
        return again("accounts/confirm.html", refusal, next=target, user=user)
    return give_cookie(make_response(redirect(target, 303)), secret)


def _welcome(user: User, secret: str, target: str) -> Response:
    # A new session gets a new CSRF token too: the old one may be known to whoever used this browser before.
    session.clear()
    response = give_cookie(make_response(redirect(target, 303)), secret)
    if user.theme is not Theme.SYSTEM:
        response.set_cookie("theme", user.theme, max_age=31_536_000, samesite="Lax", secure=request.is_secure)
    return response
