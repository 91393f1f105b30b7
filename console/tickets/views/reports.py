"""Reports: whether promises were kept, told by what, and the tickets behind each bar."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.tickets.forms import reports as forms
from console.tickets.queries import reports as reads
from console.tickets.queries.reports import Asked, By, Report, Tally
from console.tickets.queries.sums import NOBODY
from console.tickets.views.blueprint import ROOMS, bp
from console.tickets.views.exports import as_csv
from console.tickets.views.rows import CLOCK_NAMES
from console.web import filters, htmx, live
from console.web.auth import requires

MONTHS: Final = 4
PAGE: Final = 50
# So many bars are shown; the CSV has all.
BARS: Final = 100
BYS: Final = {
    By.POLICY: "Policy", By.PRIORITY: "Priority", By.ORGANIZATION: "Organization", By.ASSIGNEE: "Owner",
    By.WEEK: "Week",
}  # fmt: skip
STEPS: Final = ("up to 15 min", "15 min to 1 h", "1 h to 4 h", "4 h to 8 h", "8 h and more")


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a report; `kept` and `broken` are addresses of the tickets behind it."""

    name: str
    tally: Tally
    all: str
    broken: str


@bp.get("/tickets/reports")
@requires(Role.VIEWER)
def reports() -> Response:
    """Whether promises were kept in a period, last month unless asked."""
    if unchanged := live.not_modified(*ROOMS):
        return unchanged
    asked, by = forms.asked(request.args), forms.by(request.args)
    return htmx.page("tickets/reports.html", "report", **shown(reads.report(asked, by, limit=BARS), asked, by))


@bp.get("/tickets/reports.csv")
@requires(Role.VIEWER)
def reports_csv() -> Response:
    """The same as rows."""
    asked, by = forms.asked(request.args), forms.by(request.args)
    name = f"promises-{asked.clock}-{by.value}-{asked.first}-{asked.last}"
    return as_csv(name, _lines(reads.report(asked, by), asked, by))


@bp.get("/tickets/reports/tickets")
@requires(Role.VIEWER)
def reports_tickets() -> Response:
    """The tickets behind a bar."""
    asked, narrowed = forms.asked(request.args), forms.narrowed(request.args)
    found = reads.outcomes(asked, narrowed, limit=PAGE, cursor=request.args.get("cursor"))
    asking: dict[str, Any] = request.args.to_dict()
    more = {**asking, "cursor": found.next_cursor}
    return htmx.page(
        "tickets/report_tickets.html", asked=asked, narrowed=narrowed, rows=found.items, clock_names=CLOCK_NAMES,
        csv=url_for(".outcomes_csv", **asking),
        more=url_for(".reports_tickets", **more) if found.next_cursor else "", steps=STEPS,
        back=url_for(".reports", **_period(asked), by=request.args.get("told")),
    )  # fmt: skip


def shown(found: Report, asked: Asked, by: By) -> dict[str, Any]:
    """Everything that the report's template shows."""
    here = {**_period(asked), "by": by.value}
    most = max(found.late, default=0)
    return {
        "found": found, "asked": asked, "by": by, "bys": BYS, "clocks": CLOCK_NAMES, "months": _months(asked, by),
        "bars": _bars(islice(found.items.items(), BARS), asked, by),
        "more_bars": found.more + max(0, len(found.items) - BARS),
        "weeks": _bars(((monday.isoformat(), tally) for monday, tally in found.weeks.items()), asked, By.WEEK),
        "late": [(STEPS[i], n, n / most if most else 0, _drill(asked, by, late=i)) for i, n in enumerate(found.late)],
        "here": url_for(".reports", **here), "csv": url_for(".reports_csv", **here),
        "link": lambda **more: url_for(".reports", **{**here, **more}),
        "all_broken": _drill(asked, by, broken="yes"), "everything": _drill(asked, by),
        "trend": _trend(found),
    }  # fmt: skip


def _period(asked: Asked) -> dict[str, Any]:
    return {"clock": asked.clock, "since": asked.first.isoformat(), "until": asked.last.isoformat()}


def _drill(asked: Asked, by: By, /, **more: Any) -> str:
    return url_for(".reports_tickets", **{**_period(asked), "told": by.value, **more})


def _bars(items: Iterable[tuple[str, Tally]], asked: Asked, by: By) -> list[Bar]:
    # One address is made and the others go on from it: to make each would be half of the page's time.
    here = _drill(asked, by) + ("&week=" if by is By.WEEK else f"&by={by.value}&value=")
    return [_bar(name, tally, here + quote(name, safe=""), by) for name, tally in items]


def _bar(name: str, tally: Tally, url: str, by: By) -> Bar:
    shown = f"Week of {date.fromisoformat(name):%-d %b}" if by is By.WEEK else "Nobody" if by is By.ASSIGNEE and (
        name == NOBODY) else name  # fmt: skip
    return Bar(shown, tally, url, f"{url}&broken=yes")


def _trend(found: Report) -> str:
    """How it compares with the period before, in words."""
    now, before = found.total.attained, found.before.attained
    if now is None or before is None:
        return "nothing ended in the period before" if before is None else ""
    change = round(now - before, 1)
    return f"{abs(change):g} points {'better' if change > 0 else 'worse'} than before" if change else "as before"


def _months(asked: Asked, by: By) -> list[tuple[str, str, bool]]:
    """The months next at hand: address, name, and whether it is the one that is shown."""
    day, found = clock.now().astimezone(filters.zone()).date().replace(day=1), list[tuple[str, str, bool]]()
    for _ in range(MONTHS):
        first, last = forms.whole_month(day)
        url = url_for(".reports", **_period(Asked(asked.clock, first, last)), by=by.value)
        found.append((url, f"{day:%B}", (first, last) == (asked.first, asked.last)))
        day = forms.last_month(day)[0]
    return found


def _lines(found: Report, asked: Asked, by: By) -> Iterator[list[object]]:
    yield ["clock", "since", "until", by.value, "ended", "kept", "broken", "attained_percent"]
    for name, tally in found.items.items():
        yield [asked.clock, asked.first, asked.last, name, tally.ended, tally.kept, tally.broken, tally.attained]
