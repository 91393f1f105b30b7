"""Titles that change: an alert keeps the one it began with, unless what it tells of got worse."""

from collections.abc import Mapping
from typing import Final

import orjson
from sqlalchemy import text

from console.alerts.actions.store import Key
from console.infra.db import db

_WRITE: Final = text("""
    UPDATE alerts AS a SET title = r.title
    FROM json_to_recordset(CAST(:rows AS json)) AS r (service text, environment text, fingerprint text, title text)
    WHERE a.service = r.service AND a.environment = r.environment AND a.fingerprint = r.fingerprint
      AND a.title <> r.title
""")


def retitle(titles: Mapping[Key, str]) -> None:
    """Give alerts that exist, each by its service, environment and fingerprint, a title; what the session holds is old.

    One that has the title is left alone, so that a batch of thousands rewrites only those that changed. The caller has
    locked them: `ingest` of the same transaction has.
    """
    if titles:
        rows = [
            {"service": service, "environment": environment, "fingerprint": fingerprint, "title": title}
            for (service, environment, fingerprint), title in titles.items()
        ]
        db.session.flush()
        db.session.connection().execute(_WRITE, {"rows": orjson.dumps(rows).decode()})
        db.session.expire_all()
