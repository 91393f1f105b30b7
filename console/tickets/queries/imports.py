"""Files of tickets that were uploaded."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.jobs.models import Job
from console.infra.paging import Page, decode, page_of
from console.tickets.models import ImportReject, TicketImport


def listed(*, limit: int, cursor: str | None = None) -> Page[TicketImport]:
    """Imports, the newest first."""
    rows = select(TicketImport).order_by(TicketImport.id.desc()).limit(limit + 1)
    if cursor:
        (before,) = decode(cursor, int)
        rows = rows.where(TicketImport.id < before)
    return page_of(db.session.scalars(rows).all(), limit, lambda found: (found.id,))


def get(import_id: int) -> TicketImport:
    """One by its number; raises NotFound."""
    found = db.session.get(TicketImport, import_id) if 0 < import_id < 2**63 else None
    if found is None:
        raise NotFound(f"There is no import {import_id}.")
    return found


def get_for_change(import_id: int) -> TicketImport:
    """The same, locked until the transaction ends, as it is now."""
    row = select(TicketImport).where(TicketImport.id == get(import_id).id).with_for_update()
    return db.session.scalars(row.execution_options(populate_existing=True)).one()


def remembered(source: str) -> dict[str, Any]:
    """How the last file of a source was mapped."""
    last = select(TicketImport.options).where(TicketImport.source == source).order_by(TicketImport.id.desc()).limit(1)
    found: dict[str, Any] = db.session.scalar(last) or {}
    return found


def rejects(import_id: int) -> Iterator[ImportReject]:
    """The rows that were not taken, in the file's order."""
    rows = select(ImportReject).where(ImportReject.import_id == import_id).order_by(ImportReject.line)
    yield from db.session.scalars(rows.execution_options(yield_per=500))


def rejects_page(import_id: int, *, limit: int, cursor: str | None = None) -> Page[ImportReject]:
    """The same, a page at a time."""
    rows = select(ImportReject).where(ImportReject.import_id == import_id).order_by(ImportReject.line).limit(limit + 1)
    if cursor:
        (after,) = decode(cursor, int)
        rows = rows.where(ImportReject.line > after)
    return page_of(db.session.scalars(rows).all(), limit, lambda found: (found.line,))


def job_of(found: TicketImport) -> Job | None:
    """The job that reads it, if one was asked for."""
    return db.session.get(Job, found.job_id) if found.job_id else None


def ended_early(found: TicketImport) -> bool:
    """Whether nobody takes its rows any more although some are left; old jobs are forgotten."""
    last = job_of(found)
    return found.state == "importing" and (last is None or last.finished)
