"""Connections that have rested are asked whether they still live; busy ones are not, for asking costs a round trip.

PostgreSQL restarted within the second is noticed by the first statement that fails, which drops the others too.
"""

import time
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from console.infra.db import db

# Seconds.
RESTED = 1.0


def init_app(app: Flask) -> None:
    """Watch the app's pool."""
    with app.app_context():
        watch(db.engine)


def watch(engine: Engine) -> None:
    """Note when each connection comes back, and ask those that have rested before they go out again."""

    def back(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["rested_since"] = time.monotonic()

    def out(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        since = entry.info.get("rested_since")
        if since is not None and time.monotonic() - since > RESTED:
            _ask(engine, connection)

    event.listen(engine, "checkin", back)
    event.listen(engine, "checkout", out)


def _ask(engine: Engine, connection: Any) -> None:
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        # The pool tries again with a new one, and distrusts all that are as old.
        raise InvalidatePoolError("PostgreSQL has gone since.") from error
