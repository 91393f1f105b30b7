"""`audit verify` against somebody who owns the database and changes the trail by SQL."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from console.audit import actions, queries
from console.audit.rules import Head
from console.infra.actor import SYSTEM
from console.infra.transaction import unit
from tests.conftest import Database

Tamper = Callable[[str], None]

COPY = """
INSERT INTO audit_entries
SELECT {new}, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, result, details, ip,
       request_id, prev_hash, hash
FROM audit_entries WHERE id = {old}
"""
SWAP = """
UPDATE audit_entries SET id = -5 + id WHERE id IN (2, 3);
UPDATE audit_entries SET id = -id WHERE id < 0
"""


@pytest.fixture
def trail(committed: Flask) -> Head:
    """Five entries, committed; returns the head."""
    for number in range(1, 6):
        with unit():
            actions.record("thing.changed", by=SYSTEM, object=("thing", number, f"Thing {number}"))
    with unit():
        return queries.head()


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def tamper(owner: Connection) -> Tamper:
    """Runs SQL as the owner with the triggers switched off."""

    def run(statement: str) -> None:
        owner.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))
        owner.execute(text(statement))
        owner.execute(text("ALTER TABLE audit_entries ENABLE TRIGGER USER"))
        owner.commit()

    return run


def test_it_finds_a_whole_trail_whole(trail: Head) -> None:
    verdict = queries.verify(trail)
    assert (verdict.ok, verdict.checked, verdict.head) == (True, 5, trail)


def test_it_finds_an_empty_trail_whole(committed: Flask) -> None:
    assert queries.verify().ok


@pytest.mark.parametrize(
    ("statement", "bad"),
    [
        ("UPDATE audit_entries SET actor_label = 'mallory' WHERE id = 3", 3),
        ("UPDATE audit_entries SET at = at + interval '1 microsecond' WHERE id = 2", 2),
        ("UPDATE audit_entries SET details = '{\"a\": 1}' WHERE id = 1", 1),
        ("UPDATE audit_entries SET hash = repeat('a', 64) WHERE id = 4", 4),
        ("UPDATE audit_entries SET ip = '' WHERE id = 5", 5),
        ("DELETE FROM audit_entries WHERE id = 3", 3),
        ("DELETE FROM audit_entries WHERE id = 1", 1),
        (COPY.format(new=0, old=1), 0),
        (COPY.format(new=6, old=5), 6),
        (SWAP, 2),
    ],
)
def test_it_names_the_first_bad_entry(trail: Head, tamper: Tamper, statement: str, bad: int) -> None:
    tamper(statement)

    verdict = queries.verify()
    assert not verdict.ok
    assert verdict.bad_id == bad
    assert verdict.why


def test_a_cut_tail_shows_only_against_a_head_kept_elsewhere(trail: Head, tamper: Tamper) -> None:
    tamper("DELETE FROM audit_entries WHERE id > 3")

    assert queries.verify().ok
    assert queries.verify(trail).bad_id == 4


def test_a_rewritten_tail_shows_against_a_head_kept_elsewhere(trail: Head, tamper: Tamper) -> None:
    tamper("DELETE FROM audit_entries WHERE id > 3")
    for _ in range(4):
        with unit():
            actions.record("another.story", by=SYSTEM)

    assert queries.verify().ok
    assert queries.verify(trail).bad_id == 5


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"],
)
def test_the_database_refuses_every_role(trail: Head, database: Database, owner: Connection, statement: str) -> None:
    app = create_engine(database.app_url)
    with app.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(statement))
    app.dispose()
    with pytest.raises(DBAPIError, match="never changed or removed"):
        owner.execute(text(statement))
    assert queries.verify(trail).ok
