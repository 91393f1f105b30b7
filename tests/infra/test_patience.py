"""A PostgreSQL that is frozen: connections and statements of the web end by themselves."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import extensions
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from console.infra import patience
from tests.conftest import Database


@pytest.fixture
def impatient() -> Iterator[None]:
    patience.install(connect=0.3, answer=0.5)
    yield
    extensions.set_wait_callback(None)


@pytest.mark.usefixtures("impatient")
def test_a_statement_without_an_answer_ends_and_the_next_one_has_a_new_connection(database: Database) -> None:
    engine = create_engine(database.app_url)
    began = time.monotonic()
    with pytest.raises(OperationalError, match="does not answer") as caught, engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(30)"))
    assert 0.4 < time.monotonic() - began < 5
    assert caught.value.connection_invalidated
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT repeat('x', 1000000)")) == "x" * 1_000_000
        assert connection.scalar(text("SELECT length(:sent)"), {"sent": "x" * 3_000_000}) == 3_000_000
    engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_takes_connections_and_says_nothing_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / ".s.PGSQL.5432"))
        listener.listen()
        began = time.monotonic()
        with pytest.raises(psycopg2.OperationalError, match="does not answer"):
            psycopg2.connect(host=str(tmp_path), user="nobody", dbname="none")
        assert time.monotonic() - began < 3


@pytest.mark.usefixtures("impatient")
def test_faults_of_statements_are_told_as_ever(database: Database) -> None:
    with pytest.raises(psycopg2.errors.UndefinedTable):
        _ask(database, "SELECT * FROM no_such_table")


def _ask(database: Database, statement: str) -> None:
    url = make_url(database.app_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(url)
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
