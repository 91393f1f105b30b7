"""Reads of accounts: who is signed in, users, sessions, tokens, links that still work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from console.accounts.models import ApiToken, OneTimeLink, Session, Theme, User
from console.accounts.rules import Lifetime, confirmed_lately, normal_email, session_ended
from console.infra.actor import Actor, Role, Scope
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.prepared import Prepared


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What each request needs to know of its session; also what the short-lived copy in Redis holds."""

    session_id: int
    user_id: int
    email: str
    name: str
    role: Role
    timezone: str
    theme: Theme
    started_at: datetime
    last_seen_at: datetime
    confirmed_at: datetime | None
    rotate: bool

    def over(self, now: datetime, lifetime: Lifetime) -> bool:
        """Say whether the session has been idle for too long or is too old."""
        return session_ended(
            started_at=self.started_at, last_seen_at=self.last_seen_at, ended_at=None, now=now, lifetime=lifetime
        )

    def confirmed(self, now: datetime) -> bool:
        """Say whether the password was given lately."""
        return confirmed_lately(self.confirmed_at, now)

    def actor(self, ip: str | None, request_id: str | None) -> Actor:
        """The user as the one who acts."""
        return Actor(kind="user", id=self.user_id, label=self.email, role=self.role, ip=ip, request_id=request_id)


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """What each request needs to know of its token."""

    id: int
    name: str
    scopes: Sequence[str]
    last_used_at: datetime | None

    def actor(self, ip: str | None, request_id: str | None) -> Actor:
        """Whoever holds the token, as the one who acts."""
        scopes = frozenset(Scope(scope) for scope in self.scopes)
        return Actor(kind="token", id=self.id, label=self.name, scopes=scopes, ip=ip, request_id=request_id)


_LIVING = Prepared(
    "living_token",
    {"token_hash": "text", "now": "timestamptz"},
    """
    SELECT id, name, scopes, last_used_at FROM api_tokens
    WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
    """,
)


def signed_in(token_hash: str) -> SignedIn | None:
    """The session of a cookie, unless it was ended or its user is disabled. Time limits are the caller's to check."""
    query = (
        select(
            Session.id, User.id, User.email, User.name, User.role, User.timezone, User.theme,
            Session.started_at, Session.last_seen_at, Session.confirmed_at, Session.rotate,
        )
        .join(User, User.id == Session.user_id)
        .where(Session.token_hash == token_hash, Session.ended_at.is_(None), User.disabled_at.is_(None))
    )  # fmt: skip
    row = db.session.execute(query).first()
    return SignedIn(*row) if row else None


def users() -> Sequence[User]:
    """Everybody, by address; those who may not come in last."""
    return db.session.scalars(select(User).order_by(User.disabled_at.is_not(None), User.email)).all()


def called() -> dict[str, str]:
    """What everybody is called, by address."""
    return {email: name or email for email, name in db.session.execute(select(User.email, User.name))}


def users_page(*, limit: int, after: int | None) -> Sequence[User]:
    """At most `limit` users with an id above `after`, by id."""
    return db.session.scalars(select(User).where(User.id > (after or 0)).order_by(User.id).limit(limit)).all()


def count_users() -> int:
    """How many users there are."""
    return db.session.scalar(select(func.count()).select_from(User)) or 0


def get_user(user_id: int) -> User:
    """One user; raises NotFound."""
    user = db.session.get(User, user_id) if user_id < 2**63 else None
    if user is None:
        raise NotFound("There is no such user. Perhaps an admin deleted the account.")
    return user


def find_user(email: str) -> User | None:
    """The user of an address in any spelling, or None."""
    return db.session.scalar(select(User).where(User.email == normal_email(email)))


def sessions_of(user_id: int, now: datetime, lifetime: Lifetime) -> list[Session]:
    """A user's living sessions, the most recently used first."""
    query = select(Session).where(
        Session.user_id == user_id,
        Session.ended_at.is_(None),
        Session.last_seen_at > now - lifetime.idle,
        Session.started_at > now - lifetime.absolute,
    )
    return list(db.session.scalars(query.order_by(Session.last_seen_at.desc(), Session.id.desc())))


def get_session(session_id: int) -> Session:
    """One session with its user; raises NotFound once it was ended."""
    query = select(Session).options(joinedload(Session.user))
    found = db.session.scalar(query.where(Session.id == session_id, Session.ended_at.is_(None)))
    if found is None:
        raise NotFound("This session has already ended.")
    return found


def tokens() -> Sequence[ApiToken]:
    """Every token, living ones first, then the newest."""
    return db.session.scalars(
        select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc(), ApiToken.id.desc())
    ).all()


def tokens_page(*, limit: int, after: int | None) -> Sequence[ApiToken]:
    """At most `limit` tokens with an id above `after`, by id."""
    query = select(ApiToken).where(ApiToken.id > (after or 0)).order_by(ApiToken.id).limit(limit)
    return db.session.scalars(query).all()


def get_token(token_id: int) -> ApiToken:
    """One token; raises NotFound."""
    token = db.session.get(ApiToken, token_id) if token_id < 2**63 else None
    if token is None:
        raise NotFound("There is no such token.")
    return token


def living_token(token_hash: str, now: datetime) -> TokenHolder | None:
    """Who holds the token that a program sent, unless it is unknown, expired or revoked."""
    found = _LIVING.run(token_hash=token_hash, now=now)
    return TokenHolder(*found[0]) if found else None


def living_link(token_hash: str, now: datetime) -> OneTimeLink | None:
    """A one-time link that still works, with its user, or None."""
    query = (
        select(OneTimeLink)
        .options(joinedload(OneTimeLink.user))
        .where(OneTimeLink.token_hash == token_hash, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    )
    link = db.session.scalar(query)
    if link is None or (link.user is not None and link.user.disabled_at is not None):
        return None
    return link
