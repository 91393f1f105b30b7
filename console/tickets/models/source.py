"""Where tickets come from: helpdesks that are followed, and files that were imported."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk
from console.tickets.rules.sources.feed import Feed, SourceKind


class TicketSource(Model):
    """A helpdesk that is followed; its name is the `source` of its tickets.

    `url`, `token` and `webhook_secret` are sealed; `place` is what may be shown. `cursor` says what was read, None for
    nothing yet; it changes with the tickets that it stands for, in one transaction. `lease_id` is held by the one
    follower that reads until `lease_until`. `rejects` are the newest rows that could not be taken.
    """

    __tablename__ = "ticket_sources"
    __table_args__ = (
        CheckConstraint("kind IN ('sql', 'zammad')", name="kind"),
        Index("ix_ticket_sources_next_at", "next_at"),
    )

    id: Mapped[intpk]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    url: Mapped[str] = mapped_column(info={"sealed": True})
    token: Mapped[str | None] = mapped_column(info={"sealed": True})
    webhook_secret: Mapped[str | None] = mapped_column(info={"sealed": True})
    place: Mapped[str]
    options: Mapped[dict[str, Any]]
    interval_seconds: Mapped[int]
    enabled: Mapped[bool]
    cursor: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    next_at: Mapped[datetime]
    lease_id: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_rows: Mapped[int]
    rows: Mapped[int] = mapped_column(BigInteger)
    failing_since: Mapped[datetime | None]
    failures: Mapped[int]
    error: Mapped[str | None]
    rejected: Mapped[int] = mapped_column(BigInteger)
    rejects: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def feed(self) -> Feed:
        """The same as a value, which outlives the transaction."""
        return Feed(
            id=self.id, name=self.name, kind=SourceKind(self.kind), url=self.url, token=self.token,
            options=self.options, cursor=self.cursor,
        )  # fmt: skip


class SourceWant(Model):
    """A ticket that a webhook named: it is fetched before anything else."""

    __tablename__ = "ticket_source_wants"

    source_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ticket_sources.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    external_id: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]


class TicketImport(Model):
    """A file of tickets. `body` is kept until it was imported; `done` counts the rows that were judged."""

    __tablename__ = "ticket_imports"
    __table_args__ = (CheckConstraint("state IN ('uploaded', 'importing', 'done')", name="state"),)

    id: Mapped[intpk]
    source: Mapped[str]
    filename: Mapped[str]
    size: Mapped[int]
    body: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    encoding: Mapped[str]
    delimiter: Mapped[str]
    options: Mapped[dict[str, Any]]
    state: Mapped[str]
    total: Mapped[int]
    done: Mapped[int]
    created: Mapped[int]
    rejected: Mapped[int]
    job_id: Mapped[uuid.UUID | None]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportReject(Model):
    """A row of a file that was not taken, as it was, and why. `line` counts from 1, the header being the first."""

    __tablename__ = "ticket_import_rejects"

    import_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ticket_imports.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str]
    cells: Mapped[list[str]] = mapped_column(JSONB)
