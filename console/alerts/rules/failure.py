"""A failure as every source hands it over, before it is scrubbed, grouped and stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from console.alerts.rules.states import Severity

# What is kept of one failure. Longer texts keep their head and their tail, where a traceback says most.
MAX_MESSAGE = 10_000
MAX_TRACEBACK = 65_536
# Clocks of senders differ; what lies further ahead than this is a mistake.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure event. `occurred_at` is aware; `args`, `kwargs`, `tags` and `extra` are JSON values."""

    service: str
    task: str
    occurred_at: datetime
    environment: str = "production"
    severity: Severity = Severity.ERROR
    exception_type: str | None = None
    message: str | None = None
    traceback: str | None = None
    event_id: str | None = None
    job_id: str | None = None
    queue: str | None = None
    worker: str | None = None
    host: str | None = None
    retries: int | None = None
    max_retries: int | None = None
    will_retry: bool = False
    args: Any = None
    kwargs: Any = None
    release: str | None = None
    runbook_url: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str | tuple[str, ...] | None = None
    source: str = "api"
    extra: Mapping[str, Any] = field(default_factory=dict)


def clip(text: str, limit: int) -> str:
    """`text` within `limit` characters: a third from its head, the rest from its tail, and what was left out.

    It is cut at the ends of lines where there are any, so that no half of a secret is left unrecognised at the cut.
    """
    if len(text) <= limit:
        return text
    note = f"\n… {len(text):,} characters, the middle left out …\n"
    head = text[: (limit - len(note)) // 3]
    tail = text[len(head) + len(note) - limit :]
    if "\n" in head and "\n" in tail:
        head, tail = head[: head.rindex("\n")], tail[tail.index("\n") + 1 :]
    return f"{head}{note}{tail}"
