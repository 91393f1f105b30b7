"""What the address of a report asks for."""

from collections.abc import Mapping
from datetime import date, timedelta

from console.infra import clock
from console.tickets.queries.reports import Asked, By, Narrowed
from console.tickets.queries.sums import LATE
from console.tickets.rules.policy import CLOCKS
from console.web import filters


def last_month(today: date) -> tuple[date, date]:
    """The first and the last day of the month before."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def whole_month(first: date) -> tuple[date, date]:
    """The first and the last day of the month that begins on a day."""
    return first, last_month((first + timedelta(days=31)).replace(day=1))[1]


def asked(args: Mapping[str, str]) -> Asked:
    """A clock and a period: of the month or from and until the days that are named, last month unless any is."""
    first, last = last_month(clock.now().astimezone(filters.zone()).date())
    chosen = _date(f"{args.get('month', '')}-01")
    if chosen is not None:
        first, last = whole_month(chosen)
    else:
        first, last = _date(args.get("since", "")) or first, _date(args.get("until", "")) or last
    name = args.get("clock", "")
    return Asked(name if name in CLOCKS else "resolution", min(first, last), max(first, last))


def by(args: Mapping[str, str]) -> By:
    """By what it is told."""
    word = args.get("by", "")
    return By(word) if word in set(By) else By.POLICY


def narrowed(args: Mapping[str, str]) -> Narrowed:
    """The bar whose tickets are asked for."""
    late = args.get("late", "")
    return Narrowed(
        by=by(args) if args.get("by") and "value" in args else None,
        value=args.get("value", "").replace("\0", ""),
        week=_date(args.get("week", "")),
        broken={"yes": True, "no": False}.get(args.get("broken", "")),
        late=int(late) if late.isdecimal() and late.isascii() and int(late[:3]) < len(LATE) else None,
    )


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # Farther away there is nothing to tell, and no room for the period before.
    return found if date(2000, 1, 1) <= found <= date(2400, 1, 1) else None
