"""PostgreSQL against Redis: the rows that should have a bell, and the bells that should have a row."""

from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import RedisError

from console.infra import clock
from console.infra.queue import QUEUES, rq_name
from console.infra.redis import connection
from console.queues import queries
from console.queues.jobs.settled import as_row
from console.queues.rules.samples import Match

MOST: Final = 10_000
EXAMPLES: Final = 10


def compare() -> Match | None:
    """Both sides as they are now, at most 10,000 of each; None while Redis is away.

    What is on its way between them is left out: what looks odd is looked at a second time.
    """
    rows = queries.due_rows(clock.now(), limit=MOST)
    try:
        bells, cut = _bells(connection())
        odd = _without_row(bells)
        no_row = sorted(odd & _without_row(_bells(connection())[0])) if odd else []
    except RedisError:
        return None
    no_bell = (
        [] if cut else [str(row) for row in queries.without_ringer([row for row in rows if str(row) not in bells])]
    )
    return Match(
        rows=len(rows), bells=len(bells), no_bell=len(no_bell), no_row=len(no_row),
        rows_without=tuple(no_bell[:EXAMPLES]), bells_without=tuple(no_row[:EXAMPLES]),
        capped=cut or len(rows) >= MOST,
    )  # fmt: skip


def _without_row(bells: set[str]) -> set[str]:
    live = queries.live_rows([row for row in map(as_row, bells) if row is not None])
    return {bell for bell in bells if as_row(bell) not in live}


def _bells(redis: "Redis") -> tuple[set[str], bool]:
    with redis.pipeline(transaction=False) as pipe:
        for name in QUEUES:
            pipe.lrange(f"rq:queue:{rq_name(name)}", 0, MOST - 1)
        found = cast("list[list[Any]]", pipe.execute())
    return {item.decode(errors="replace") for items in found for item in items}, any(len(i) >= MOST for i in found)
