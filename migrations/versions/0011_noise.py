"""Openings of alerts, kept by a trigger on their history; flapping; limits of sources; counted reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011_noise"
down_revision = "0010_views"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
BIG = sa.BigInteger()
NO = sa.text("false")

# The history is the truth and every way of changing an alert writes it, one row or ten thousand to a statement. What
# is derived from it therefore hangs on it: nobody can forget to, and a batch costs one statement of each kind.
KEEP_OPENINGS = """
CREATE FUNCTION keep_alert_openings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alert_openings (alert_id, service, opened_at, reopened)
    SELECT f.alert_id, a.service, f.at, f.event = 'reopened'
    FROM fresh AS f JOIN alerts AS a ON a.id = f.alert_id
    WHERE f.event = 'opened' OR (f.event = 'reopened' AND f.before = 'resolved')
    ORDER BY f.id;
    IF EXISTS (SELECT FROM fresh WHERE event IN ('acknowledged', 'resolved', 'unresolved', 'unmerged')) THEN
        UPDATE alert_openings AS o SET acknowledged_at = f.at FROM fresh AS f
        WHERE f.event = 'acknowledged' AND o.acknowledged_at IS NULL AND o.resolved_at IS NULL
          AND o.id = (SELECT max(last.id) FROM alert_openings AS last WHERE last.alert_id = f.alert_id);
        UPDATE alert_openings AS o
        SET resolved_at = f.at, by_hand = f.by_kind = 'user', stale = f.by_kind = 'system' AND f.why LIKE 'stale: %'
        FROM fresh AS f
        WHERE f.event = 'resolved' AND o.resolved_at IS NULL
          AND o.id = (SELECT max(last.id) FROM alert_openings AS last WHERE last.alert_id = f.alert_id);
        UPDATE alert_openings AS o SET resolved_at = NULL, by_hand = false, stale = false FROM fresh AS f
        WHERE f.event = 'unresolved'
          AND o.id = (SELECT max(last.id) FROM alert_openings AS last WHERE last.alert_id = f.alert_id);
        -- While it was merged another stood for it: nobody could have answered it itself.
        UPDATE alert_openings AS o SET opened_at = f.at FROM fresh AS f
        WHERE f.event = 'unmerged' AND f.after <> 'resolved' AND o.acknowledged_at IS NULL AND o.resolved_at IS NULL
          AND o.id = (SELECT max(last.id) FROM alert_openings AS last WHERE last.alert_id = f.alert_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_alert_openings AFTER INSERT ON alert_history
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_alert_openings();
"""

# What has happened before this version: an opening ends with the first resolution that nobody took back.
BACKFILL = """
INSERT INTO alert_openings (alert_id, service, opened_at, reopened, acknowledged_at, resolved_at, by_hand)
WITH numbered AS (
    SELECT h.*, count(*) FILTER (WHERE event = 'opened' OR (event = 'reopened' AND before = 'resolved'))
                OVER (PARTITION BY alert_id ORDER BY id) AS opening
    FROM alert_history AS h
), undone AS (
    SELECT alert_id, opening, max(id) FILTER (WHERE event = 'unresolved') AS last FROM numbered GROUP BY 1, 2
)
SELECT n.alert_id, a.service, min(n.at), bool_or(n.event = 'reopened' AND n.before = 'resolved'),
       min(n.at) FILTER (WHERE n.event = 'acknowledged'),
       min(n.at) FILTER (WHERE n.event = 'resolved' AND n.id > coalesce(u.last, 0)),
       coalesce(bool_or(n.by_kind = 'user') FILTER (WHERE n.event = 'resolved' AND n.id > coalesce(u.last, 0)), false)
FROM numbered AS n JOIN undone AS u USING (alert_id, opening) JOIN alerts AS a ON a.id = n.alert_id
WHERE n.opening > 0
GROUP BY n.alert_id, n.opening, a.service
ORDER BY min(n.id)
"""


def upgrade() -> None:
    """Tables, the trigger, what is known already."""
    _openings()
    _flapping()
    _limits()
    _reports()
    op.execute(KEEP_OPENINGS)
    op.execute(BACKFILL)
    # What a delivery tells, when it is not the alert itself: that it flaps, or that it has settled.
    op.add_column("deliveries", sa.Column("news", sa.Text()))
    op.add_column("deliveries", sa.Column("why", sa.Text()))
    op.create_check_constraint("news", "deliveries", "news IN ('flapping', 'settled')")
    op.add_column("notices", sa.Column("spell_id", BIG))
    # Hours of all alerts, newest first: what a report of a day reads instead of everything.
    op.create_index("ix_alert_counts_hours", "alert_counts", ["at"], postgresql_where=sa.text("grain = 2"))


def downgrade() -> None:
    """All of it."""
    op.drop_index("ix_alert_counts_hours", "alert_counts")
    op.drop_column("notices", "spell_id")
    op.drop_constraint(op.f("ck_deliveries_news"), "deliveries")
    op.drop_column("deliveries", "why")
    op.drop_column("deliveries", "news")
    op.execute("DROP TRIGGER keep_alert_openings ON alert_history")
    op.execute("DROP FUNCTION keep_alert_openings")
    for table in ("response_weeks", "noise_tops", "noise_counts", "source_drops", "source_limits", "noise_settings"):
        op.drop_table(table)
    op.drop_table("flapping_spells")
    op.drop_table("alert_openings")


def _openings() -> None:
    op.create_table(
        "alert_openings",
        sa.Column("id", BIG, sa.Identity(), primary_key=True),
        _alert(),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("opened_at", UTC, nullable=False),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_at", UTC),
        sa.Column("resolved_at", UTC),
        sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=NO),
        sa.Column("stale", sa.Boolean(), nullable=False, server_default=NO),
    )
    op.create_index("ix_alert_openings_alert_id_id", "alert_openings", ["alert_id", "id"])
    op.create_index("ix_alert_openings_opened_at", "alert_openings", ["opened_at"])
    for name in ("acknowledged_at", "resolved_at"):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_alert_openings_{name}", "alert_openings", [name], postgresql_where=there)


def _flapping() -> None:
    op.create_table(
        "flapping_spells",
        sa.Column("id", BIG, sa.Identity(), primary_key=True),
        _alert(),
        sa.Column("started_at", UTC, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("changes", "began_with", "window_minutes")),
        sa.Column("last_changed_at", UTC, nullable=False),
        sa.Column("settles_at", UTC, nullable=False),
        sa.Column("settled_at", UTC),
    )
    unsettled = sa.text("settled_at IS NULL")
    op.create_index("ix_flapping_spells_alert_id_id", "flapping_spells", ["alert_id", "id"])
    op.create_index(
        "uq_flapping_spells_unsettled", "flapping_spells", ["alert_id"], unique=True, postgresql_where=unsettled
    )
    op.create_index("ix_flapping_spells_settles_at", "flapping_spells", ["settles_at"], postgresql_where=unsettled)


def _limits() -> None:
    op.create_table(
        "noise_settings",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("values", postgresql.JSONB(), nullable=False),
        *_changed(),
    )
    op.create_table(
        "source_limits",
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("failures_per_minute", sa.Integer(), nullable=False),
        *_changed(),
        sa.CheckConstraint("failures_per_minute > 0", name="failures_per_minute"),
    )
    op.create_table(
        "source_drops",
        sa.Column("id", BIG, sa.Identity(), primary_key=True),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("began_at", UTC, nullable=False),
        sa.Column("last_at", UTC, nullable=False),
        sa.Column("ended_at", UTC),
        sa.Column("dropped", BIG, nullable=False),
        sa.Column("failures_per_minute", sa.Integer(), nullable=False),
    )
    unended = sa.text("ended_at IS NULL")
    op.create_index("uq_source_drops_unended", "source_drops", ["service"], unique=True, postgresql_where=unended)
    op.create_index("ix_source_drops_last_at", "source_drops", ["last_at"])


def _reports() -> None:
    op.create_table(
        "noise_counts",
        sa.Column("period", sa.Text(), primary_key=True),
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("counted_at", UTC, nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        *(
            sa.Column(name, BIG, nullable=False)
            for name in ("failures", "openings", "reopenings", "changes", "ended", "unseen")
        ),
    )
    op.create_table(
        "noise_tops",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("period", "service", "measure")),
        sa.Column("rank", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("alert_id", BIG, nullable=False),
        sa.Column("value", BIG, nullable=False),
    )
    op.create_table(
        "response_weeks",
        sa.Column("service", sa.Text(), primary_key=True),
        sa.Column("week", sa.Date(), primary_key=True),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in ("acknowledge_mean", "acknowledge_median")),
        sa.Column("resolved", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in ("resolve_mean", "resolve_median")),
        sa.Column("stale", sa.Integer(), nullable=False),
    )
    op.create_index("ix_response_weeks_week", "response_weeks", ["week"])


def _alert() -> "sa.Column[int]":
    return sa.Column("alert_id", BIG, sa.ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False)


def _changed() -> "tuple[sa.Column[object], sa.Column[str]]":
    return sa.Column("updated_at", UTC, nullable=False), sa.Column("updated_by", sa.Text(), nullable=False)
