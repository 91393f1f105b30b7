"""Statements prepared once a connection, and sent whole where connections are lent by the transaction."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import DataError, OperationalError

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
        (row,) = ADD.run(at=NOON, days=days)
        assert (row[0].day, row.share, row.days) == (21 + days, "ten %", days)
    assert known() == ["test_add"]


def test_behind_a_pooler_it_is_sent_whole(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    found = app.extensions["console.settings"]
    monkeypatch.setitem(app.extensions, "console.settings", found.model_copy(update={"database_pooled": True}))
    other = replace(ADD, name="test_other")
    (row,) = other.run(at=NOON, days=3)
    assert (row[0].day, row.share, row.days) == (24, "ten %", 3)
    assert "test_other" not in known()


HALVE = Prepared("test_halve", {"by": "int"}, "SELECT 10 / $1 AS half")


def test_its_errors_are_those_of_sqlalchemy_and_harm_no_later_transaction(app: Flask) -> None:
    with pytest.raises(DataError, match="division by zero"):
        HALVE.run(by=0)
    db.session.rollback()
    assert HALVE.run(by=2) == [(5,)]


def test_who_listens_to_statements_hears_of_the_end_of_each(app: Flask) -> None:
    heard: list[tuple[str, str]] = []

    def begin(*told: Any) -> None:
        told[4].begun = told[4].dialect.name

    def end(*told: Any) -> None:
        heard.append((told[2], told[4].begun))

    listeners = (("before_cursor_execute", begin), ("after_cursor_execute", end))
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        assert HALVE.run(by=2) == [(5,)]
        with pytest.raises(DataError):
            HALVE.run(by=0)
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)
        db.session.rollback()
    assert [told for told in heard if told[0] == HALVE.sql] == [(HALVE.sql, "postgresql")] * 2


def test_a_connection_that_was_lost_is_replaced_with_all_that_it_had_prepared(committed: Flask) -> None:
    assert HALVE.run(by=5) == [(2,)]
    found = db.session.scalar(text("SELECT pg_backend_pid()"))
    address = make_url(committed.extensions["console.settings"].owner_url).set(drivername="postgresql")
    other = psycopg2.connect(address.render_as_string(hide_password=False))
    with other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (found,))
    other.close()
    with pytest.raises(OperationalError) as lost:
        HALVE.run(by=5)
    assert lost.value.connection_invalidated
    db.session.rollback()
    assert HALVE.run(by=5) == [(2,)]
    assert db.session.scalar(text("SELECT pg_backend_pid()")) != found
