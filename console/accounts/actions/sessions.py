"""Signing in and out, confirming the password, and the life of sessions."""

from datetime import datetime

from sqlalchemy import delete, or_, select, update

from console.accounts import queries
from console.accounts.actions import throttles
from console.accounts.actions.copies import outdate
from console.accounts.models import OneTimeLink, Session, User
from console.accounts.rules import SIGN_IN, Lifetime, is_email, normal_email
from console.audit import actions as audit
from console.infra import clock
from console.infra.actor import Actor
from console.infra.crypto import hash_password, needs_rehash, new_token, token_hash, verify_password
from console.infra.db import db
from console.infra.errors import Fault, Invalid
from console.infra.events import Refused, refused
from console.infra.transaction import unit

# One sentence for a wrong address, a wrong password and a disabled account: it must not tell which.
WRONG = "This address and password do not go together. Check both, or ask for a reset link."
WRONG_PASSWORD = "This is not your password."  # noqa: S105 - a sentence, not a secret

_KEEP_AGENT = 300


def sign_in(email: str, password: str, *, by: Actor, user_agent: str = "") -> tuple[User, str]:
    """Check the password and begin a session; returns the user and the cookie's value.

    `by` is the anonymous actor with its address. Raises TooMany, or Invalid with the same words after the same work
    whatever was wrong.
    """
    user = queries.find_user(email)
    _check(email, user, password, by=by, action="session.start")
    assert user is not None
    return user, start(user, by=by, user_agent=user_agent, how="password")


def confirm(known: queries.SignedIn, password: str, *, by: Actor) -> str:
    """Step up: the password once more. Returns the new value of the cookie; raises TooMany or Invalid."""
    session = queries.get_session(known.session_id)
    _check(known.email, session.user, password, by=by, action="session.confirm")
    session.confirmed_at = clock.now()
    audit.record("session.confirmed", by=by, object=session.user.reference)
    return rotate(session)


def check_own_password(user: User, password: str, *, by: Actor) -> None:
    """Check the password in use before it is changed. Raises TooMany or Invalid."""
    _check(user.email, user, password, by=by, action="user.change_password")


def start(user: User, *, by: Actor, user_agent: str, how: str) -> str:
    """Begin a session for a user who has proved who they are; returns the cookie's value."""
    now, token = clock.now(), new_token()
    session = Session(
        token_hash=token_hash(token),
        user_id=user.id,
        started_at=now,
        last_seen_at=now,
        confirmed_at=now,
        ip=by.ip,
        user_agent=user_agent[:_KEEP_AGENT].replace("\0", ""),
    )
    db.session.add(session)
    actor = Actor(kind="user", id=user.id, label=user.email, role=user.role, ip=by.ip, request_id=by.request_id)
    audit.record("session.started", by=actor, object=user.reference, details={"how": how})
    db.session.flush()
    return token


def rotate(session: Session) -> str:
    """Give a session a new cookie; the old one lets nobody in any more. Returns the new value."""
    token = new_token()
    outdate([session.token_hash])
    session.token_hash = token_hash(token)
    session.rotate = False
    db.session.flush()
    return token


def end(session: Session, *, by: Actor, why: str) -> None:
    """End a session at once. `why` reads like `signed out`."""
    session.ended_at, session.ended_why = clock.now(), why
    outdate([session.token_hash])
    audit.record("session.ended", by=by, object=session.user.reference, details={"session": session.id, "why": why})
    db.session.flush()


def end_all(user: User, *, by: Actor, why: str, but: int | None = None) -> int:
    """End all of a user's sessions except the one with the id `but`; returns how many."""
    query = select(Session).where(Session.user_id == user.id, Session.ended_at.is_(None), Session.id != (but or 0))
    living = db.session.scalars(query.with_for_update()).all()
    for session in living:
        session.ended_at, session.ended_why = clock.now(), why
    outdate(session.token_hash for session in living)
    if living:
        audit.record("session.ended", by=by, object=user.reference, details={"sessions": len(living), "why": why})
    db.session.flush()
    return len(living)


def seen(session_id: int, now: datetime) -> None:
    """Note that a session was used by a person, in a unit of its own: reading a page commits nothing else."""
    with unit() as own:
        own.execute(update(Session).where(Session.id == session_id).values(last_seen_at=now))


def sweep(now: datetime, lifetime: Lifetime) -> None:
    """Remove sessions and links that ended some time ago, and old throttle counters."""
    past = now - lifetime.absolute
    db.session.execute(
        delete(Session).where(or_(Session.started_at < past - lifetime.absolute, Session.ended_at < past))
    )
    db.session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < past))
    throttles.sweep_throttles(now)


def _check(email: str, user: User | None, password: str, *, by: Actor, action: str) -> None:
    attempt = throttles.keys(email, by.ip)
    counted = throttles.count(SIGN_IN, attempt)
    # Always the work of one real check, also for addresses that nobody has.
    fits = verify_password(user.password_hash if user else None, password)
    if user is None or not fits or user.disabled_at is not None:
        refused.announce(Refused(action, by=by, reason="wrong address or password", object=_whom(email, user)))
        sentence = WRONG if action == "session.start" else WRONG_PASSWORD
        raise Invalid(sentence, errors=[Fault("/password", sentence)])
    throttles.forgive(SIGN_IN, attempt, counted)
    if user.password_hash and needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)


def _whom(email: str, user: User | None) -> tuple[str, str, str]:
    if user is not None:
        return ("user", str(user.id), user.email)
    # People type passwords into the wrong field: only what looks like an address is kept.
    tried = normal_email(email)
    return ("user", "unknown", tried if is_email(tried) else "not an address")
