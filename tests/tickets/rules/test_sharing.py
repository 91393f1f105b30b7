"""Who gets which ticket when a load is shared out."""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from console.tickets.rules.sharing import WEIGHTS, Piece, plan, weight
from console.tickets.rules.standing import State
from tests.conftest import NOON

NAMES = ("ann", "bob", "cat", "dan")
STATES = (State.BREACHED, State.AT_RISK, State.OK, State.PAUSED)
PIECES = st.lists(
    st.builds(
        lambda owner, state, minutes: (owner, state, NOON + timedelta(minutes=minutes)),
        st.sampled_from([None, "eve", *NAMES]), st.sampled_from(STATES), st.integers(-90, 90),
    ), max_size=40,
)  # fmt: skip
LOADS = st.dictionaries(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(STATES), st.integers(0, 9)))


def piece(number: int, state: State = State.OK, owner: str | None = None, minutes: int = 0) -> Piece:
    return Piece(number, owner, state, NOON + timedelta(minutes=minutes))


def given_to(pieces: list[Piece], loads: Mapping[str, Mapping[State, int]], *owners: str) -> dict[int, str]:
    return dict(plan(pieces, loads, owners).owners)


def test_whoever_has_least_takes_the_next() -> None:
    loads = {"ann": {State.OK: 3}, "bob": {State.OK: 1}, "cat": {State.OK: 9}}
    assert given_to([piece(n) for n in range(4)], loads, "ann", "bob", "cat") == {
        0: "bob",
        1: "bob",
        2: "ann",
        3: "bob",
    }


def test_what_presses_weighs_more() -> None:
    loads = {"ann": {State.BREACHED: 1}, "bob": {State.OK: 2}, "cat": {State.PAUSED: 5}}
    # Ann weighs three, Bob two, Cat two and a half.
    assert given_to([piece(1)], loads, "ann", "bob", "cat") == {1: "bob"}
    assert given_to([piece(1)], loads, "ann", "cat") == {1: "cat"}


def test_the_most_pressing_is_given_first() -> None:
    pieces = [piece(1, State.OK), piece(2, State.BREACHED), piece(3, State.AT_RISK, minutes=9), piece(4, State.AT_RISK)]
    found = given_to(pieces, {"bob": {State.OK: 1}}, "ann", "bob")
    # The breached one to Ann, who has nothing; both at risk to Bob until he weighs more than she does.
    assert found == {2: "ann", 4: "bob", 3: "ann", 1: "bob"}


def test_of_equals_it_stays_where_it_is() -> None:
    pieces = [piece(1, owner="bob"), piece(2, owner="bob")]
    found = plan(pieces, {"bob": {State.OK: 2}}, ["ann", "bob"])
    assert (found.owners, found.moves) == ({1: "bob", 2: "ann"}, 1)


def test_what_they_have_already_counts_once() -> None:
    found = plan([piece(1, owner="ann")], {"ann": {State.OK: 1}}, ["ann"])
    (share,) = found.shares
    assert (weight(share.before), weight(share.after), share.gets, share.new, share.weight) == (2, 2, 1, 0, 1.0)


def test_nobody_else_gets_any() -> None:
    found = plan([piece(1, owner="eve")], {"eve": {State.OK: 1}, "ann": {State.OK: 50}}, ["ann"])
    assert [(share.owner, share.gets, share.new) for share in found.shares] == [("ann", 1, 1)]


def test_nothing_to_share() -> None:
    found = plan([], {"ann": {State.OK: 1}}, ["ann"])
    assert (dict(found.owners), found.moves, [share.gets for share in found.shares]) == ({}, 0, [0])


def test_another_plan_has_another_key() -> None:
    one, other = plan([piece(1)], {}, ["ann"]), plan([piece(1)], {}, ["bob"])
    assert one.key != other.key
    assert one.key == plan([piece(1)], {"ann": {State.OK: 7}}, ["ann"]).key


@settings(max_examples=200, deadline=None)
@given(made=PIECES, loads=LOADS, owners=st.sets(st.sampled_from(NAMES), min_size=1))
def test_it_is_as_even_as_giving_one_by_one_can_be(
    made: list[tuple[str | None, State, object]], loads: dict[str, dict[State, int]], owners: set[str]
) -> None:
    pieces = [Piece(number, *each) for number, each in enumerate(made)]  # type: ignore[arg-type]
    whole: dict[str, dict[State, int]] = {name: dict(states) for name, states in loads.items()}
    for each in pieces:
        if each.owner is not None:
            mine = whole.setdefault(each.owner, {})
            mine[each.state] = mine.get(each.state, 0) + 1
    found = plan(pieces, whole, sorted(owners))
    assert set(found.owners) == {each.id for each in pieces}
    assert sum(share.gets for share in found.shares) == len(pieces)
    assert found.moves == sum(share.new for share in found.shares)
    least = min(weight(share.after) for share in found.shares)
    for share in found.shares:
        assert all(number >= 0 for number in share.after.values())
        got = [WEIGHTS[each.state] for each in pieces if found.owners[each.id] == share.owner]
        # Without the last that they got, they had no more than anybody has in the end.
        assert not got or weight(share.after) - min(got) <= least
    assert plan(pieces[::-1], whole, sorted(owners, reverse=True)) == found


def test_every_state_has_a_weight() -> None:
    assert set(WEIGHTS) == set(State)
    assert weight({State.OK: 1, State.PAUSED: 2, State.BREACHED: 1}) == 10
