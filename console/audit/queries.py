"""Reads of the trail: a page of it, a stream of it, its head, and the walk that proves it whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from console.audit.models import CONTENT, AuditEntry
from console.audit.rules import Head, Link, Verdict, walk
from console.infra.db import db
from console.infra.errors import NotFound

# Rows fetched at a time from a cursor of the server: memory stays flat whatever the trail's length.
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; each field None for any. `action` matches a beginning, `text` any part, the rest whole words."""

    actor: str | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    result: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


def newest(wanted: Filter, *, limit: int, before: int | None = None) -> list[AuditEntry]:
    """At most `limit` entries, newest first, older than the id `before`."""
    query = _matching(wanted).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return list(db.session.scalars(query))


def get(entry_id: int) -> AuditEntry:
    """One entry; raises NotFound."""
    entry = db.session.get(AuditEntry, entry_id) if entry_id < 2**63 else None
    if entry is None:
        raise NotFound("There is no such entry yet.")
    return entry


def stream(wanted: Filter) -> Iterator[AuditEntry]:
    """Every matching entry, newest first, without holding them all."""
    query = _matching(wanted).order_by(AuditEntry.id.desc())
    yield from db.session.scalars(query.execution_options(yield_per=_BATCH))


def head() -> Head:
    """The newest entry's id and hash."""
    return head_in(db.session())


def head_in(session: Session) -> Head:
    """The head as this session sees it."""
    query = select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    row = session.execute(query).first()
    return Head(*row) if row else Head()


def verify(known: Head | None = None) -> Verdict:
    """Walk the whole chain; `known` is a head kept elsewhere, which also shows a tail that was cut off."""
    columns = (AuditEntry.id, AuditEntry.prev_hash, AuditEntry.hash, *(getattr(AuditEntry, name) for name in CONTENT))
    rows = db.session.execute(select(*columns).order_by(AuditEntry.id).execution_options(yield_per=_BATCH))
    return walk((Link(row[0], row[1], row[2], dict(zip(CONTENT, row[3:], strict=True))) for row in rows), known)


def _matching(wanted: Filter) -> Select[AuditEntry]:
    return select(AuditEntry).where(*_conditions(wanted))


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    exact = {
        AuditEntry.actor_label: wanted.actor,
        AuditEntry.object_kind: wanted.object_kind,
        AuditEntry.object_id: wanted.object_id,
        AuditEntry.result: wanted.result,
    }
    yield from (column == value for column, value in exact.items() if value is not None)
    if wanted.action is not None:
        yield AuditEntry.action.startswith(wanted.action, autoescape=True)
    if wanted.since is not None:
        yield AuditEntry.at >= wanted.since
    if wanted.until is not None:
        yield AuditEntry.at < wanted.until
    if wanted.text is not None:
        yield _mentions(wanted.text)


def _mentions(words: str) -> ColumnElement[bool]:
    columns = (
        AuditEntry.actor_label,
        AuditEntry.action,
        func.coalesce(AuditEntry.object_label, ""),
        func.coalesce(AuditEntry.ip, ""),
        cast(AuditEntry.details, Text),
    )
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
