"""Heartbeats as failures: one for each miss, dated at its deadline, and one for each run that says it failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from console.alerts.rules.failure import Failure
from console.alerts.rules.heartbeats.beats import Pulse, Rhythm, State, broken_by
from console.alerts.rules.states import Severity

SOURCE = "heartbeat"
# A miss noticed later than this was not noticed by a console at work.
PROMPT = timedelta(minutes=1)
BODY_SHOWN = 2_000
SAID = {
    State.MISSED: "did not ping in time",
    State.UNFINISHED: "began and did not finish in time",
    State.FAILED: "reports a failed run",
}


@dataclass(frozen=True, slots=True)
class About:
    """The heartbeat that a failure is about."""

    uuid: UUID
    name: str
    slug: str
    service: str
    environment: str
    severity: Severity
    tags: Mapping[str, Any]
    runbook_url: str | None
    zone: str


def fingerprint(uuid: UUID, state: State) -> str:
    """Which alert: missed, unfinished and failed are three, since they have different causes."""
    return f"{SOURCE}:{uuid}:{state.word}"


def missed(about: About, pulse: Pulse, rhythm: Rhythm, *, noticed_at: datetime) -> Failure:
    """The failure of a pulse whose deadline has passed, dated at that deadline."""
    assert pulse.deadline_at is not None
    state = broken_by(pulse)
    began = state is State.UNFINISHED
    since = pulse.started_at if began else pulse.expected_at
    verb = "The run began" if began else "It was expected"
    told = [f"{verb} {local(since or pulse.deadline_at, about.zone)}; the grace is {span(rhythm.grace)}."]
    if noticed_at - pulse.deadline_at > PROMPT:
        told.append(f"The console noticed it {span(noticed_at - pulse.deadline_at)} later: it was not at work before.")
    key = f"{fingerprint(about.uuid, state)}:{pulse.deadline_at.isoformat()}"
    return _failure(about, state, "\n".join(told), at=pulse.deadline_at, event_id=key)


def failed(
    about: About, *, at: datetime, number: int, exit_code: int | None, duration: timedelta | None, body: bytes | None
) -> Failure:
    """The failure that a ping tells of; `number` is the ping's."""
    ended = "It pinged /fail" if exit_code is None else f"Exit code {exit_code}"
    took = "" if duration is None else f" after {span(duration)}"
    said = (body or b"").decode("utf-8", "replace").strip()
    text = f"{ended}{took}." + (f"\n\n{said[-BODY_SHOWN:]}" if said else "")
    return _failure(about, State.FAILED, text, at=at, event_id=f"{fingerprint(about.uuid, State.FAILED)}:{number}")


def _failure(about: About, state: State, text: str, *, at: datetime, event_id: str) -> Failure:
    return Failure(
        service=about.service,
        environment=about.environment,
        task=about.slug,
        occurred_at=at,
        severity=about.severity,
        message=f"{about.name} {SAID[state]}\n{text}",
        fingerprint=fingerprint(about.uuid, state),
        event_id=event_id,
        runbook_url=about.runbook_url,
        tags=about.tags,
        source=SOURCE,
        extra={"heartbeat": str(about.uuid)},
    )


def local(at: datetime, zone: str) -> str:
    """An instant as the heartbeat's own zone writes it: "on Sat 21 Nov 2026 at 02:30:00 CET"."""
    return f"on {at.astimezone(ZoneInfo(zone)):%a %-d %b %Y at %H:%M:%S %Z}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: "90 s" is "1 min 30 s"."""
    seconds = length.total_seconds()
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s".replace(".0 s", " s")
    left, words = int(seconds), []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if left >= size:
            words.append(f"{left // size} {unit}")
            left %= size
    return " ".join(words[:2])
