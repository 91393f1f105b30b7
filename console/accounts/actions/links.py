"""One-time links: the first admin's, invitations, password resets. Only the hash of a link is stored."""

from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.orm import joinedload

from console.accounts import queries
from console.accounts.actions import sessions
from console.accounts.actions.passwords import put_password
from console.accounts.actions.users import create
from console.accounts.models import OneTimeLink, Purpose, User
from console.audit import actions as audit
from console.infra import clock
from console.infra.actor import SYSTEM, Actor, Role
from console.infra.crypto import new_token, token_hash
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid, NotFound

LIFETIMES: Final = {
    Purpose.FIRST_ADMIN: timedelta(days=1),
    Purpose.SIGN_IN: timedelta(days=3),
    Purpose.RESET: timedelta(hours=1),
}

GONE = "This link was used before, has expired, or was replaced by a newer one. Ask for a new one."
# Any number will do as long as nobody else in this database uses it.
_FIRST_ADMIN_LOCK = 4_127_003
_WITH_USER = (joinedload(OneTimeLink.user),)


def make_link(user: User, *, by: Actor, purpose: Purpose = Purpose.SIGN_IN) -> str:
    """A new one-time link's secret for a user; earlier ones of the same purpose stop working.

    The path of the link is `/link/SECRET`. Raises Conflict for a disabled user.
    """
    if user.disabled_at is not None:
        raise Conflict(f"{user.email} is disabled. Enable the account first.")
    _expire(OneTimeLink.user_id == user.id, OneTimeLink.purpose == purpose)
    secret = _add(purpose, user.id, by)
    audit.record("link.made", by=by, object=user.reference, details={"purpose": purpose})
    return secret


def make_first_admin_link() -> str | None:
    """The secret of a link that makes the first admin; None when there is any user. An earlier one stops working."""
    _lock_first_admin()
    if queries.count_users():
        return None
    _expire(OneTimeLink.purpose == Purpose.FIRST_ADMIN)
    audit.record("link.made", by=SYSTEM, details={"purpose": Purpose.FIRST_ADMIN})
    return _add(Purpose.FIRST_ADMIN, None, SYSTEM)


def use_link(
    secret: str, *, by: Actor, user_agent: str = "", password: str = "", email: str = "", name: str = ""
) -> tuple[User, str]:
    """Use a link up and sign its user in; returns the user and the cookie's value.

    With `password` it becomes the user's, and their other sessions end; a reset needs one. `email` and `name` are for
    the first admin. Raises NotFound for a link that does not work any more, Invalid (and the link stays good)
    for a poor password or address.
    """
    link, owner = _take(secret)
    if link.purpose is Purpose.RESET and not password:
        raise Invalid("Choose a password.", errors=[Fault("/password", "Choose a password.")])
    user = owner or _first_admin(email, name)
    if password:
        put_password(user, password)
        sessions.end_all(user, by=_as(user, by), why="password changed")
        audit.record("user.password_changed", by=_as(user, by), object=user.reference, details={"how": link.purpose})
    return user, sessions.start(user, by=by, user_agent=user_agent, how=link.purpose)


def _take(secret: str) -> tuple[OneTimeLink, User | None]:
    now = clock.now()
    taken = db.session.scalar(
        update(OneTimeLink)
        .where(
            OneTimeLink.token_hash == token_hash(secret), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now
        )
        .values(used_at=now)
        .returning(OneTimeLink.id)
    )
    link = db.session.get(OneTimeLink, taken, options=_WITH_USER, populate_existing=True) if taken else None
    if link is None:
        raise NotFound(GONE)
    if link.user is not None and link.user.disabled_at is not None:
        raise NotFound(GONE)
    return link, link.user


def _first_admin(email: str, name: str) -> User:
    _lock_first_admin()
    if queries.count_users():
        raise Conflict("There is an admin already. Sign in, or ask them for an invitation.")
    return create(email, role=Role.ADMIN, name=name, by=SYSTEM)


def _lock_first_admin() -> None:
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_ADMIN_LOCK})


def _add(purpose: Purpose, user_id: int | None, by: Actor) -> str:
    now, secret = clock.now(), new_token()
    db.session.add(
        OneTimeLink(
            token_hash=token_hash(secret),
            user_id=user_id,
            purpose=purpose,
            created_at=now,
            created_by=by.label,
            expires_at=now + LIFETIMES[purpose],
        )
    )
    db.session.flush()
    return secret


def _expire(*which: ColumnElement[bool]) -> None:
    db.session.execute(update(OneTimeLink).where(*which, OneTimeLink.used_at.is_(None)).values(expires_at=clock.now()))


def _as(user: User, by: Actor) -> Actor:
    return Actor(kind="user", id=user.id, label=user.email, role=user.role, ip=by.ip, request_id=by.request_id)
