"""`audit.actions.record`: written with the change, chained, and gone when the change is."""

import threading
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.audit import actions, queries
from console.audit.models import AuditEntry
from console.audit.rules import GENESIS
from console.infra.actor import SYSTEM, Actor, Role
from console.infra.db import db
from console.infra.events import Refused
from console.infra.transaction import unit

ADA = Actor(kind="user", id=7, label="ada@example.com", role=Role.ADMIN, ip="192.0.2.7", request_id="req-1")


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_it_stores_who_what_and_where(db_session: Session) -> None:
    actions.record("alert.resolved", by=ADA, object=("alert", 42, "KeyError"), details={"from": "open"})
    db_session.commit()

    (entry,) = entries()
    assert (entry.id, entry.prev_hash) == (1, GENESIS)
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == ("user", 7, "ada@example.com")
    assert (entry.action, entry.object_kind, entry.object_id) == ("alert.resolved", "alert", "42")
    assert (entry.result, entry.details) == ("done", {"from": "open"})
    assert (entry.ip, entry.request_id) == ("192.0.2.7", "req-1")


def test_it_chains_entries_without_a_gap(db_session: Session) -> None:
    for number in range(3):
        actions.record(f"thing.{number}", by=SYSTEM)
        actions.record(f"thing.{number}.again", by=SYSTEM)
        db_session.commit()

    stored = entries()
    assert [entry.id for entry in stored] == [1, 2, 3, 4, 5, 6]
    assert [entry.prev_hash for entry in stored[1:]] == [entry.hash for entry in stored[:-1]]
    assert queries.verify().ok


def test_it_leaves_nothing_of_a_change_that_was_rolled_back(db_session: Session) -> None:
    actions.record("never.happened", by=ADA)
    db_session.rollback()
    actions.record("did.happen", by=ADA)
    db_session.commit()

    assert [entry.action for entry in entries()] == ["did.happen"]


def test_it_forgets_only_the_savepoint_that_was_rolled_back(db_session: Session) -> None:
    actions.record("before", by=ADA)
    with db_session.begin_nested():
        actions.record("kept", by=ADA)
    savepoint = db_session.begin_nested()
    actions.record("undone", by=ADA)
    savepoint.rollback()
    db_session.commit()

    assert [entry.action for entry in entries()] == ["before", "kept"]


def test_it_keeps_what_json_and_postgres_would_change(db_session: Session) -> None:
    details = {
        "fraction": 1e22,
        "tiny": 5e-324,
        "nul": "a\0b",
        "surrogate": "\ud800",
        "when": datetime(2026, 11, 21, 12, tzinfo=UTC),
        "role": Role.ADMIN,
        "many": {"é": [1, None, True, 2.5]},
    }
    actions.record("odd.values", by=ADA, object=("thing", "x\0y", "\udfff"), details=details)
    db_session.commit()
    db_session.expire_all()

    assert queries.verify().ok
    assert entries()[0].details["fraction"] == 10**22
    assert entries()[0].details["role"] == "admin"


def test_it_keeps_a_refusal_though_the_request_is_rolled_back(committed: Flask) -> None:
    actions.record("the.change", by=ADA)
    actions.record_refusal(Refused(action="POST backups.restore", by=ADA, reason="This needs the admin role."))
    db.session.rollback()

    (entry,) = entries()
    assert (entry.action, entry.result) == ("POST backups.restore", "refused")
    assert entry.details == {"reason": "This needs the admin role."}


def test_it_stays_one_chain_under_many_writers(committed: Flask) -> None:
    def write(name: str) -> None:
        with committed.app_context():
            for number in range(20):
                with unit():
                    actions.record(f"{name}.{number}", by=SYSTEM)

    writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c", "d")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    verdict = queries.verify()
    assert (verdict.ok, verdict.checked, verdict.head.id) == (True, 80, 80)
