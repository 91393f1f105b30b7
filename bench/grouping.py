"""What grouping and scrubbing cost: CPU microseconds an item, on one core. `python bench/grouping.py`."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

# ruff: noqa: E402 - a script finds the console beside itself
from console.alerts.rules.fingerprint import fingerprint
from console.alerts.rules.messages import normalise_message
from console.alerts.rules.tracebacks import parse_traceback
from console.infra.scrub import scrub_text, scrub_value

RESULTS = ROOT / "bench" / "results.json"
LIBRARY = "/app/.venv/lib/python3.11/site-packages/rq/worker/base.py"
HEAD = "Traceback (most recent call last):\n"
MESSAGE = "404 Client Error: Not Found for url: https://api.example.com/v1/orders/"


def _frame(file: str, number: int) -> str:
    call = f"    return self.perform(job_{number}, *args, **kwargs)\n"
    return f'  File "{file}", line {number}, in call_{number}\n{call}           ^^^^^^^^^^^^^^^^^^^^^^^^^^\n'


def traceback(item: int) -> str:
    """Twenty frames, six of them own, about 3 KB; `item` makes it unlike all others."""
    library = "".join(_frame(LIBRARY, n) for n in range(14))
    own = "".join(_frame(f"/srv/releases/20260101/shop/orders/step_{n}.py", n + item) for n in range(6))
    return f"{HEAD}{library}{own}requests.exceptions.HTTPError: {MESSAGE}{item}\n"


def cost(work: Callable[[int], object], items: int = 2_000) -> float:
    """CPU microseconds for one item; the best of three rounds, as other programs share the machine."""
    rounds = []
    for offset in range(3):
        start = time.process_time()
        for item in range(items):
            work(offset * items + item)
        rounds.append((time.process_time() - start) / items * 1e6)
    return min(rounds)


def main() -> None:
    """Prints the table and adds it to results.json."""
    texts = [traceback(item) for item in range(6_000)]
    kwargs = {"order_id": 7, "password": "hunter2", "address": {"street": "x", "lines": ["a", "b"]}}
    rows: dict[str, tuple[Callable[[int], object], str]] = {
        "parse a traceback of 20 frames": (lambda n: parse_traceback(texts[n]), "never seen before"),
        "fingerprint it": (lambda n: fingerprint(task="shop.tasks.sync", traceback=texts[n]), "never seen before"),
        "fingerprint it again": (lambda _: fingerprint(task="shop.tasks.sync", traceback=texts[0]), "remembered"),
        "fingerprint by message": (lambda n: fingerprint(task="a", message=f"{MESSAGE}{n}"), "never seen before"),
        "normalise a message": (lambda n: normalise_message(f"{MESSAGE}{n}"), f"{len(MESSAGE)} characters"),
        "scrub a traceback": (lambda n: scrub_text(texts[n]), f"{len(texts[0]):,} characters, no secret"),
        "scrub arguments": (lambda _: scrub_value(kwargs), "6 values, one secret"),
    }
    measured = {name: round(cost(work), 1) for name, (work, _) in rows.items()}
    for name, value in measured.items():
        print(f"{name:<34}{value:>9.1f} us   {rows[name][1]}")
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**kept, "grouping": measured}, indent=2) + "\n")


if __name__ == "__main__":
    main()
