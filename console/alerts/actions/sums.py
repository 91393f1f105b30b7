"""What the target of a merge counts: its own failures and those of the merged, exactly, in and out again."""

from sqlalchemy import text

from console.alerts.models import Alert, AlertMerge
from console.alerts.queries import merges
from console.infra.db import db

_ADD = text("""
    INSERT INTO alert_counts (alert_id, grain, at, final, retried)
    SELECT :target, grain, at, final, retried FROM alert_counts WHERE alert_id = :child ORDER BY grain, at
    ON CONFLICT (alert_id, grain, at) DO UPDATE SET
        final = alert_counts.final + EXCLUDED.final, retried = alert_counts.retried + EXCLUDED.retried
""")

_SUBTRACT = text("""
    WITH less AS (
        UPDATE alert_counts AS t SET final = t.final - c.final, retried = t.retried - c.retried
        FROM alert_counts AS c
        WHERE t.alert_id = :target AND c.alert_id = :child AND c.grain = t.grain AND c.at = t.at
          AND (t.final <> c.final OR t.retried <> c.retried)
    )
    DELETE FROM alert_counts AS t USING alert_counts AS c
    WHERE t.alert_id = :target AND c.alert_id = :child AND c.grain = t.grain AND c.at = t.at
      AND t.final = c.final AND t.retried = c.retried
""")

# What is searched of the target: its own words, and those of all that is merged into it.
_TEXT = text("""
    UPDATE alert_details AS d
    SET text = concat_ws(E'\\n', a.title, nullif(a.task, ''), nullif(d.message, ''), (
        SELECT string_agg(c.text, E'\\n' ORDER BY c.alert_id)
        FROM alert_merges AS m JOIN alert_details AS c ON c.alert_id = m.alert_id
        WHERE m.target_id = a.id AND m.alert_id <> :but))
    FROM alerts AS a WHERE d.alert_id = :target AND a.id = d.alert_id
""")


def add(target: Alert, child: Alert, row: AlertMerge) -> None:
    """Count the failures of a merged alert for its target as well."""
    target.count += child.count
    target.count_since_open += child.count - row.counted_from
    target.first_seen = min(target.first_seen, child.first_seen)
    target.last_seen = max(target.last_seen, child.last_seen)
    db.session.flush()
    db.session.execute(_ADD, {"target": target.id, "child": child.id})
    db.session.execute(_TEXT, {"target": target.id, "but": target.id})


def take_out(target: Alert, child: Alert, row: AlertMerge) -> None:
    """Count them for it no longer; the row of the merge is forgotten by the caller."""
    target.count -= child.count
    target.count_since_open -= child.count - row.counted_from
    first, last = merges.own_span(target)
    others = [span for span in merges.spans(target.id) if span.alert_id != child.id]
    target.first_seen = min([first, *(span.first_seen for span in others)])
    target.last_seen = max([last, *(span.last_seen for span in others)])
    db.session.flush()
    db.session.execute(_SUBTRACT, {"target": target.id, "child": child.id})
    db.session.execute(_TEXT, {"target": target.id, "but": child.id})
