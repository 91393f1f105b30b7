"""The brokers that admins have us watch, and what was seen of each. Our own is none of the rows: it is always there."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk
from console.queues.rules.brokers import Kind, Watched


class Broker(Model):
    """A broker of another service. `url` is sealed; `host`, `port` and `db` are what may be shown of it.

    `service` is the name under which its failures are alerts. `queues` empty means all that are found; `prefix` is
    Celery's `global_keyprefix`; `result_db` the database of Celery's results where it is another one.
    """

    __tablename__ = "brokers"
    __table_args__ = (
        UniqueConstraint("kind", "host", "port", "db", "prefix"),
        CheckConstraint("kind IN ('rq', 'celery')", name="kind"),
    )

    id: Mapped[intpk]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    service: Mapped[str]
    environment: Mapped[str]
    url: Mapped[str] = mapped_column(info={"sealed": True})
    host: Mapped[str]
    port: Mapped[int]
    db: Mapped[int]
    secure: Mapped[bool]
    prefix: Mapped[str]
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text))
    result_db: Mapped[int | None]
    read_only: Mapped[bool]
    enabled: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def watched(self) -> Watched:
        """The same as a value, which outlives the transaction."""
        return Watched(
            name=self.name, kind=Kind(self.kind), service=self.service, environment=self.environment, sealed=self.url,
            host=self.host, port=self.port, db=self.db, prefix=self.prefix, queues=tuple(self.queues),
            result_db=self.result_db, read_only=self.read_only, enabled=self.enabled,
        )  # fmt: skip


class BrokerState(Model):
    """How a broker was when last looked at; of our own too, so by name and without a foreign key.

    `sample` is what was seen at `ok_at`; `seconds` how long that look took. `told_at` is when an alert began to say
    that it is away, None while none says so; `back_since` since when it answers every look while that alert is open.
    """

    __tablename__ = "broker_states"

    broker: Mapped[str] = mapped_column(primary_key=True)
    tried_at: Mapped[datetime]
    ok_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    error: Mapped[str | None]
    seconds: Mapped[float | None]
    sample: Mapped[dict[str, Any] | None]
    told_at: Mapped[datetime | None]
    back_since: Mapped[datetime | None]


class BrokerDepth(Model):
    """A queue in a minute, as last seen in it.

    `held` counts all jobs that are somewhere in it and not ended; `ended` is the sum of its workers' counters, which
    never falls while the same workers live. None where the broker does not tell.
    """

    __tablename__ = "broker_depths"

    broker: Mapped[str] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    waiting: Mapped[int]
    held: Mapped[int | None]
    ended: Mapped[int | None] = mapped_column(BigInteger)
