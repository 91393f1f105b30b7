"""API tokens: made and shown once, revoked, and noted when used."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, update

from console.accounts.models import ApiToken
from console.accounts.rules import USED_EVERY
from console.audit import actions as audit
from console.infra import clock
from console.infra.actor import Actor, Scope
from console.infra.crypto import new_token, token_hash
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.infra.transaction import unit

# What secret scanners and people recognise a token of ours by.
_MARK = "console_"
_VISIBLE = len(_MARK) + 6
_NAME_MAX = 120


def create_token(
    name: str, scopes: Iterable[Scope], *, by: Actor, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token; returns its row and its secret, which nobody can read again. Raises Invalid."""
    wanted = sorted({scope.value for scope in scopes})
    secret, now = _MARK + new_token(), clock.now()
    _check(name, wanted, expires_at, now)
    token = ApiToken(
        name=name.strip(),
        prefix=secret[:_VISIBLE],
        token_hash=token_hash(secret),
        scopes=wanted,
        created_at=now,
        created_by=by.label,
        expires_at=expires_at,
    )
    db.session.add(token)
    db.session.flush()
    audit.record("token.created", by=by, object=token.reference, details={"scopes": wanted, "expires_at": expires_at})
    return token, secret


def change_token(
    token: ApiToken, *, by: Actor, name: str, scopes: Iterable[Scope], expires_at: datetime | None
) -> ApiToken:
    """Rename a token, or change its scopes or expiry. Raises Invalid, and Conflict once it is revoked."""
    if token.revoked_at is not None:
        raise Conflict("This token is revoked; nothing about it can change. Make a new one.")
    wanted = sorted({scope.value for scope in scopes})
    if expires_at != token.expires_at or not name.strip() or not wanted:
        _check(name, wanted, expires_at, clock.now())
    before = {"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at}
    token.name, token.scopes, token.expires_at = name.strip(), wanted, expires_at
    after = {"name": token.name, "scopes": wanted, "expires_at": expires_at}
    db.session.flush()
    audit.record("token.changed", by=by, object=token.reference, details={"from": before, "to": after})
    return token


def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """Stop a token at once; a second time changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        db.session.flush()
        audit.record("token.revoked", by=by, object=token.reference)


def note_use(token_id: int, last: datetime | None, now: datetime) -> None:
    """Note when a token was last used, at most once a minute, in a unit of its own."""
    if last is not None and now - last < USED_EVERY:
        return
    due = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - USED_EVERY)
    with unit() as own:
        own.execute(update(ApiToken).where(ApiToken.id == token_id, due).values(last_used_at=now))


def _check(name: str, scopes: list[str], expires_at: datetime | None, now: datetime) -> None:
    faults = []
    if not 0 < len(name.strip()) <= _NAME_MAX or "\0" in name:
        faults.append(Fault("/name", f"Give it a name of at most {_NAME_MAX} characters that says who uses it."))
    if not scopes:
        faults.append(Fault("/scopes", "Choose at least one scope."))
    if expires_at is not None and expires_at <= now:
        faults.append(Fault("/expires_at", "Choose an instant to come, or none."))
    if faults:
        raise Invalid(" ".join(fault.detail for fault in faults), errors=faults)
