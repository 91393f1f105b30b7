"""Reads of limits of sources: who may send how much, and what was dropped of whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from console.alerts.models import Alert, SourceDrop, SourceLimit
from console.alerts.rules.states import Status
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of

MOST = 200


def limits() -> Mapping[str, int]:
    """Every service with a limit of its own, in failures a minute."""
    rows = db.session.execute(select(SourceLimit.service, SourceLimit.failures_per_minute))
    return {row.service: row.failures_per_minute for row in rows}


def limits_page(*, limit: int, cursor: str | None = None) -> Page[SourceLimit]:
    """Some limits, by service; raises Invalid for a bad cursor."""
    rows = select(SourceLimit).order_by(SourceLimit.service).limit(limit + 1)
    if cursor:
        rows = rows.where(SourceLimit.service > decode(cursor, str)[0])
    return page_of(list(db.session.scalars(rows)), limit, lambda found: (found.service,))


def get_limit(service: str) -> SourceLimit:
    """A service's own limit; raises NotFound."""
    found = db.session.get(SourceLimit, service)
    if found is None:
        raise NotFound(f"{service} has no limit of its own; the console's number holds for it.")
    return found


def dropping() -> Sequence[SourceDrop]:
    """Services of which failures are being dropped, the longest first."""
    rows = select(SourceDrop).where(SourceDrop.ended_at.is_(None)).order_by(SourceDrop.began_at)
    return db.session.scalars(rows.limit(MOST)).all()


def dropping_for_change(services: Sequence[str], quiet_since: datetime) -> Sequence[SourceDrop]:
    """Those of these services, and those of which nothing was dropped since an instant, locked."""
    mine = SourceDrop.service.in_(services) | (SourceDrop.last_at < quiet_since)
    rows = select(SourceDrop).where(SourceDrop.ended_at.is_(None), mine).order_by(SourceDrop.id)
    return db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()


def drops(since: datetime, service: str = "") -> Sequence[SourceDrop]:
    """Times of dropping that lasted beyond an instant, the last first."""
    rows = select(SourceDrop).where(SourceDrop.last_at >= since)
    if service:
        rows = rows.where(SourceDrop.service == service)
    return db.session.scalars(rows.order_by(SourceDrop.last_at.desc()).limit(MOST)).all()


def unresolved(service: str, fingerprint: str) -> Sequence[int]:
    """The ids of alerts of a service with this fingerprint that have not ended."""
    rows = select(Alert.id).where(
        Alert.service == service, Alert.fingerprint == fingerprint, Alert.status != Status.RESOLVED
    )
    return db.session.scalars(rows).all()
