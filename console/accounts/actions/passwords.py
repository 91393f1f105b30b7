"""Which passwords are good enough, and setting one."""

from console.accounts.models import User
from console.accounts.rules import PASSWORD_MAX, PASSWORD_MIN
from console.infra.crypto import hash_password, is_guessable
from console.infra.errors import Fault, Invalid

TOO_SHORT = f"A password needs at least {PASSWORD_MIN} characters; four unrelated words do well."
TOO_LONG = f"A password can have at most {PASSWORD_MAX:,} characters."
TOO_COMMON = "This password is too easy to guess: it is common or a pattern. Four unrelated words do well."


def check_password(password: str, *, about: tuple[str, ...] = (), field: str = "/password") -> None:
    """Refuse what is short, endless or guessed at once (NIST SP 800-63B: no rules on kinds of characters).

    `about` are words that an attacker would try first: the address, the name. Raises Invalid.
    """
    fault = ""
    if len(password) < PASSWORD_MIN:
        fault = TOO_SHORT
    elif len(password) > PASSWORD_MAX:
        fault = TOO_LONG
    elif is_guessable(password, (*about, "console")):
        fault = TOO_COMMON
    if fault:
        raise Invalid(fault, errors=[Fault(field, fault)])


def put_password(user: User, password: str, *, field: str = "/password") -> None:
    """Check and store a user's new password; raises Invalid."""
    check_password(password, about=(user.email, *user.email.split("@"), user.name), field=field)
    user.password_hash = hash_password(password)
