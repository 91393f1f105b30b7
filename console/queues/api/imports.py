"""How far the failed registries of an RQ broker were taken in."""

from datetime import datetime
from typing import Self

from flask import Response
from pydantic import BaseModel

from console.infra.actor import Scope
from console.queues import queries
from console.queues.api.blueprint import bp, reply
from console.queues.models import RqCursor
from console.web.auth import requires_scope
from console.web.openapi import describe


class ImportOut(BaseModel):
    """A queue: of its `total` failed jobs, as of `looked_at`, `told` are alerts' failures.

    `trouble` says why its failed jobs could not be read then.
    """

    queue: str
    told: int
    total: int
    trouble: str | None
    looked_at: datetime | None

    @classmethod
    def of(cls, row: RqCursor) -> Self:
        """As the API shows it."""
        return cls(queue=row.queue, told=row.size, total=row.total, trouble=row.trouble, looked_at=row.looked_at)


class ImportList(BaseModel):
    """All queues of the broker that were ever looked at, by name; never more than one page."""

    items: list[ImportOut]
    next_cursor: None = None


@bp.get("/brokers/<name>/imports")
@requires_scope(Scope.READ)
@describe("How far a broker's failed jobs were taken in", reply=ImportList, problems={404: "No such broker"})
def list_imports(name: str) -> Response:
    """One line a queue."""
    broker = queries.get_watched(name)
    return reply(ImportList(items=[ImportOut.of(row) for row in queries.progress_of(broker.name)]))
