"""The one table of the trail. Its privileges, its triggers and its chain all refuse a change."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.audit.rules import Head, Link
from console.infra.db import Model


class AuditEntry(Model):
    """One fact. `id` counts without a gap in chain order; `hash` covers all other columns and `prev_hash`."""

    __tablename__ = "audit_entries"

    # Not an identity: the id is the head's plus one, given under the chain's lock, so that a gap is a proof.
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_label: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str | None]
    object_id: Mapped[str | None]
    object_label: Mapped[str | None]
    result: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
    prev_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (
        Index(None, "at"),
        Index(None, "actor_label", "id"),
        Index("ix_audit_entries_action", "action", "id", postgresql_ops={"action": "text_pattern_ops"}),
        Index(None, "object_kind", "object_id", "id"),
        Index(None, "result", "id"),
        {"info": {"append_only": True}},
    )

    @property
    def content(self) -> dict[str, Any]:
        """What the hash covers, but for the id and the hash before."""
        return {name: getattr(self, name) for name in CONTENT}

    @property
    def link(self) -> Link:
        """This entry as a link of the chain."""
        return Link(self.id, self.prev_hash, self.hash, self.content)

    @property
    def head(self) -> Head:
        """This entry as the head it once was."""
        return Head(self.id, self.hash)


CONTENT = tuple(
    column.name for column in AuditEntry.__table__.columns if column.name not in {"id", "prev_hash", "hash"}
)
