"""What people type, read into values. Faults come from the actions; here only shapes are checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from console.accounts.actions import Changes
from console.accounts.models import Theme
from console.accounts.rules import safe_next
from console.infra.actor import Role, Scope
from console.infra.errors import DomainError, Fault, Invalid

W = TypeVar("W", bound=StrEnum)

Form = MultiDict[str, str]

EXPIRIES = (("30", "30 days"), ("90", "90 days"), ("365", "One year"), ("", "Never"))


@dataclass(frozen=True, slots=True)
class SignIn:
    """The sign-in form."""

    email: str
    password: str
    next: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """The token form."""

    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None


def sign_in(form: Form) -> SignIn:
    """Address, password and where to go next, which is always a path of ours."""
    return SignIn(form.get("email", ""), form.get("password", ""), safe_next(form.get("next")))


def word(kind: type[W], value: Any, pointer: str) -> W:
    """The word of an enum; raises Invalid that lists what there is."""
    try:
        return kind(value)
    except ValueError as error:
        sentence = f"Choose one of: {', '.join(kind)}."
        raise Invalid(sentence, errors=[Fault(pointer, sentence)]) from error


def profile(form: Form) -> Changes:
    """What everybody may change of themselves: never the role."""
    return Changes(
        name=form.get("name"),
        timezone=form.get("timezone"),
        theme=word(Theme, form["theme"], "/theme") if "theme" in form else None,
    )


def user_changes(form: Form) -> Changes:
    """What an admin may change of somebody."""
    role = word(Role, form["role"], "/role") if "role" in form else None
    disabled = {"yes": True, "no": False}.get(form.get("disabled", ""))
    return Changes(name=form.get("name"), role=role, disabled=disabled)


def new_token(form: Form, now: datetime) -> NewToken:
    """Name, scopes and days until it expires."""
    scopes = tuple(word(Scope, scope, "/scopes") for scope in form.getlist("scopes"))
    days = form.get("days", "")
    if days not in dict(EXPIRIES):
        raise Invalid("Choose when it expires.", errors=[Fault("/days", "Choose one of the list.")])
    return NewToken(form.get("name", ""), scopes, now + timedelta(days=int(days)) if days else None)


def faults(refusal: DomainError) -> Mapping[str, str]:
    """The sentence beside each field, by the field's name."""
    return {fault.pointer.removeprefix("/"): fault.detail for fault in refusal.errors}
