"""What a watched broker is, and when its absence is told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# A restart takes seconds and concerns nobody; and who comes and goes is away until it stays.
PATIENCE: Final = timedelta(seconds=30)
STEADY: Final = timedelta(seconds=30)


class Kind(StrEnum):
    """The job systems that are understood, both on Redis."""

    RQ = "rq"
    CELERY = "celery"


@dataclass(frozen=True, slots=True)
class Watched:
    """A broker as followers, samplers and pages need it. `sealed` is its encrypted address, None for our own."""

    name: str
    kind: Kind
    service: str
    environment: str = "production"
    sealed: str | None = field(default=None, repr=False)
    host: str = ""
    port: int = 0
    db: int = 0
    prefix: str = ""
    queues: tuple[str, ...] = ()
    result_db: int | None = None
    read_only: bool = False
    enabled: bool = True

    @property
    def builtin(self) -> bool:
        """Whether it is our own RQ on REDIS_URL."""
        return self.sealed is None

    @property
    def place(self) -> str:
        """Where it is, as far as that may be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return "REDIS_URL" if self.builtin else f"{host}:{self.port}/{self.db}"


# Always there: our own jobs, and what other services enqueue into our Redis.
CONSOLE: Final = Watched("console", Kind.RQ, "rq")


def to_be_told(failing_since: datetime, at: datetime) -> bool:
    """Whether a broker has failed for so long, at every look, that somebody should know."""
    return at - failing_since >= PATIENCE


def is_back(back_since: datetime, at: datetime) -> bool:
    """Whether it has answered for so long, at every look, that its absence is over."""
    return at - back_since >= STEADY
