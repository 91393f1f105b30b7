"""A console's worth of alerts for the benchmarks, sent by COPY and kept for the next run.

Ten occurrences an alert over nine weeks, a history row each, hours counted for the newest; a tenth is open, a tenth
acknowledged, two in a hundred snoozed, the rest resolved.
"""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Engine, create_engine, text

from console.config import Settings

# Seconds between two alerts: a million of them reach back nine weeks.
APART = 5
OCCURRENCES = 10
STATUSES = (4, 3, 1, 1, 1, 1, 1, 1, 1, 1)
CHUNK = 2_000
NULL = r"\N"
COLUMNS = {
    "alerts": "id, service, environment, fingerprint, task, exception_type, title, severity, status, source, count, "
    "count_since_open, reopened_count, first_seen, last_seen, opened_at, assignee, acknowledged_by, acknowledged_at, "
    "snoozed_until, before_snooze, resolved_at, updated_at",
    "alert_details": "alert_id, message, tags, text",
    "alert_history": "alert_id, at, by, by_kind, event, after, why",
    "alert_counts": "alert_id, grain, at, final, retried",
    "occurrences": "id, received_at, alert_id, occurred_at, severity, will_retry, service, environment, task, "
    "exception_type, message, traceback, job_id, queue, worker, host, release, source, tags, extra",
}
TRACEBACK = r"Traceback (most recent call last):\n  File \"/srv/app/tasks.py\", line 41, in job\n    price(order)"


def fill(settings: Settings, alerts: int) -> None:
    """Everything of so many alerts, unless the database has them already."""
    engine = create_engine(settings.database_owner_url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT count(*) FROM (SELECT id FROM alerts LIMIT 2) AS few")).scalar_one()
    if not found:
        _copy_all(engine, alerts)
    engine.dispose()


def _copy_all(engine: Engine, alerts: int) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with engine.begin() as connection:
        weeks = text("SELECT add_occurrence_partition(now() - n * interval '1 week') FROM generate_series(-3, 60) AS n")
        connection.execute(weeks).all()
    makers: dict[str, Callable[[int, datetime], str]] = {
        "alerts": _alert,
        "alert_details": _detail,
        "alert_history": _history,
        "alert_counts": _counts,
        "occurrences": _occurrences,
    }
    for table, make in makers.items():
        _copy(engine, table, (make(n, now) for n in range(1, alerts + 1)))
    with engine.begin() as connection:
        connection.execute(text("SELECT setval(pg_get_serial_sequence('alerts', 'id'), :last)"), {"last": alerts})
        connection.execute(text("SELECT setval('occurrences_id_seq', :last)"), {"last": alerts * OCCURRENCES})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _copy(engine: Engine, table: str, lines: Iterator[str]) -> None:
    with engine.begin() as connection:
        cursor: Any = connection.connection.cursor()
        for chunk in iter(lambda: "".join(islice(lines, CHUNK)), ""):
            cursor.copy_expert(f"COPY {table} ({COLUMNS[table]}) FROM STDIN", io.StringIO(chunk))


def _seen(n: int, now: datetime) -> datetime:
    return now - timedelta(seconds=n * APART)


def _where(n: int) -> tuple[str, str]:
    return ("rare" if n % 50_000 == 1 else f"service-{n % 40}"), ("production", "staging", "production")[n % 3]


def _title(n: int) -> str:
    return f"PriceError: ref{n}x has no pricelist"


def _status(n: int) -> int:
    return 2 if n % 50 == 7 else STATUSES[n // 7 % 10]


def _alert(n: int, now: datetime) -> str:
    (service, environment), seen, status = _where(n), _seen(n, now), _status(n)
    owner = f"user-{n % 30}@example.com" if n % 3 == 0 else NULL
    taken = (owner, seen) if status == 3 and owner != NULL else (NULL, NULL)
    snoozed = (now + timedelta(days=30), 4) if status == 2 else (NULL, NULL)
    values = (
        n, service, environment, f"f{n}", f"tasks.job_{n % 400}", "PriceError", _title(n), 1 + n % 4, status, "api",
        OCCURRENCES, OCCURRENCES, 0, seen - timedelta(days=9), seen, seen - timedelta(days=9), owner, *taken, *snoozed,
        seen if status == 1 else NULL, seen,
    )  # fmt: skip
    return _line(*values)


def _detail(n: int, now: datetime) -> str:  # noqa: ARG001
    tags = f'{{"customer": "c{n % 2000}", "region": "r{n % 9}"}}'
    return _line(n, _title(n), tags, rf"{_title(n)}\ntasks.job_{n % 400}\nkind{n % 1000}x")


def _history(n: int, now: datetime) -> str:
    return _line(n, _seen(n, now) - timedelta(days=9), "console", "system", "opened", "open", "")


def _counts(n: int, now: datetime) -> str:
    if n * APART > 86_400:
        return ""
    hour = _seen(n, now).replace(minute=0, second=0)
    return "".join(_line(n, 2, hour - timedelta(hours=ago), 1 + (n + ago) % 5, 0) for ago in range(8))


def _occurrences(n: int, now: datetime) -> str:
    (service, environment), seen = _where(n), _seen(n, now)
    first = (n - 1) * OCCURRENCES + 1
    return "".join(
        _line(
            first + i, at, n, at, 1 + n % 4, "f", service, environment, f"tasks.job_{n % 400}", "PriceError", _title(n),
            TRACEBACK, f"job-{first + i}", "default", f"w{i}", f"host-{n % 20}", f"2026.11.{n % 9}", "api", "{}", "{}",
        )
        for i in range(OCCURRENCES)
        for at in (seen - timedelta(hours=OCCURRENCES - 1 - i),)
    )  # fmt: skip


def _line(*values: object) -> str:
    return "\t".join(map(str, values)) + "\n"
