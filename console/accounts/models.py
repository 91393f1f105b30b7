"""Users, sessions, one-time links, API tokens and throttles. No secret is stored, only its hash."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Enum, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.accounts.rules import Lifetime, session_ended
from console.infra.actor import Role
from console.infra.db import Model, intpk

# Where a database session keeps the hashes whose copies in Redis are out of date once it has committed.
STALE = "console.accounts.stale"


class Purpose(StrEnum):
    """What a one-time link is for. `first_admin` belongs to nobody until it is used."""

    FIRST_ADMIN = "first_admin"
    SIGN_IN = "sign_in"
    RESET = "reset"


class Theme(StrEnum):
    """What a user sees; `system` follows the device."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


def _words(kind: type[StrEnum]) -> Enum:
    return Enum(
        kind,
        native_enum=False,
        length=16,
        create_constraint=False,
        values_callable=lambda words: [word.value for word in words],
    )


class User(Model):
    """A person. `email` is kept lower-case; without `password_hash` only a one-time link lets them in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower"),
        CheckConstraint("role IN ('viewer', 'manager', 'responder', 'admin')", name="role"),
    )

    id: Mapped[intpk]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(_words(Role))
    timezone: Mapped[str] = mapped_column(default="")
    theme: Mapped[Theme] = mapped_column(_words(Theme), default=Theme.SYSTEM)
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @property
    def label(self) -> str:
        """What people read: the name, or the address of whoever has given none."""
        return self.name or self.email

    @property
    def reference(self) -> tuple[str, int, str]:
        """This user as the object of an audit entry."""
        return ("user", self.id, self.email)


class Session(Model):
    """A signed-in browser. `token_hash` is the SHA-256 of its cookie; `confirmed_at` when the password was last given.

    `rotate` asks for a new cookie at the next page: what the old one could do has changed.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id", "ended_at"), Index(None, "started_at"))

    id: Mapped[intpk]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    rotate: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str]

    user: Mapped[User] = relationship(lazy="raise")

    def ended(self, now: datetime, lifetime: Lifetime) -> bool:
        """Say whether this session lets nobody in any more."""
        return session_ended(
            started_at=self.started_at,
            last_seen_at=self.last_seen_at,
            ended_at=self.ended_at,
            now=now,
            lifetime=lifetime,
        )


class OneTimeLink(Model):
    """A link that works once, until `expires_at`. `user_id` is empty only for the first admin's."""

    __tablename__ = "one_time_links"
    __table_args__ = (
        CheckConstraint("purpose IN ('first_admin', 'sign_in', 'reset')", name="purpose"),
        CheckConstraint("user_id IS NOT NULL OR purpose = 'first_admin'", name="has_user"),
        Index(None, "user_id"),
    )

    id: Mapped[intpk]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(_words(Purpose))
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="raise")


class ApiToken(Model):
    """A program's key. `prefix` is its visible beginning; the rest was shown once."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("scopes <@ ARRAY['ingest', 'read', 'write', 'admin'] AND scopes <> '{}'", name="scopes"),
    )

    id: Mapped[intpk]
    name: Mapped[str]
    prefix: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    @property
    def reference(self) -> tuple[str, int, str]:
        """This token as the object of an audit entry."""
        return ("token", self.id, self.name)


class Throttle(Model):
    """The instants of the last attempts by one account or address; `key` is a hash, since people mistype."""

    __tablename__ = "throttles"
    __table_args__ = (Index(None, "last_at"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    last_at: Mapped[datetime]
