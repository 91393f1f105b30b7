"""Taking failures in over HTTP, in batches and one by one, beside bare upserts: `python bench/ingest.py [FAILURES]`.

Each failure: 1.4 KB traceback of twelve frames, tags, kwargs, event id, job id; one of 2,000 causes, the frequent ones
far more often than the rare. CPU is user + system time of the web processes and PostgreSQL (fsync on) together.
"""

import random
import sys
import time
from pathlib import Path

import orjson
import psycopg2
from psycopg2.extras import execute_values
from sqlalchemy import make_url

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.stand import Call, Stand, keep, measured, send_all, stand, table, web
from console.accounts.actions import create_token
from console.app import create_app
from console.infra.actor import SYSTEM, Scope
from console.infra.transaction import unit

CAUSES = 2_000
CLIENTS = 4


def failure(number: int, chance: random.Random) -> dict[str, object]:
    """One failure of a cause drawn by Zipf's law, as a worker would send it."""
    cause = min(int(chance.paretovariate(0.7)), CAUSES)
    frames = "".join(
        f'  File "/srv/app-7f9c/shop/module_{(cause * 7 + level) % 97}.py", line {level * 13 + 7}, in step_{level}\n'
        f"    return self.next_step(order, level={level})\n"
        for level in range(12)
    )
    message = f"order {chance.randrange(10**6)} has no price list"
    return {
        "service": "shop",
        "task": f"shop.tasks.job_{cause % 40}",
        "exception_type": "shop.errors.PriceError",
        "message": message,
        "traceback": f"Traceback (most recent call last):\n{frames}shop.errors.PriceError: {message}\n",
        "event_id": f"e-{number}-{chance.random()}",
        "job_id": f"job-{number}",
        "queue": "orders",
        "host": f"worker-{number % 5}",
        "retries": 0,
        "max_retries": 3,
        "kwargs": {"order": number, "customer": cause, "api_token": "s3cr3t-value"},
        "tags": {"customer": f"c{chance.randrange(200)}"},
    }


def calls(count: int, size: int, secret: str) -> list[Call]:
    """`count` failures as requests of `size` each, encoded before the clock starts."""
    chance = random.Random(count + size)  # noqa: S311 - the same mix in every run
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    made = []
    for first in range(0, count, size):
        items = [failure(number, chance) for number in range(first, first + size)]
        made.append(Call("POST", "/api/v1/failures", headers, orjson.dumps(items if size > 1 else items[0])))
    return made


def upserts(on: Stand, rows: int) -> None:
    """The floor: counting by key and nothing else, 500 rows a statement, a commit each."""
    connection = psycopg2.connect(
        make_url(on.settings.database_owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_floor (key int PRIMARY KEY, count bigint)")
    statement = (
        "INSERT INTO bench_floor VALUES %s ON CONFLICT (key) DO UPDATE SET count = bench_floor.count + EXCLUDED.count"
    )
    for first in range(0, rows, 500):
        with connection, connection.cursor() as cursor:
            execute_values(cursor, statement, [(key % CAUSES, 1) for key in range(first, first + 500)], page_size=500)
    connection.close()


def main(count: int) -> None:
    """Measure and print."""
    with stand() as on:
        with create_app(on.settings).app_context(), unit():
            _, secret = create_token("bench", [Scope.INGEST], by=SYSTEM)
        began = time.process_time()
        floor = measured(on, count, lambda: upserts(on, count))
        floor["cpu_ms"] += round((time.process_time() - began) * 1000 / count, 4)
        with web(on) as (port, pid):
            send_all(port, calls(2_000, 100, secret), clients=CLIENTS, status=202)
            batches, singles = calls(count, 100, secret), calls(count // 10, 1, secret)
            # One by one first: what batches leave to vacuums and checkpoints is theirs.
            one = measured(on, len(singles), lambda: send_all(port, singles, clients=CLIENTS, status=202), pid)
            many = measured(on, count, lambda: send_all(port, batches, clients=CLIENTS, status=202), pid)
    rows = {
        "failures, 100 a request": many | {"bar": "≥ 2,000/s, ≤ 0.4 ms"},
        "failures, one a request": one | {"bar": "≤ 4 ms"},
        "floor: bare upserts, 500 rows a statement": floor,
    }
    print(table("ingest", rows))
    keep("ingest", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
