"""What the page of the list looks for beside its rows, in one statement: mostly there is nothing of it."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from console.infra.db import db

_BESIDE = text("""
    SELECT EXISTS (SELECT FROM alerts WHERE snoozed_until <= :now),
           (SELECT min(snoozed_until) FROM alerts WHERE snoozed_until > :now),
           EXISTS (SELECT FROM bulk_changes WHERE finished_at IS NULL),
           EXISTS (SELECT FROM source_drops WHERE ended_at IS NULL),
           EXISTS (SELECT FROM flapping_spells WHERE settled_at IS NULL)
""")


class Beside(NamedTuple):
    """Whether a snooze has run out that is not written down yet, and when the next one does.

    And whether many alerts are being changed, failures dropped, alerts flapping: only then are those asked for.
    """

    waking: bool
    next_waking: datetime | None
    changing: bool
    dropping: bool
    flapping: bool


def beside(now: datetime) -> Beside:
    """All of it at an instant."""
    return Beside._make(db.session.execute(_BESIDE, {"now": now}).one())
