"""The marks by which lists leave out what is silenced: set, moved and taken away, whatever happens meanwhile."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.actions.muting import MARKED_AT_ONCE, SECOND_LOOK
from console.alerts.models import Alert, Silence
from console.alerts.queries import AlertFilter
from console.alerts.queries import silences as reads
from console.alerts.rules.states import Severity
from console.infra.db import db
from console.infra.transaction import unit
from tests.alerts.making import OLU, alert, failure, noise, words
from tests.alerts.silences.making import silence
from tests.conftest import Clock


def marks() -> dict[int, int | None]:
    """The silence of each alert of documents in production."""
    db.session.expire_all()
    rows = select(Alert.id, Alert.silence_id).where(Alert.service == "documents", Alert.environment == "production")
    return {row.id: row.silence_id for row in db.session.execute(rows)}


def settle(clock: Clock) -> None:
    while actions.settle_silences(at=clock.at):
        pass


def test_what_comes_in_is_marked_by_all_that_it_says(db_session: Session, clock: Clock) -> None:
    made = silence(clock.at, "service = documents", "tags.region =~ eu-.*")
    inside = alert(clock.at, tags={"region": "eu-west"})
    outside = alert(clock.at, task="documents.other", message="no room", tags={"region": "us-east"})
    assert marks() == {inside.id: made.id, outside.id: None}
    alert(clock.at, task="documents.other", message="no room", tags={"region": "eu-north"})
    assert marks()[outside.id] == made.id
    alert(clock.at, tags={"region": "mars"})
    assert marks()[inside.id] is None
    assert words(inside.id) == ["opened", "silenced", "unsilenced"]


def test_a_resolved_alert_is_not_silenced_until_it_is_open_again(db_session: Session, clock: Clock) -> None:
    target = alert(clock.at)
    made = silence(clock.at)
    db.session.refresh(target)
    actions.resolve(target, by=OLU, at=clock.at)
    db.session.flush()
    assert marks() == {target.id: None}
    actions.unresolve(target, by=OLU, at=clock.at)
    assert marks() == {target.id: made.id}
    actions.resolve(target, by=OLU, at=clock.at)
    alert(clock.at)
    assert marks() == {target.id: made.id}


def test_the_scheduler_begins_and_ends_them(db_session: Session, clock: Clock) -> None:
    target = alert(clock.at)
    noise(clock.at)
    made = silence(
        clock.at, "service = documents", "environment = production", starts_at=clock.at + timedelta(minutes=1)
    )
    settle(clock)
    assert marks()[target.id] is None
    clock.advance(minutes=1)
    settle(clock)
    assert marks()[target.id] == made.id
    clock.advance(minutes=59)
    settle(clock)
    assert set(marks().values()) == {None}
    clock.advance(seconds=5)
    settle(clock)
    assert db.session.scalar(select(Silence.turn_at)) is None


def test_when_one_ends_another_takes_over(db_session: Session, clock: Clock) -> None:
    target = alert(clock.at)
    short, long = silence(clock.at, hours=1), silence(clock.at, "severity = error", hours=2)
    assert marks()[target.id] == short.id
    clock.advance(hours=1)
    settle(clock)
    assert marks()[target.id] == long.id
    assert words(target.id) == ["opened", "silenced", "silenced"]


def test_what_was_being_stored_while_it_began_is_found_by_the_second_look(committed: Flask, clock: Clock) -> None:
    with unit():
        known = alert(clock.at).id
    with db.engine.connect() as other, unit():
        # Somebody holds the alert: the silence does not wait for them.
        other.execute(text("SELECT 1 FROM alerts WHERE id = :id FOR UPDATE"), {"id": known})
        silence(clock.at)
        assert db.session.scalar(select(Alert.silence_id).where(Alert.id == known)) is None
    clock.advance(seconds=SECOND_LOOK.total_seconds())
    with unit():
        settle(clock)
    db.session.expire_all()
    assert db.session.scalar(select(Alert.silence_id).where(Alert.id == known)) is not None


def test_more_than_can_wait_are_marked_in_turns(db_session: Session, clock: Clock) -> None:
    many = MARKED_AT_ONCE * 2 + 5
    actions.ingest([failure(clock.at, fingerprint=f"f{n}", message=None) for n in range(many)], at=clock.at)
    made = silence(clock.at, "title =~ KeyError.*")

    def marked() -> int:
        return db.session.scalar(select(func.count()).where(Alert.silence_id == made.id)) or 0

    assert marked() == MARKED_AT_ONCE
    # People are not told of the rest either: that is asked of the silences.
    unmarked = db.session.scalar(select(Alert).where(Alert.silence_id.is_(None)))
    assert unmarked is not None
    mute = reads.muted_by(unmarked, clock.at)
    assert mute is not None
    assert mute.id == made.id
    settle(clock)
    assert marked() == many
    actions.expire_silence(made, by=OLU, at=clock.at)
    settle(clock)
    assert marked() == 0


def test_lists_and_counts_go_by_the_marks(db_session: Session, clock: Clock) -> None:
    noise(clock.at)
    target = alert(clock.at, severity=Severity.CRITICAL)
    silence(clock.at, "severity = critical")
    found = {
        silenced: {one.id for one in queries.recent(AlertFilter(silenced=silenced), clock.at, limit=50).items}
        for silenced in (True, False, None)
    }
    assert found[True] == {target.id}
    assert target.id not in found[False]
    assert found[None] == found[True] | found[False]
    counted = queries.counts(AlertFilter(silenced=True), clock.at)
    assert sum(count.number for count in counted.values()) == 1
    assert queries.open_count(clock.at).number == len(found[False])
