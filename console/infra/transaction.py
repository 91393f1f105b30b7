"""Units of work outside a request: jobs, commands, the dispatcher, and what must survive a refusal.

With `web/transaction.py` the only place that commits.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy.orm import Session

from console.infra.db import db


@contextmanager
def unit() -> Iterator[Session]:
    """A transaction of its own in a session of its own: commits at the end, rolls back on any error.

    `db.session` inside the block is the unit's own session, so actions work unchanged; the caller's
    session, open or not, is neither committed nor rolled back.
    """
    with current_app.app_context():
        session = db.session()
        try:
            yield session
            session.commit()
        finally:
            # Rolls back what was not committed and gives the connection back.
            db.session.remove()
