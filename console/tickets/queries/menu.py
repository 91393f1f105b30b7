"""The menu's short fact: how many tickets are at risk."""

from typing import Final

from console.infra.prepared import Prepared
from console.tickets.queries.desk import CAP
from console.tickets.rules.standing import State

# Every page asks it. In this order it is a range of the index of states, read to one beyond the cap, whatever the
# planner believes of how many there are.
_AT_RISK: Final = Prepared(
    "tickets_at_risk",
    {"most": "bigint"},
    f"""
    SELECT count(*) FROM (
        SELECT FROM tickets WHERE state = '{State.AT_RISK.value}' AND next_due_at IS NOT NULL
        ORDER BY next_due_at LIMIT $1
    ) AS listed
    """,  # noqa: S608 - a word of ours
)


def at_risk() -> int:
    """How many tickets are at risk, counted up to CAP + 1."""
    ((number,),) = _AT_RISK.run(most=CAP + 1)
    return int(number)
