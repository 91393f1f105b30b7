"""Statements prepared once a connection, and sent whole where connections are lent by the transaction."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from console.infra.db import db
from console.infra.prepared import Prepared

ADD = Prepared(
    "test_add", {"at": "timestamptz", "days": "int"}, "SELECT $1 + $2 * interval '1 day', 'ten %' AS share, $2 AS days"
)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def known() -> list[str]:
    return list(db.session.scalars(text("SELECT name FROM pg_prepared_statements WHERE name LIKE 'test_%'")))


def test_it_is_planned_once_a_connection(app: Flask) -> None:
    for days in (1, 2):
        row = ADD.run(at=NOON, days=days).one()
        assert (row[0].day, row.share, row.days) == (21 + days, "ten %", days)
    assert known() == ["test_add"]


def test_behind_a_pooler_it_is_sent_whole(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    found = app.extensions["console.settings"]
    monkeypatch.setitem(app.extensions, "console.settings", found.model_copy(update={"database_pooled": True}))
    other = replace(ADD, name="test_other")
    row = other.run(at=NOON, days=3).one()
    assert (row[0].day, row.share, row.days) == (24, "ten %", 3)
    assert "test_other" not in known()
