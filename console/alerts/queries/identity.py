"""Alerts by what makes them one, as other systems name them."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import ARRAY, Select, Text, and_, bindparam, func, select, tuple_

from console.alerts.models import Alert, FailureEvent
from console.infra.db import db

KEY: Final = ("service", "environment", "fingerprint")


def same_as(keys: Collection[tuple[str, str, str]]) -> Sequence[Alert]:
    """The alerts of some (service, environment, fingerprint), locked in order of id."""
    # Joined rather than compared with a list: a list of hundreds is looked for in every alert there is, one by one.
    asked = func.unnest(*(bindparam(name, type_=ARRAY(Text)) for name in KEY)).table_valued(*KEY).render_derived()
    mine = and_(*(getattr(Alert, name) == asked.c[name] for name in KEY))
    # Each once: a key that is asked for twice would be found twice.
    columns = zip(*sorted(set(keys)), strict=True) if keys else [()] * len(KEY)
    values = {name: list(column) for name, column in zip(KEY, columns, strict=True)}
    return _locked(select(Alert).join(asked, mine).params(values))


def of_sentry(fingerprint: str) -> Sequence[Alert]:
    """The alerts of one issue of Sentry in every service and environment, locked."""
    rows = select(Alert).where(Alert.source == "sentry", Alert.fingerprint == fingerprint)
    return _locked(rows)


def _locked(rows: Select[Alert]) -> Sequence[Alert]:
    in_order = rows.order_by(Alert.id).with_for_update(key_share=True, of=Alert)
    return db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def seen_events(events: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of some (service, event id) have come before."""
    if not events:
        return set()
    key = tuple_(FailureEvent.service, FailureEvent.event_id)
    rows = db.session.execute(select(FailureEvent.service, FailureEvent.event_id).where(key.in_(list(events))))
    return {(service, event_id) for service, event_id in rows}
