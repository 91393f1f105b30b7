"""How often alerts failed over time: bars of a list's rows and of one alert's chart."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from console.alerts.models import AlertCount, Grain
from console.infra.db import db

HOUR = timedelta(hours=1)
BARS = 24


@dataclass(frozen=True, slots=True)
class Bucket:
    """Failures from `at` (inclusive) on: for good, and attempts that will be retried."""

    at: datetime
    final: int
    retried: int


class Window(StrEnum):
    """The spans that a chart can show; the value is the URL's word."""

    HALF_HOUR = "30m"
    DAY = "24h"
    MONTH = "30d"


# Grain of the counters, width of a bar, how many bars.
SHAPES = {
    Window.HALF_HOUR: (Grain.MINUTE, timedelta(minutes=1), 30),
    Window.DAY: (Grain.HOUR, HOUR, 24),
    Window.MONTH: (Grain.HOUR, timedelta(days=1), 30),
}


def sparklines(alert_ids: Sequence[int], now: datetime) -> dict[int, list[int]]:
    """Failures an hour over the last 24 hours, oldest first, for a page of alerts, in one statement."""
    begin = floor(now, HOUR) - (BARS - 1) * HOUR
    bars: dict[int, list[int]] = {alert_id: [0] * BARS for alert_id in alert_ids}
    # Plain columns: a page has hundreds of these, and an object for each would cost more than all else.
    rows = select(AlertCount.alert_id, AlertCount.at, AlertCount.final + AlertCount.retried).where(
        AlertCount.alert_id.in_(alert_ids), AlertCount.grain == Grain.HOUR, AlertCount.at >= begin
    )
    for alert_id, at, number in db.session.execute(rows):
        index = (at - begin) // HOUR
        if index < BARS:
            bars[alert_id][index] += number
    return bars


def chart(alert_id: int, window: Window, now: datetime) -> list[Bucket]:
    """One alert's failures over a window, oldest first, every bar present, in whole minutes, hours or days (UTC)."""
    grain, width, number = SHAPES[window]
    begin = floor(now, width) - (number - 1) * width
    final: dict[int, int] = defaultdict(int)
    retried: dict[int, int] = defaultdict(int)
    rows = select(AlertCount.at, AlertCount.final, AlertCount.retried).where(
        AlertCount.alert_id == alert_id, AlertCount.grain == grain, AlertCount.at >= begin
    )
    for row in db.session.execute(rows):
        index = (row.at - begin) // width
        final[index] += row.final
        retried[index] += row.retried
    return [Bucket(begin + i * width, final[i], retried[i]) for i in range(number)]


def floor(at: datetime, width: timedelta) -> datetime:
    """The last whole `width` (a minute, an hour or a day in UTC) at or before `at`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (at - epoch) // width * width
