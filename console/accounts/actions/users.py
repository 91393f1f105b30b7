"""Users: made, changed, disabled, deleted. There is always an admin who can come in."""

from dataclasses import dataclass
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from console.accounts.actions import sessions
from console.accounts.actions.copies import outdate_user
from console.accounts.actions.passwords import put_password
from console.accounts.models import Session, Theme, User
from console.accounts.rules import is_email, normal_email
from console.audit import actions as audit
from console.infra import clock
from console.infra.actor import Actor, Role
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid

LAST_ADMIN = "This is the last admin. Make somebody else admin first, or nobody could manage the console."

_NAME_MAX = 120


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change of a user; None leaves it."""

    name: str | None = None
    role: Role | None = None
    timezone: str | None = None
    theme: Theme | None = None
    disabled: bool | None = None


def create(email: str, *, role: Role, by: Actor, name: str = "", password: str | None = None) -> User:
    """Add a user. Without a password only a one-time link lets them in.

    Raises Invalid, and Conflict for a known address.
    """
    address = normal_email(email)
    if not is_email(address):
        raise _invalid("/email", "Write an address like ada@example.com.")
    user = User(email=address, name=_name(name), role=role, timezone="", theme=Theme.SYSTEM, created_at=clock.now())
    if password is not None:
        put_password(user, password)
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError as error:
        raise Conflict(f"There is a user with the address {address} already.") from error
    audit.record("user.created", by=by, object=user.reference, details={"role": role, "password": password is not None})
    return user


def change(user: User, changes: Changes, *, by: Actor) -> User:
    """Change what is given, with one audit entry of before and after.

    Raises Invalid, and Conflict for the last admin.
    """
    before = _facts(user)
    if changes.role not in {None, Role.ADMIN} or changes.disabled:
        _keep_an_admin(user)
    if changes.name is not None:
        user.name = _name(changes.name)
    if changes.timezone is not None:
        user.timezone = _timezone(changes.timezone)
    user.theme = changes.theme or user.theme
    user.role = changes.role or user.role
    if changes.disabled is not None and changes.disabled is not (user.disabled_at is not None):
        user.disabled_at = clock.now() if changes.disabled else None
    _settle(user, before, by)
    return user


def delete(user: User, *, by: Actor) -> None:
    """Remove a user for good, with sessions and links; the trail keeps what they did.

    Raises Conflict for the last admin.
    """
    _keep_an_admin(user)
    sessions.end_all(user, by=by, why="user deleted")
    audit.record("user.deleted", by=by, object=user.reference, details=_facts(user))
    db.session.delete(user)
    db.session.flush()


def change_password(user: User, new: str, *, by: Actor, keep_session: int | None = None) -> None:
    """Set a user's password; every other session of theirs ends. Raises Invalid."""
    put_password(user, new, field="/new_password")
    sessions.end_all(user, by=by, why="password changed", but=keep_session)
    audit.record("user.password_changed", by=by, object=user.reference)
    db.session.flush()


def _settle(user: User, before: dict[str, object], by: Actor) -> None:
    after = _facts(user)
    changed = {name: {"from": before[name], "to": value} for name, value in after.items() if value != before[name]}
    if not changed:
        return
    db.session.flush()
    outdate_user(user.id)
    if "role" in changed:
        living = update(Session).where(Session.user_id == user.id, Session.ended_at.is_(None))
        db.session.execute(living.values(rotate=True))
    if user.disabled_at is not None:
        sessions.end_all(user, by=by, why="user disabled")
    audit.record("user.changed", by=by, object=user.reference, details=changed)


def _keep_an_admin(user: User) -> None:
    # Locked, so that two admins who demote each other at once do not both succeed.
    admins = select(User.id).where(User.role == Role.ADMIN, User.disabled_at.is_(None))
    ids = db.session.scalars(admins.order_by(User.id).with_for_update()).all()
    if list(ids) == [user.id]:
        raise Conflict(LAST_ADMIN)


def _facts(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role,
        "timezone": user.timezone,
        "theme": user.theme,
        "disabled": user.disabled_at is not None,
    }


def _name(text: str) -> str:
    name = " ".join(text.replace("\0", "").split())
    if len(name) > _NAME_MAX:
        raise _invalid("/name", f"A name can have at most {_NAME_MAX} characters.")
    return name


def _timezone(name: str) -> str:
    if name and name not in available_timezones():
        raise _invalid("/timezone", "Choose a zone of the IANA list, such as Europe/Berlin; empty for the browser's.")
    return name


def _invalid(pointer: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[Fault(pointer, sentence)])
