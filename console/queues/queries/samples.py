"""What was seen of brokers: the latest sample of each, and how deep their queues were."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from console.infra.db import db
from console.queues.models import BrokerDepth

CHART: Final = timedelta(hours=1)


def depth_before(broker: str, queue: str, *, at: datetime, span: timedelta, least: timedelta) -> BrokerDepth | None:
    """The queue as it was `span` ago, or as far back as is known; None when that is less than `least`."""
    rows = select(BrokerDepth).where(
        BrokerDepth.broker == broker, BrokerDepth.queue == queue, BrokerDepth.at <= at - least,
        BrokerDepth.at >= at - 2 * span,
    )  # fmt: skip
    older = db.session.scalar(
        rows.where(BrokerDepth.at <= at - span).order_by(BrokerDepth.at.desc()).limit(1),
    )
    return older or db.session.scalar(rows.order_by(BrokerDepth.at).limit(1))


def depths(broker: str, *, at: datetime) -> dict[str, list[int]]:
    """How many jobs waited in each queue, a minute each over the last hour; unseen minutes repeat the one before."""
    since = at.replace(second=0, microsecond=0) - CHART
    rows = (
        select(BrokerDepth.queue, BrokerDepth.at, BrokerDepth.waiting)
        .where(BrokerDepth.broker == broker, BrokerDepth.at > since)
        .order_by(BrokerDepth.at)
    )
    found: dict[str, list[int | None]] = {}
    for queue, minute, waiting in db.session.execute(rows):
        line = found.setdefault(queue, [None] * int(CHART.total_seconds() // 60))
        line[int((minute - since).total_seconds() // 60) - 1] = waiting
    return {queue: _filled(line) for queue, line in found.items()}


def _filled(line: Sequence[int | None]) -> list[int]:
    filled, last = [], 0
    for value in line:
        last = last if value is None else value
        filled.append(last)
    return filled
