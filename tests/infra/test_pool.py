"""Connections that PostgreSQL has closed behind our backs."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from console.config import Settings
from console.infra import pool


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """A pool of its own, watched."""
    found = create_engine(settings.database_url, pool_size=2)
    pool.watch(found)
    yield found
    found.dispose()


def backend(engine: Engine) -> int:
    """The server process of the connection that the pool gives out."""
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def end(engine: Engine, pid: int) -> None:
    """End a server process by a connection of another pool."""
    other = create_engine(engine.url, poolclass=NullPool)
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_a_connection_that_has_rested_is_asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RESTED", -1.0)
    first = backend(engine)
    end(engine, first)
    assert backend(engine) not in {0, first}


def test_one_just_used_is_not(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RESTED", 60.0)
    asked: list[object] = []
    monkeypatch.setattr(engine.dialect, "do_ping", asked.append)
    assert backend(engine) == backend(engine)
    assert asked == []
