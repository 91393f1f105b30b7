"""The list of alerts, fifty rows, at 10,000 and at a million alerts: `python bench/list.py [ALERTS]`.

Ten occurrences an alert, eight counted hours for the newest tenth. Each page is built thirty times by a signed-in
viewer in one process: p95 of the wall-clock time, and CPU of this process and PostgreSQL together.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.poll import session
from bench.stand import Stand, keep, measured, stand
from console.app import create_app
from console.infra import log

TIMES = 30
PAGES = {
    "all": {},
    "state": {"status": "resolved"},
    "severity": {"severity": "warning"},
    "service": {"service": "service-7"},
    "service, rare": {"service": "rare"},
    "environment": {"environment": "staging"},
    "owner": {"assignee": "user-3@example.com"},
    "nobody": {"assignee": "none"},
    "q: a tag": {"q": "tags.customer:c17"},
    "q: one alert's word": {"q": "ref4711x"},
    "q: a word of one in a thousand": {"q": "kind17x"},
    "q: a word of every alert": {"q": "pricelist"},
}
ALERTS = text("""
    INSERT INTO alerts (service, environment, fingerprint, task, exception_type, title, severity, status, source, count,
                        count_since_open, first_seen, last_seen, opened_at, updated_at, assignee, resolved_at)
    SELECT CASE WHEN n % 50000 = 1 THEN 'rare' ELSE 'service-' || n % 40 END,
           (ARRAY['production', 'staging'])[1 + n % 2],
           'f' || n, 'tasks.job_' || n % 400, 'PriceError', 'PriceError: ref' || n || 'x has no pricelist', 1 + n % 4,
           (ARRAY[4, 3, 1, 1, 1, 1, 1, 1, 1, 1])[1 + n / 7 % 10], 'api', 10, 10, at - interval '9 days', at, at, at,
           CASE WHEN n % 3 = 0 THEN 'user-' || n % 30 || '@example.com' END,
           CASE WHEN n / 7 % 10 > 1 THEN at END
    FROM (SELECT n, now() - n * interval '1 second' AS at FROM generate_series(1, :count) AS n) AS made
""")
DETAILS = text("""
    INSERT INTO alert_details (alert_id, message, tags, text)
    SELECT id, title, jsonb_build_object('customer', 'c' || id % 2000),
           title || E'\\n' || task || E'\\nkind' || id % 1000 || 'x' FROM alerts
""")
COUNTS = text("""
    INSERT INTO alert_counts (alert_id, grain, at, final, retried)
    SELECT id, 2, date_trunc('hour', now()) - hour * interval '1 hour', 1, 0
    FROM (SELECT id FROM alerts ORDER BY last_seen DESC LIMIT :count) AS a, generate_series(0, 7) AS hour
""")
OCCURRENCES = text("""
    INSERT INTO occurrences (id, received_at, alert_id, occurred_at, severity, will_retry, service, environment, task,
                             message, source, tags, extra)
    SELECT nextval('occurrences_id_seq'), now(), id, now(), severity, false, service, environment, task, title, source,
           '{}', '{}'
    FROM alerts, generate_series(1, 10)
""")


def fill(on: Stand, alerts: int) -> None:
    """Alerts and all that hangs on them, in statements of the server's own."""
    engine = create_engine(on.settings.database_owner_url)
    with engine.begin() as connection:
        connection.execute(ALERTS, {"count": alerts})
        connection.execute(DETAILS)
        connection.execute(COUNTS, {"count": alerts // 10})
        connection.execute(OCCURRENCES)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def page(on: Stand, client: FlaskClient, query: dict[str, str]) -> dict[str, Any]:
    """One page, thirty times."""
    took: list[float] = []

    def ask() -> None:
        for _ in range(TIMES):
            began = time.perf_counter()
            answer = client.get("/alerts", query_string=query)
            took.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{query}: {answer.status_code}")

    client.get("/alerts", query_string=query)
    own = time.process_time()
    found = measured(on, TIMES, ask)
    cpu = found["cpu_ms"] + (time.process_time() - own) * 1000 / TIMES
    p95 = statistics.quantiles(took, n=20)[-1]
    return {"median_ms": round(statistics.median(took), 1), "p95_ms": round(p95, 1), "cpu_ms": round(cpu, 1)}


def measure(alerts: int) -> dict[str, Any]:
    """All pages over so many alerts."""
    with stand() as on:
        fill(on, alerts)
        app = create_app(on.settings.model_copy(update={"secret_key": "bench" * 8}))
        log.configure(on.settings.model_copy(update={"log_level": "WARNING"}))
        client = app.test_client()
        client.set_cookie("session", session(on.settings))
        return {name: page(on, client, query) for name, query in PAGES.items()}


def main(alerts: int) -> None:
    """Measure and print."""
    few, many = measure(10_000), measure(alerts)
    print(
        f"| 50 rows of | p95 ms at {alerts:,} | CPU ms | p95 ms at 10,000 | CPU ms |",
        "|---|---:|---:|---:|---:|",
        sep="\n",
    )
    for name, row in many.items():
        print(f"| {name} | {row['p95_ms']} | {row['cpu_ms']} | {few[name]['p95_ms']} | {few[name]['cpu_ms']} |")
    keep("list", {"alerts": alerts, "many": many, "few": few})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
