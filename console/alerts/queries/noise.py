"""Reads about noise: what is set, what flaps, what has just changed to and fro."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from console.alerts.models import Alert, AlertOpening, FlappingSpell, NoiseSettings
from console.alerts.rules import noise
from console.alerts.rules.noise import NoiseRules
from console.infra.db import db

# Flapping is shown, and told, of so many alerts at a time.
MOST = 200
UNSETTLED = FlappingSpell.settled_at.is_(None)


def noise_settings() -> NoiseSettings | None:
    """What somebody has set, or None."""
    return db.session.get(NoiseSettings, 1)


def noise_rules() -> NoiseRules:
    """What holds."""
    found = noise_settings()
    return noise.read(found.values if found else {})


def changes(alert_ids: Sequence[int], since: datetime) -> Mapping[int, list[datetime]]:
    """When alerts went from resolved to open, or were resolved by no person's hand, after an instant."""
    rows = select(AlertOpening).where(
        AlertOpening.alert_id.in_(alert_ids), or_(AlertOpening.opened_at > since, AlertOpening.resolved_at > since)
    )
    found: dict[int, list[datetime]] = {alert_id: [] for alert_id in alert_ids}
    for row in db.session.scalars(rows.execution_options(populate_existing=True)):
        times = [row.opened_at if row.reopened else None, None if row.by_hand else row.resolved_at]
        found[row.alert_id] += [time for time in times if time is not None and time > since]
    return found


def spells(alert_ids: Sequence[int]) -> Mapping[int, FlappingSpell]:
    """The spells of those of some alerts that flap now."""
    if not alert_ids:
        return {}
    rows = select(FlappingSpell).where(FlappingSpell.alert_id.in_(alert_ids), UNSETTLED)
    return {spell.alert_id: spell for spell in db.session.scalars(rows)}


def spell(spell_id: int) -> FlappingSpell | None:
    """One spell."""
    return db.session.get(FlappingSpell, spell_id)


def flapping_now(service: str = "") -> Sequence[FlappingSpell]:
    """What flaps now with its alerts, the one that changed most first, up to MOST."""
    rows = select(FlappingSpell).join(FlappingSpell.alert).where(UNSETTLED)
    if service:
        rows = rows.where(Alert.service == service)
    order = (FlappingSpell.changes.desc(), FlappingSpell.id)
    return db.session.scalars(rows.options(joinedload(FlappingSpell.alert)).order_by(*order).limit(MOST)).all()


def due_to_settle(at: datetime, *, limit: int, everything: bool = False) -> Sequence[FlappingSpell]:
    """Spells that have settled by an instant (or all), locked with their alerts; what somebody changes is left out."""
    rows = select(FlappingSpell).join(FlappingSpell.alert).where(UNSETTLED)
    if not everything:
        rows = rows.where(FlappingSpell.settles_at <= at)
    locked = rows.with_for_update(of=[Alert, FlappingSpell], skip_locked=True, key_share=True)
    return db.session.scalars(locked.limit(limit).execution_options(populate_existing=True)).all()
