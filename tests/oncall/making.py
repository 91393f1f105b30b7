"""What the tests of this room make: alerts, channels, rules, and the work of scheduler and worker in one call."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

from flask import Flask
from sqlalchemy import select

from console.alerts import actions as alert_actions
from console.alerts import queries as alert_queries
from console.alerts.models import Alert
from console.alerts.rules.failure import Failure
from console.config import Settings
from console.infra import clock
from console.infra.actor import Actor, Role
from console.infra.db import db
from console.infra.jobs import Job, JobState, run
from console.infra.transaction import unit
from console.oncall import jobs
from console.oncall.actions import setup
from console.oncall.actions.setup import ChannelWanted, RuleWanted
from console.oncall.models import Delivery, Kind

ADA = Actor(kind="user", id=1, label="ada@example.com", role=Role.ADMIN)
OLU = Actor(kind="user", id=2, label="olu@example.com", role=Role.RESPONDER)
LOOPBACK = (ip_network("127.0.0.0/8"),)
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def allow_loopback(app: Flask, **changes: Any) -> Settings:
    """Settings of the app that reach servers on this machine; the caller puts the old ones back."""
    settings: Settings = app.extensions["console.settings"]
    changes = {"probe_allowed_networks": LOOPBACK, "base_url": "https://console.example.org", **changes}
    changed = settings.model_copy(update=changes)
    app.extensions["console.settings"] = changed
    return settings


def fail(task: str = "send_invoice", **fields: Any) -> int:
    """One failure of a task, committed; returns its alert."""
    now = clock.now()
    known = {"service": "billing", "exception_type": "ValueError", "message": f"bad invoice in {task}", **fields}
    with unit():
        result = alert_actions.ingest([Failure(task=task, occurred_at=now, fingerprint=task, **known)], at=now)
    return result.alerts[0]


def change(alert_id: int, verb: Any, by: Actor = OLU, **given: Any) -> None:
    """A verb on an alert, committed."""
    with unit():
        verb(alert_queries.get_for_change(alert_id), by=by, at=clock.now(), **given)


def channel(name: str, kind: Kind = Kind.WEBHOOK, **fields: Any) -> None:
    if kind is Kind.WEBHOOK:
        fields = {"signing_key": KEY, **fields}
    with unit():
        setup.put_channel(name, ChannelWanted(kind, **fields), by=ADA, at=clock.now())


def rule(name: str, *channels: str, **fields: Any) -> None:
    with unit():
        setup.put_rule(name, RuleWanted(channels, **fields), by=ADA, at=clock.now())


def work() -> None:
    """One round of the scheduler, then every job that it asked for, as a worker would run it."""
    jobs.tell()
    for _ in range(20):
        with unit() as session:
            due = session.scalars(
                select(Job.id).where(Job.state == JobState.REQUESTED, Job.name.like("console.oncall%"))
            )
            ids = list(due)
        if not ids:
            return
        for job_id in ids:
            run.perform(job_id, worker="test")
        jobs.tell()
    raise AssertionError("the room asks for jobs without end")


def states() -> list[tuple[str, str | None, int | None]]:
    """(state, channel or recipient, step) of each delivery, in order."""
    db.session.expire_all()
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    return [(row.state, row.recipient or row.channel_name, row.step) for row in rows]


def alert_of(alert_id: int) -> Alert:
    db.session.expire_all()
    return alert_queries.get(alert_id)


def failing_jobs() -> Sequence[Job]:
    return db.session.scalars(select(Job).where(Job.state == JobState.FAILED)).all()
