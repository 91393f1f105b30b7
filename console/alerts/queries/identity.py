"""Alerts by what makes them one, as other systems name them."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select, tuple_

from console.alerts.models import Alert, FailureEvent
from console.infra.db import db


def same_as(keys: Collection[tuple[str, str, str]]) -> Sequence[Alert]:
    """The alerts of some (service, environment, fingerprint), locked in order of id."""
    rows = select(Alert).where(tuple_(Alert.service, Alert.environment, Alert.fingerprint).in_(list(keys)))
    return _locked(rows)


def of_sentry(fingerprint: str) -> Sequence[Alert]:
    """The alerts of one issue of Sentry in every service and environment, locked."""
    rows = select(Alert).where(Alert.source == "sentry", Alert.fingerprint == fingerprint)
    return _locked(rows)


def _locked(rows: Select[Alert]) -> Sequence[Alert]:
    in_order = rows.order_by(Alert.id).with_for_update(key_share=True)
    return db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def seen_events(events: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of some (service, event id) have come before."""
    if not events:
        return set()
    key = tuple_(FailureEvent.service, FailureEvent.event_id)
    rows = db.session.execute(select(FailureEvent.service, FailureEvent.event_id).where(key.in_(list(events))))
    return {(service, event_id) for service, event_id in rows}
