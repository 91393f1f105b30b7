"""One transaction a request: below 400 it commits, otherwise it rolls back."""

from flask import Flask, Response, g
from sqlalchemy.exc import DBAPIError

from console.infra.db import db
from console.infra.errors import Unavailable
from console.web import errors


def init_app(app: Flask) -> None:
    """Settle the request's transaction before the reply leaves, so that a 2xx is a committed fact."""
    app.after_request(_settle)


def _settle(response: Response) -> Response:
    # The session is only looked at when the request used it: polls answered from Redis stay off PostgreSQL.
    if not db.session.registry.has():
        return response
    if response.status_code >= 400 or g.get("read_only", False):  # noqa: PLR2004
        db.session.rollback()
        return response
    try:
        db.session.commit()
    except DBAPIError:
        db.session.rollback()
        return errors.reply(Unavailable("The database did not answer; nothing was saved. Try again.", retry_after=5))
    return response
