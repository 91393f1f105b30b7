"""Alerts by what makes them one, and titles that say the worse."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from console.alerts import actions, queries
from console.alerts.queries import identity
from tests.alerts.making import alert, counted, noise
from tests.conftest import Clock

KEYS = [("documents", "production", name) for name in ("a", "b", "c")]


def places_of(session: Session, ids: dict[str, int]) -> dict[str, str]:
    """Where the rows lie: elsewhere once they were written anew."""
    where = text("SELECT ctid::text FROM alerts WHERE id = :id")
    return {name: session.execute(where, {"id": alert_id}).scalar_one() for name, alert_id in ids.items()}


def test_each_is_found_once_and_in_order(db_session: Session, clock: Clock) -> None:
    noise(clock.at)
    made = [alert(clock.at, fingerprint=name) for name in ("c", "a", "elsewhere")]
    alert(clock.at, fingerprint="a", environment="staging")
    found = identity.same_as([*KEYS, *KEYS])
    assert [each.id for each in found] == [each.id for each in made[:2]]
    assert identity.same_as([]) == []


def test_only_titles_that_change_are_written(db_session: Session, clock: Clock) -> None:
    made = {name: alert(clock.at, fingerprint=name, message=f"{name} is late") for name in ("a", "b")}
    ids = {name: each.id for name, each in made.items()}
    places = places_of(db_session, ids)
    with counted() as statements:
        actions.retitle({KEYS[0]: "KeyError: a is late", KEYS[1]: "b is over", KEYS[2]: "nobody's"})
    assert len(statements) == 1
    assert [queries.get(ids[name]).title for name in ("a", "b")] == ["KeyError: a is late", "b is over"]
    after = places_of(db_session, ids)
    assert after["a"] == places["a"]
    assert after["b"] != places["b"]
    with counted() as statements:
        actions.retitle({})
    assert statements == []
