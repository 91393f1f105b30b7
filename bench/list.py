"""The list of alerts, fifty rows, and single pages, at 10,000 and a million: `python bench/list.py [ALERTS [FOLDER]]`.

Ten occurrences an alert, sent by COPY (bench/data.py) and kept in FOLDER for the next run. Each page is built once,
which is told apart, and then forty times, by a signed-in viewer in one process: wall-clock time, and CPU of this
process and PostgreSQL together.
"""

import html
import re
import statistics
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.data import fill
from bench.poll import session
from bench.stand import Stand, keep, measured, stand
from console.app import create_app
from console.infra import log, memory

TIMES = 40
WORDS = {
    "a word of none": "nonsenseword",
    "one alert's word": "ref4711x",
    "a word of one in a thousand": "kind17x",
    "either of two such": "kind17x OR kind18x",
    "a word of every alert": "pricelist",
    "an infix wildcard": "re*4711x",
    "a tag": "tags.customer:c17",
    "a tag of a ninth": "tags.region:r3",
    "service:": "service:service-7",
    "-service:": "-service:service-7",
    "service: either": "service:(rare OR service-9)",
    "status:": "status:snoozed",
    "task:": "task:tasks.job_17",
    "message:": "message:ref4711x",
    "fingerprint:": "fingerprint:f4711",
    "count:>5": "count:>5",
    "count:>100": "count:>100",
    "last_seen:<1h": "last_seen:<1h",
    "last_seen:>30d": "last_seen:>30d",
    "opened_at:>1h": "opened_at:>1h",
    "exception_type: of none": "exception_type:KeyError",
    "source: of none": "source:celery",
}
PAGES: dict[str, dict[str, str | list[str]]] = {
    "all": {},
    "state": {"status": "resolved"},
    "severity": {"severity": "warning"},
    "service": {"service": "service-7"},
    "service, rare": {"service": "rare"},
    "two services": {"service": ["service-7", "rare"]},
    "environment": {"environment": "staging"},
    "service and environment": {"service": "service-7", "environment": "staging"},
    "owner": {"assignee": "user-3@example.com"},
    "nobody": {"assignee": "none"},
    "since an hour": {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()},
    "oldest first": {"status": "acknowledged", "sort": "oldest"},
    "most recent first": {"status": "resolved", "sort": "recent"},
    **{f"q: {name}": {"q": q} for name, q in WORDS.items()},
}
COMPLETED = {"completion: a field": "se", "completion: services": "service:se", "completion: tags": "tags.customer:c1"}

OTHERS = {
    "one alert": "/alerts/4711",
    "one alert's failures": "/alerts/4711/occurrences",
    "noise": "/alerts/insights",
    "response": "/alerts/insights/response",
}


def page(on: Stand, client: FlaskClient, query: Mapping[str, str | list[str]], path: str = "/alerts") -> dict[str, Any]:
    """One page, so many times; more than a reader may ask for."""
    client.application.extensions["console.limiter"].reset()
    took: list[float] = []

    def ask() -> None:
        for _ in range(TIMES):
            began = time.perf_counter()
            answer = client.get(path, query_string=query)
            took.append((time.perf_counter() - began) * 1000)
            # 422: the search was ended by its time limit, and said so.
            if answer.status_code not in {200, 422}:
                raise RuntimeError(f"{query}: {answer.status_code}")

    began = time.perf_counter()
    client.get(path, query_string=query)
    first = (time.perf_counter() - began) * 1000
    own = time.process_time()
    found = measured(on, TIMES, ask)
    cpu = found["cpu_ms"] + (time.process_time() - own) * 1000 / TIMES
    # Between what was seen: the other method reckons beyond the slowest where there are few.
    p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
    figures = {"median_ms": statistics.median(took), "p95_ms": p95, "cpu_ms": cpu, "first_ms": first}
    return {name: round(figure, 1) for name, figure in figures.items()}


def deep(client: FlaskClient) -> dict[str, str]:
    """The page behind ten cursors of what is resolved."""
    query = {"status": "resolved"}
    for _ in range(10):
        found = re.search(r'href="/alerts\?([^"]*cursor=[^"]*)"', client.get("/alerts", query_string=query).text)
        if found is None:
            raise RuntimeError("the list has no next page")
        query = dict(parse_qsl(html.unescape(found[1])))
    return query


def measure(alerts: int, folder: Path | None) -> dict[str, Any]:
    """All pages over so many alerts; their data are kept under `folder`, if given, for the next run."""
    with stand(folder / str(alerts) if folder else None) as on:
        fill(on.settings, alerts)
        app = create_app(on.settings.model_copy(update={"secret_key": "bench" * 8}))
        log.configure(on.settings.model_copy(update={"log_level": "WARNING"}))
        client = app.test_client()
        client.set_cookie("session", session(on.settings, int(time.time())))
        # As the web processes do.
        memory.settle()
        pages = PAGES | {"ten cursors on": deep(client)}
        found = {name: page(on, client, query) for name, query in pages.items()}
        found |= {name: page(on, client, {}, path) for name, path in OTHERS.items()}
        return found | {name: page(on, client, {"q": q}, "/alerts/completions") for name, q in COMPLETED.items()}


def main(alerts: int, folder: Path | None = None) -> None:
    """Measure and print."""
    few, many = measure(10_000, folder), measure(alerts, folder)
    print(
        f"| 50 rows of | median, p95 ms at {alerts:,} | first | CPU ms | p95 ms at 10,000 | CPU ms |",
        "|---|---:|---:|---:|---:|---:|",
        sep="\n",
    )
    for name, row in many.items():
        here = f"{row['median_ms']}, {row['p95_ms']} | {row['first_ms']} | {row['cpu_ms']}"
        print(f"| {name} | {here} | {few[name]['p95_ms']} | {few[name]['cpu_ms']} |")
    keep("list", {"alerts": alerts, "many": many, "few": few})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, Path(sys.argv[2]) if len(sys.argv) > 2 else None)
