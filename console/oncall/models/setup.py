"""What people set up: channels and the rules that name them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, Column, ForeignKey, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from console.infra.db import Model, intpk
from console.oncall.rules.routing import Condition


class Kind(StrEnum):
    """The ways to reach people."""

    EMAIL = "email"
    SLACK = "slack"
    WEBHOOK = "webhook"


class Channel(Model):
    """One way to reach people, and how it does.

    `address` and `signing_key` are sealed by `infra.crypto`; `host` is the part of the address that may be shown.
    `failures` counts tries in a row that failed, since `failing_since`; `retry_at` holds everything back until then.
    """

    __tablename__ = "channels"
    __table_args__ = (CheckConstraint("kind IN ('email', 'slack', 'webhook')", name="kind"),)

    id: Mapped[intpk]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    enabled: Mapped[bool]
    recipients: Mapped[list[str]] = mapped_column(ARRAY(Text))
    host: Mapped[str | None]
    address: Mapped[str | None] = mapped_column(info={"sealed": True})
    signing_key: Mapped[str | None] = mapped_column(info={"sealed": True})
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    last_sent_at: Mapped[datetime | None]
    # No foreign key: the job's row is pruned long before its channel.
    job_id: Mapped[uuid.UUID | None]

    @property
    def target(self) -> str:
        """Where it leads, as far as that may be shown."""
        return ", ".join(self.recipients) if self.kind == Kind.EMAIL else self.host or ""


rule_channels = Table(
    "routing_rule_channels",
    Model.metadata,
    Column("rule_id", ForeignKey("routing_rules.id", ondelete="CASCADE"), primary_key=True),
    Column("channel_id", ForeignKey("channels.id", ondelete="RESTRICT"), primary_key=True, index=True),
)


class RoutingRule(Model):
    """Which alerts go to which channels; the first rule by `position` that matches decides alone."""

    __tablename__ = "routing_rules"

    id: Mapped[intpk]
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    enabled: Mapped[bool]
    services: Mapped[list[str]] = mapped_column(ARRAY(Text))
    environments: Mapped[list[str]] = mapped_column(ARRAY(Text))
    severities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tags: Mapped[dict[str, Any]]
    renotify_minutes: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    channels: Mapped[list[Channel]] = relationship(secondary=rule_channels, lazy="selectin", order_by=Channel.name)

    @property
    def condition(self) -> Condition:
        """What it asks of an alert."""
        return Condition(self.services, self.environments, self.severities, self.tags)
