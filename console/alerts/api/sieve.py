"""What of a request is within the limits of its services; the rest is dropped, counted and told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from console.alerts import client
from console.alerts.queries import noise, sources
from console.alerts.rules import limits, storable
from console.alerts.rules.failure import Failure
from console.infra.errors import Fault, TooMany

# A process reads the limits again after this long, even if it was told of no change: Redis may have forgotten.
STALE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits as a process knows them: `own` by service, else the `usual` one."""

    version: int
    read_at: datetime
    own: Mapping[str, int]
    usual: int


def sieve(found: Sequence[Failure], at: datetime) -> list[int]:
    """The places in `found` of what is over a limit, and counted as dropped.

    Raises TooMany when all of it is: then nothing is stored, and its sender may send it again.
    """
    sent = Counter(storable.text(failure.service) for failure in found)
    counted = client.counter().add(sent, at)
    if counted is None:
        return []
    known = _limits(counted.version, at)
    room = dict(limits.allowed(sent, counted.totals, known.own, known.usual))
    if sum(room.values()) == len(found):
        return []
    over = [place for place, failure in enumerate(found) if not _takes(storable.text(failure.service), room)]
    client.counter().drop(Counter(storable.text(found[place].service) for place in over))
    if len(over) == len(found):
        raise TooMany(_told(found[0].service, at), retry_after=60 - at.second)
    return over


def fault(place: str, failure: Failure, at: datetime) -> Fault:
    """What the reply says of one that was dropped."""
    return Fault(place, _told(failure.service, at))


def _takes(service: str, room: dict[str, int]) -> bool:
    room[service] -= 1
    return room[service] >= 0


def _told(service: str, at: datetime) -> str:
    known: Limits = current_app.extensions["console.source_limits"]
    limit = known.own.get(storable.text(service), known.usual)
    again = (at + timedelta(seconds=60 - at.second)).strftime("%H:%M:00 UTC")
    over = f"{service} sends more than its limit of {limit:,} failures a minute."
    return f"{over} Dropped and counted; send it again after {again}."


def _limits(version: int, at: datetime) -> Limits:
    known: Limits | None = current_app.extensions.get("console.source_limits")
    if known is None or known.version != version or not timedelta() <= at - known.read_at < STALE:
        known = Limits(version, at, sources.limits(), noise.noise_rules().failures_per_minute)
        current_app.extensions["console.source_limits"] = known
    return known
