"""The worked cases, by the rules alone."""

from typing import Any

import pytest

from console.tickets.rules.instants import micros, when
from console.tickets.rules.standing import outlook, standing
from tests.tickets.making import CASES, at, clocks_of, hours_of, policy_body, targets_of

NOW = micros(at("2026-11-21T12:00Z"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_it_counts_as_worked_out(case: dict[str, Any]) -> None:
    hours = hours_of(case["calendar"])
    sla = policy_body(targets=targets_of(case), paused_statuses=case["paused_statuses"])
    found = clocks_of(case["ticket"], hours, sla)
    said = dict(zip(("first_response", "next_response", "resolution"), found, strict=True))
    for name, expected in case["expect"].items():
        if name == "next_due_at":
            assert when(outlook(found).due) == (at(expected) if expected else None)
            continue
        shown = standing(said[name], hours, NOW)
        for field, value in expected.items():
            assert getattr(shown, field) == (at(value) if field == "due_at" and value else value), field
