"""A service's Celery app, run by a real worker in a process of its own: `celery -A shop worker -E`."""

# mypy: disable-error-code="untyped-decorator"

import os
import signal
import time
from typing import Any

from celery import Celery
from celery.exceptions import Reject
from odd import ODD  # type: ignore[import-not-found]

app: Any = Celery("shop", broker=os.environ["BROKER"], backend=os.environ.get("RESULTS"))
app.conf.update(
    worker_send_task_events="NO_EVENTS" not in os.environ,
    task_send_sent_event="SENT" in os.environ,
    result_extended="EXTENDED" in os.environ,
    broker_connection_retry_on_startup=True,
    worker_prefetch_multiplier=1,
)
if "PREFIX" in os.environ:
    options = {"global_keyprefix": os.environ["PREFIX"]}
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
if "REPORT" in os.environ:
    import celery_report  # type: ignore[import-not-found]

    assert celery_report


class NoPriceList(LookupError):
    """What this shop raises."""


@app.task
def odd(kind: str) -> None:
    raise ODD[kind]()  # noqa: RSE102 - some are functions


@app.task
def fails(sku: Any, **more: Any) -> None:
    raise NoPriceList(f"no price list for {type(sku).__name__}")


@app.task
def fine(number: int) -> int:
    return number


@app.task(bind=True, max_retries=2)
def tries(self: Any) -> None:
    try:
        open_the_shop()
    except ConnectionError as error:
        raise self.retry(exc=error, countdown=0) from error


def open_the_shop() -> None:
    raise ConnectionError("the shop is closed")


@app.task(bind=True, max_retries=1, time_limit=1)
def endless(self: Any) -> None:
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    time.sleep(100)


@app.task(soft_time_limit=1)
def too_slow() -> None:
    time.sleep(100)


@app.task
def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(acks_late=True)
def rejects() -> None:
    raise Reject("not for me", requeue=False)


@app.task(bind=True, acks_late=True)
def requeues(self: Any) -> None:
    if not self.request.delivery_info.get("redelivered"):
        raise Reject("not now", requeue=True)


@app.task
def sleeps(seconds: float) -> None:
    time.sleep(seconds)


@app.task
def until(path: str, **_more: Any) -> None:
    """Fails until a file is there."""
    if not os.path.exists(path):  # noqa: PTH110 - the service is written as services are
        raise FileNotFoundError(f"no {os.path.basename(path)}")  # noqa: PTH119


@app.task
def waits(path: str, *, well: bool = False) -> None:
    """Goes on when a file is there."""
    while not os.path.exists(path):  # noqa: PTH110
        time.sleep(0.02)
    if not well:
        raise RuntimeError("waited in vain")
