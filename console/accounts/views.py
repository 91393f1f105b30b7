"""The pages of this room."""

from flask import Blueprint

from console.web.auth import public

bp = Blueprint("accounts", __name__)


def load_session() -> None:
    """Nobody is signed in yet."""


@bp.get("/sign-in")
@public
def sign_in() -> str:
    return "Sign in"
