"""What was seen of a broker at one moment, and how it is kept: plain values that go into JSON and come back.

None stands everywhere for what the broker does not tell; a page says so and never guesses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

# RQ's workers tell of themselves every 30 s while busy; idle ones before their time to live, 420 s by default, ends.
SILENT_BUSY: Final = timedelta(seconds=90)
SILENT_IDLE: Final = timedelta(seconds=480)


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """One queue. Rates are jobs a minute over the last five; `at_least` marks those that are more than was counted."""

    name: str
    waiting: int
    oldest_at: datetime | None = None
    running: int | None = None
    later: int | None = None
    failed: int | None = None
    in_rate: float | None = None
    out_rate: float | None = None
    failed_rate: float | None = None
    at_least: bool = False
    ended: int | None = None

    @property
    def held(self) -> int | None:
        """All jobs in it that have not ended."""
        return None if self.running is None else self.waiting + self.running + (self.later or 0)


@dataclass(frozen=True, slots=True)
class WorkerNow:
    """A worker as it last told of itself; `gone` when only its name is left.

    `silent_after`: seconds between signs of life that are too many, where it is not RQ's usual.
    """

    name: str
    queues: tuple[str, ...] = ()
    state: str = ""
    current_job: str | None = None
    task: str | None = None
    host: str = ""
    pid: int | None = None
    heartbeat: datetime | None = None
    succeeded: int | None = None
    failed: int | None = None
    gone: bool = False
    silent_after: float | None = None

    def stale(self, now: datetime) -> bool:
        """Whether its last sign of life is older than a living worker's can be."""
        if self.gone or self.heartbeat is None:
            return self.gone
        usual = SILENT_BUSY if self.current_job else SILENT_IDLE
        return now - self.heartbeat > (usual if self.silent_after is None else timedelta(seconds=self.silent_after))


@dataclass(frozen=True, slots=True)
class ScheduleSeen:
    """What comes by the clock, and who keeps it."""

    name: str
    keeper: str
    rhythm: str | None = None
    queue: str | None = None
    last_at: datetime | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LostJob:
    """A job that counts as started while its worker is gone, and what will become of it."""

    job_id: str
    queue: str
    task: str
    worker: str
    fate: str
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """PostgreSQL against Redis: due rows without a bell, bells without a row to run. Ids are examples."""

    rows: int
    bells: int
    no_bell: int
    no_row: int
    rows_without: tuple[str, ...] = ()
    bells_without: tuple[str, ...] = ()
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything seen at `at`. `announced`: how many Celery workers the broker knows by name; a killed one stays."""

    at: datetime
    version: str = ""
    queues: Sequence[QueueSeen] = ()
    more_queues: int = 0
    workers: Sequence[WorkerNow] = ()
    more_workers: int = 0
    announced: int | None = None
    schedules: Sequence[ScheduleSeen] = ()
    lost: Sequence[LostJob] = ()
    match: Match | None = None
    notes: Sequence[str] = field(default=())

    def packed(self) -> dict[str, Any]:
        """As JSON."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Sample":
        """Out of JSON."""
        parts: dict[str, Any] = {
            name: tuple(_read(kind, row) for row in kept.get(name, ())) for name, kind in PARTS.items()
        }
        match = kept.get("match")
        same = {name: kept[name] for name in ("version", "more_queues", "more_workers", "announced") if name in kept}
        return cls(
            at=datetime.fromisoformat(kept["at"]),
            match=_read(Match, match) if match else None,
            notes=tuple(kept.get("notes", ())),
            **same,
            **parts,
        )


PARTS: Final[dict[str, type]] = {
    "queues": QueueSeen, "workers": WorkerNow, "schedules": ScheduleSeen, "lost": LostJob,
}  # fmt: skip


def per_minute(counted: int, span: timedelta) -> float:
    """Jobs a minute."""
    return round(counted / max(span.total_seconds() / 60, 1 / 60), 2)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _read(kind: type, row: Mapping[str, Any]) -> Any:
    known = {name: _back(name, row[name]) for name in kind.__dataclass_fields__ if name in row}  # type: ignore[attr-defined]
    return kind(**known)


def _back(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return datetime.fromisoformat(value) if value and (name.endswith("_at") or name == "heartbeat") else value
