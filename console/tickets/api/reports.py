"""Reports over the API: whether promises were kept."""

from datetime import date, timedelta

from flask import Response
from pydantic import BaseModel, Field

from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import Fault, Invalid
from console.tickets.api.shared import bp, reply
from console.tickets.queries import reports as reads
from console.tickets.queries.reports import Asked, By, Report, Tally
from console.tickets.queries.sums import LATE
from console.tickets.rules.policy import CLOCKS
from console.web.auth import requires_scope
from console.web.inputs import query
from console.web.openapi import describe


class ReportIn(BaseModel):
    """Which clocks: those that ended in the period, by their calendars' days. Last month (UTC) unless dated."""

    clock: str = Field("resolution", pattern=f"^({'|'.join(CLOCKS)})$")
    by: By = By.POLICY
    since: date | None = Field(None, ge=date(2000, 1, 1), le=date(2400, 1, 1))
    until: date | None = Field(None, ge=date(2000, 1, 1), le=date(2400, 1, 1))

    def asked(self) -> Asked:
        """The period; raises Invalid when it ends before it begins."""
        end = clock.now().date().replace(day=1) - timedelta(days=1)
        last = self.until or end
        first = self.since or last.replace(day=1)
        if first > last:
            raise Invalid(
                "The period ends before it begins.", errors=[Fault("/until", "Send a day not before `since`.")]
            )
        return Asked(self.clock, first, last)


class TallyOut(BaseModel):
    """How many promises ended; `attained_percent` is rounded down, null when none did."""

    ended: int
    kept: int
    broken: int
    attained_percent: float | None

    @classmethod
    def of(cls, tally: Tally) -> "TallyOut":
        """As counted."""
        return cls(ended=tally.ended, kept=tally.kept, broken=tally.broken, attained_percent=tally.attained)


class ItemOut(TallyOut):
    """Those of one policy, priority, organization, owner ("none" where there is none) or week (its Monday)."""

    value: str


class LateOut(BaseModel):
    """Promises broken by at least so many business minutes, and less than the next."""

    from_minutes: int
    broken: int


class ReportOut(BaseModel):
    """Whether promises were kept; `before` is the period of the same length before."""

    clock: str
    by: By
    since: date
    until: date
    total: TallyOut
    before: TallyOut
    items: list[ItemOut]
    weeks: list[ItemOut]
    late: list[LateOut]

    @classmethod
    def of(cls, asked: Asked, by: By, found: Report) -> "ReportOut":
        """As counted."""
        weeks = {monday.isoformat(): tally for monday, tally in found.weeks.items()}
        return cls(
            clock=asked.clock, by=by, since=asked.first, until=asked.last, total=TallyOut.of(found.total),
            before=TallyOut.of(found.before), items=_items(found.items), weeks=_items(weeks),
            late=[LateOut(from_minutes=LATE[i] // 60, broken=number) for i, number in enumerate(found.late)],
        )  # fmt: skip


def _items(found: dict[str, Tally]) -> list[ItemOut]:
    return [ItemOut(value=value, **TallyOut.of(tally).model_dump()) for value, tally in found.items()]


@bp.get("/sla/reports")
@requires_scope(Scope.READ)
@describe("Whether promises were kept in a period", query=ReportIn, reply=ReportOut)
def sla_report() -> Response:
    """From what was settled when the clocks ended; edits of calendars and policies change nothing of it."""
    wanted = query(ReportIn)
    asked = wanted.asked()
    return reply(ReportOut.of(asked, wanted.by, reads.report(asked, wanted.by)))
