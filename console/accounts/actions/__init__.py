"""The verbs of accounts; each checks its rule, changes rows and adds to the trail."""

from console.accounts.actions.links import make_first_admin_link, make_link, use_link
from console.accounts.actions.passwords import check_password
from console.accounts.actions.sessions import (
    check_own_password,
    confirm,
    end,
    end_all,
    rotate,
    seen,
    sign_in,
    start,
    sweep,
)
from console.accounts.actions.throttles import count, forgive, keys
from console.accounts.actions.tokens import change_token, create_token, note_use, revoke_token
from console.accounts.actions.users import Changes, change, change_password, create, delete

__all__ = [
    "Changes",
    "change",
    "change_password",
    "change_token",
    "check_own_password",
    "check_password",
    "confirm",
    "count",
    "create",
    "create_token",
    "delete",
    "end",
    "end_all",
    "forgive",
    "keys",
    "make_first_admin_link",
    "make_link",
    "note_use",
    "revoke_token",
    "rotate",
    "seen",
    "sign_in",
    "start",
    "sweep",
    "use_link",
]
