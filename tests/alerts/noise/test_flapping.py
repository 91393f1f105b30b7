"""When an alert flaps and when it has settled: the rule by properties, the spells by what happens to alerts."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.alerts import actions
from console.alerts.models import Alert, FlappingSpell
from console.alerts.queries import get_for_change, noise
from console.alerts.rules import flapping
from console.alerts.rules.flapping import Flapping
from console.alerts.rules.noise import NoiseRules, read
from console.infra.actor import SYSTEM, Scope
from tests.alerts.making import ADA, OLU, alert, failure, words
from tests.alerts.making import noise as others
from tests.conftest import NOON, Cast, Clock, SignIn

MINUTE = timedelta(minutes=1)
TIMES = st.lists(st.integers(0, 7_200), min_size=1, max_size=40).map(
    lambda seconds: sorted(NOON + timedelta(seconds=each) for each in seconds)
)
WANTED = st.builds(
    lambda changes, calm, minutes: Flapping(changes=changes, calm=min(calm, changes - 1), window=minutes * MINUTE),
    st.integers(flapping.LEAST, 12),
    st.integers(0, 6),
    st.integers(1, 90),
)


@given(TIMES, WANTED)
def test_it_settles_at_the_first_instant_that_is_calm(times: list[datetime], wanted: Flapping) -> None:
    settles = flapping.settles_at(times, wanted)
    assert flapping.counted(times, settles, wanted.window) <= wanted.calm
    before = settles - timedelta(seconds=1)
    if before >= times[-1]:
        assert flapping.counted(times, before, wanted.window) > wanted.calm


@given(TIMES, WANTED)
def test_what_begins_has_not_settled_at_the_same_time(times: list[datetime], wanted: Flapping) -> None:
    if flapping.begins(times, times[-1], wanted):
        assert flapping.settles_at(times, wanted) > times[-1]


@given(TIMES, WANTED)
def test_it_settles_within_a_window_of_the_last_change(times: list[datetime], wanted: Flapping) -> None:
    assert flapping.settles_at(times, wanted) <= times[-1] + wanted.window


@given(TIMES, WANTED, st.integers(0, 7_200))
def test_one_more_change_never_settles_it_sooner(times: list[datetime], wanted: Flapping, later: int) -> None:
    more = [*times, times[-1] + timedelta(seconds=later)]
    assert flapping.settles_at(more, wanted) >= flapping.settles_at(times, wanted)


@given(TIMES, WANTED)
def test_fewer_changes_than_asked_for_never_begin_it(times: list[datetime], wanted: Flapping) -> None:
    few = times[: wanted.changes - 1]
    assert not flapping.begins(few, few[-1], wanted)
    assert not flapping.begins(times, times[-1], Flapping(enabled=False, changes=4))


def test_the_words() -> None:
    assert flapping.words(7, 30) == "changed state 7 times in 30 minutes"
    assert flapping.words(60, 1) == "changed state 60 times in a minute"


@given(st.builds(NoiseRules, WANTED, st.one_of(st.none(), st.integers(1, 90))))
def test_settings_are_read_as_they_were_stored(rules: NoiseRules) -> None:
    assert read(rules.values).values == rules.values


def to_and_fro(clock: Clock, times: int, **fields: object) -> Alert:
    """Fail and be resolved by the console so many times, a minute each; ends resolved."""
    for _ in range(times):
        found = alert(clock.at, **fields)
        clock.advance(seconds=30)
        actions.resolve(found, by=SYSTEM, at=clock.at)
        clock.advance(seconds=30)
    return found


def spells(session: Session, of: Alert) -> list[FlappingSpell]:
    session.flush()
    rows = select(FlappingSpell).where(FlappingSpell.alert_id == of.id).order_by(FlappingSpell.id)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def test_the_sixth_change_begins_a_spell_and_the_history_says_so(db_session: Session, clock: Clock) -> None:
    others(clock.at)
    found = to_and_fro(clock, 3)
    assert spells(db_session, found) == []
    alert(clock.at)
    (spell,) = spells(db_session, found)
    assert (spell.changes, spell.words) == (6, "changed state 6 times in 30 minutes")
    assert words(found.id)[-2:] == ["reopened", "flapping"]
    assert [each.alert.id for each in noise.flapping_now()] == [found.id]
    assert noise.flapping_now("search") == []


def test_the_api_says_which_flap(
    client: FlaskClient, token: Callable[..., str], db_session: Session, clock: Clock
) -> None:
    others(clock.at)
    found = to_and_fro(clock, 4)
    db_session.flush()
    headers = {"Authorization": f"Bearer {token(Scope.READ)}"}
    assert client.get(f"/api/v1/alerts/{found.id}", headers=headers).get_json()["flapping"] is True
    listed = client.get("/api/v1/alerts", headers=headers).get_json()["items"]
    assert {one["id"] for one in listed if one["flapping"]} == {found.id}
    assert len(listed) > 1


def test_it_settles_when_hardly_any_change_is_left_and_may_begin_again(db_session: Session, clock: Clock) -> None:
    found = to_and_fro(clock, 5)
    (spell,) = spells(db_session, found)
    assert actions.settle_flapping(at=clock.at) == 0
    assert spell.settles_at == clock.at - timedelta(minutes=1, seconds=30) + 30 * MINUTE
    assert actions.settle_flapping(at=spell.settles_at - timedelta(seconds=1)) == 0
    assert actions.settle_flapping(at=spell.settles_at) == 1
    assert words(found.id)[-1] == "settled"
    clock.set(spell.settles_at + timedelta(hours=2))
    to_and_fro(clock, 4)
    assert [each.settled_at is None for each in spells(db_session, found)] == [False, True]


def test_hands_do_not_make_it_flap(db_session: Session, clock: Clock) -> None:
    for _ in range(5):
        found = alert(clock.at)
        actions.resolve(found, by=OLU, at=clock.at)
        actions.unresolve(found, by=OLU, at=clock.at)
        actions.resolve(found, by=ADA, at=clock.at)
        clock.advance(minutes=1)
    assert spells(db_session, found) == []


def test_one_that_comes_back_once_an_hour_does_not_flap(db_session: Session, clock: Clock) -> None:
    for _ in range(12):
        found = alert(clock.at)
        clock.advance(minutes=30)
        actions.resolve(found, by=SYSTEM, at=clock.at)
        clock.advance(minutes=30)
    assert spells(db_session, found) == []


def test_many_at_once_are_each_seen(db_session: Session, clock: Clock) -> None:
    tasks = [f"t{n}" for n in range(5)]
    for _ in range(4):
        done = actions.ingest([failure(clock.at, task=task) for task in tasks], at=clock.at)
        for alert_id in done.alerts:
            actions.resolve(get_for_change(alert_id), by=SYSTEM, at=clock.at)
        clock.advance(minutes=1)
    assert len(noise.flapping_now()) == len(tasks)


def test_list_and_page_show_it_in_words(
    client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock, db_session: Session
) -> None:
    found = to_and_fro(clock, 4)
    alert(clock.at)
    db_session.commit()
    reader = sign_in(client, cast.vi)
    for path in ("/alerts", f"/alerts/{found.id}"):
        text = " ".join(reader.get(path).text.split())
        assert "Flapping" in text, path
        assert "changed state 6 times in 30 minutes" in text, path
    assert "<strong>Flapping</strong>: changed state 6 times in 30 minutes" in text
