"""Who is asking, and what each route demands. Knows no model: app.py hands in the loaders."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from console.infra import events
from console.infra.actor import Actor, Role, Scope
from console.infra.errors import Forbidden, Unauthorized
from console.infra.events import Refused, refused

P = ParamSpec("P")
T = TypeVar("T")

RULE = "__console_access__"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Senders of webhooks that cannot set a header may say `?token=`.
WEBHOOKS = "/api/v1/webhooks/"
CONFIRM = (
    "Your password was last asked for more than ten minutes ago. Confirm it under Settings, then try again; "
    "nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Loaders:
    """`session` finds the signed-in user of this request, `token` the holder of a bearer token; None for nobody.

    `confirmed` says whether the session's password was given in the last few minutes.
    """

    session: Callable[[], Actor | None]
    token: Callable[[str], Actor | None]
    confirmed: Callable[[], bool] = bool


def init_app(app: Flask, loaders: Loaders) -> None:
    """Remember the loaders; templates see `actor`."""
    app.extensions["console.auth"] = loaders
    app.context_processor(lambda: {"actor": current_actor()})


def current_actor() -> Actor:
    """The user or token of this request, loaded once; an anonymous actor when there is none."""
    if "actor" not in g:
        g.actor = _load() or anonymous()
    actor: Actor = g.actor
    return actor


def anonymous() -> Actor:
    """Nobody we know, at this address."""
    return Actor(kind="anonymous", id=None, label="anonymous", ip=request.remote_addr, request_id=g.get("request_id"))


def public(view: Callable[P, T]) -> Callable[P, T]:
    """A route for everybody; it must also stand in the short list of tests/test_architecture.py."""
    setattr(view, RULE, "public")
    return view


def requires(*roles: Role, confirmed: bool = False) -> Callable[[Callable[P, T]], Callable[P, T | Response]]:
    """A page for signed-in users whose role includes one of `roles`; others sign in, or read who may.

    With `confirmed` the password must have been given in the last ten minutes (step-up).
    """

    def decorate(view: Callable[P, T]) -> Callable[P, T | Response]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
            actor = current_actor()
            if actor.kind != "user" or actor.role is None:
                return _ask_to_sign_in()
            if not any(actor.role.includes(role) for role in roles):
                needed = " or ".join(f"the {role}" for role in roles)
                raise _refuse(actor, f"This needs {needed} role; you are {actor.role}. An admin can change roles.")
            if confirmed and not _loaders().confirmed():
                raise _refuse(actor, CONFIRM)
            if request.method not in SAFE:
                events.by_hand()
            return view(*args, **kwargs)

        setattr(guarded, RULE, roles[0] if len(roles) == 1 else roles)
        return guarded

    return decorate


def requires_scope(scope: Scope) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """An API route for bearer tokens that hold `scope`."""

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            actor = current_actor()
            if actor.kind != "token":
                raise Unauthorized("Send a valid token as 'Authorization: Bearer TOKEN'.")
            if scope not in actor.scopes:
                raise _refuse(actor, f"This token lacks the scope '{scope}'.")
            return view(*args, **kwargs)

        setattr(guarded, RULE, scope)
        return guarded

    return decorate


def access_rule(view: Callable[..., Any]) -> Role | tuple[Role, ...] | Scope | str | None:
    """What a view demands: a Role or one of several, a Scope, "public", or None when it forgot to say."""
    rule: Role | tuple[Role, ...] | Scope | str | None = getattr(view, RULE, None)
    return rule


def _refuse(actor: Actor, reason: str) -> Forbidden:
    refused.announce(Refused(action=f"{request.method} {request.endpoint}", by=actor, reason=reason))
    return Forbidden(reason)


def _load() -> Actor | None:
    loaders = _loaders()
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return loaders.token(secret.strip())
    if request.path.startswith(WEBHOOKS) and request.args.get("token"):
        return loaders.token(request.args["token"])
    if request.path.startswith("/api/"):
        return None
    return loaders.session()


def _loaders() -> Loaders:
    found: Loaders = current_app.extensions["console.auth"]
    return found


def _ask_to_sign_in() -> Response:
    if request.headers.get("HX-Request") == "true":
        raise Unauthorized("Your session has ended. Sign in again; nothing was changed.")
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("accounts.sign_in", next=target), 303)
