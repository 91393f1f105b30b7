"""Reports: whether promises were kept, told by what, and the tickets behind each bar."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from flask import Response, request, stream_with_context, url_for

from console.audit.rules import csv_lines
from console.infra import clock
from console.infra.actor import Role
from console.tickets.queries import reports as reads
from console.tickets.queries.reports import LATE, Asked, By, Narrowed, Report, Tally
from console.tickets.rules.policy import CLOCKS
from console.tickets.views.blueprint import ROOMS, bp
from console.tickets.views.rows import CLOCK_NAMES
from console.web import filters, htmx, live
from console.web.auth import requires

MONTHS: Final = 12
PAGE: Final = 50
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
    asked, by = _asked(), _by()
    return htmx.page("tickets/reports.html", "report", **shown(reads.report(asked, by), asked, by))


@bp.get("/tickets/reports.csv")
@requires(Role.VIEWER)
def reports_csv() -> Response:
    """The same as rows."""
    asked, by = _asked(), _by()
    made = Response(stream_with_context(csv_lines(_lines(reads.report(asked, by), asked, by))), mimetype="text/csv")
    name = f"promises-{asked.clock}-{by.value}-{asked.first}-{asked.last}.csv"
    made.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return made


@bp.get("/tickets/reports/tickets")
@requires(Role.VIEWER)
def reports_tickets() -> Response:
    """The tickets behind a bar."""
    asked, narrowed = _asked(), _narrowed()
    found = reads.outcomes(asked, narrowed, limit=PAGE, cursor=request.args.get("cursor"))
    more: dict[str, Any] = {**request.args.to_dict(), "cursor": found.next_cursor}
    return htmx.page(
        "tickets/report_tickets.html", asked=asked, narrowed=narrowed, rows=found.items, clock_names=CLOCK_NAMES,
        more=url_for(".reports_tickets", **more) if found.next_cursor else "", steps=STEPS,
        back=url_for(".reports", **_period(asked), by=request.args.get("told")),
    )  # fmt: skip


def shown(found: Report, asked: Asked, by: By) -> dict[str, Any]:
    """Everything that the report's template shows."""
    here = {**_period(asked), "by": by.value}
    most = max(found.late, default=0)
    return {
        "found": found, "asked": asked, "by": by, "bys": BYS, "clocks": CLOCK_NAMES, "months": _months(asked),
        "bars": [_bar(name, tally, asked, by) for name, tally in found.items.items()],
        "weeks": [_bar(monday.isoformat(), tally, asked, By.WEEK) for monday, tally in found.weeks.items()],
        "late": [(STEPS[i], n, n / most if most else 0, _drill(asked, by, late=i)) for i, n in enumerate(found.late)],
        "here": url_for(".reports", **here), "csv": url_for(".reports_csv", **here),
        "link": lambda **more: url_for(".reports", **{**here, **more}),
        "all_broken": _drill(asked, by, broken="yes"), "everything": _drill(asked, by),
        "trend": _trend(found),
    }  # fmt: skip


def last_month(today: date) -> tuple[date, date]:
    """The first and the last day of the month before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _asked() -> Asked:
    today = clock.now().astimezone(filters.zone()).date()
    first, last = last_month(today)
    chosen = _date(f"{request.args.get('month', '')}-01")
    if chosen is not None:
        first, last = chosen, last_month((chosen + timedelta(days=31)).replace(day=1))[1]
    first, last = _date(request.args.get("since", "")) or first, _date(request.args.get("until", "")) or last
    name = request.args.get("clock", "")
    return Asked(name if name in CLOCKS else "resolution", min(first, last), max(first, last))


def _by() -> By:
    word = request.args.get("by", "")
    return By(word) if word in set(By) else By.POLICY


def _narrowed() -> Narrowed:
    given = request.args
    late = given.get("late", "")
    return Narrowed(
        by=_by() if given.get("by") and "value" in given else None,
        value=given.get("value", "").replace("\0", ""),
        week=_date(given.get("week", "")),
        broken={"yes": True, "no": False}.get(given.get("broken", "")),
        late=int(late) if late.isdecimal() and late.isascii() and int(late[:3]) < len(LATE) else None,
    )


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # Farther away there is nothing to tell, and no room for the period before.
    return found if date(2000, 1, 1) <= found <= date(2400, 1, 1) else None


def _period(asked: Asked) -> dict[str, Any]:
    return {"clock": asked.clock, "since": asked.first.isoformat(), "until": asked.last.isoformat()}


def _drill(asked: Asked, by: By, /, **more: Any) -> str:
    return url_for(".reports_tickets", **{**_period(asked), "told": by.value, **more})


def _bar(name: str, tally: Tally, asked: Asked, by: By) -> Bar:
    value: Mapping[str, str] = {"week": name} if by is By.WEEK else {"by": by.value, "value": name}
    shown = f"Week of {date.fromisoformat(name):%-d %b}" if by is By.WEEK else "Nobody" if by is By.ASSIGNEE and (
        name == reads.NOBODY) else name  # fmt: skip
    return Bar(shown, tally, _drill(asked, by, **value), _drill(asked, by, **value, broken="yes"))


def _trend(found: Report) -> str:
    """How it compares with the period before, in words."""
    now, before = found.total.attained, found.before.attained
    if now is None or before is None:
        return "nothing ended in the period before" if before is None else ""
    change = round(now - before, 1)
    return f"{abs(change):g} points {'better' if change > 0 else 'worse'} than before" if change else "as before"


def _months(asked: Asked) -> list[tuple[str, str, bool]]:
    """The months that can be chosen: value, name, and whether it is the one that is shown."""
    day, found = clock.now().astimezone(filters.zone()).date().replace(day=1), list[tuple[str, str, bool]]()
    for _ in range(MONTHS):
        whole = (day, last_month((day + timedelta(days=31)).replace(day=1))[1])
        found.append((f"{day:%Y-%m}", f"{day:%B %Y}", whole == (asked.first, asked.last)))
        day = last_month(day)[0]
    return found


def _lines(found: Report, asked: Asked, by: By) -> Iterator[list[object]]:
    yield ["clock", "since", "until", by.value, "ended", "kept", "broken", "attained_percent"]
    for name, tally in found.items.items():
        yield [asked.clock, asked.first, asked.last, name, tally.ended, tally.kept, tally.broken, tally.attained]
