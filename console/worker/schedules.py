"""What runs by the clock, as one table, and the clockwork that asks for it. Times of day are UTC."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from croniter import croniter
from flask import current_app

from console.accounts import jobs as account_jobs
from console.alerts import jobs as alert_jobs
from console.infra import clock, jobs
from console.infra.actor import SYSTEM
from console.infra.transaction import unit
from console.oncall import jobs as oncall_jobs
from console.queues import actions
from console.queues import jobs as queue_jobs


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job with either a cron expression or an interval of whole seconds; `setting` must be given for it to run."""

    name: str
    job: Callable[..., Any]
    cron: str | None = None
    every: int | None = None
    setting: str = ""

    @property
    def on(self) -> bool:
        """Whether this console wants it."""
        return not self.setting or bool(getattr(current_app.extensions["console.settings"], self.setting))

    @property
    def rhythm(self) -> str:
        """How people read it."""
        return f"cron {self.cron}" if self.cron else f"every {self.every} s"

    def latest(self, now: datetime) -> datetime:
        """The last slot at or before `now`."""
        if self.cron:
            found: datetime = croniter(self.cron, now + timedelta(microseconds=1)).get_prev(datetime)
            return found
        return datetime.fromtimestamp(int(now.timestamp()) // (self.every or 1) * (self.every or 1), UTC)

    def after(self, now: datetime) -> datetime:
        """The first slot after `now`."""
        if self.cron:
            found: datetime = croniter(self.cron, now).get_next(datetime)
            return found
        return self.latest(now) + timedelta(seconds=self.every or 1)

    def slot(self, at: datetime) -> str:
        """The slot's id, the same in every scheduler: `prune-jobs-20261121T0840`, with seconds where they matter."""
        return f"{self.name}-{at:%Y%m%dT%H%M}" + (f"{at:%S}" if at.second else "")


SCHEDULES: Final = (
    # name           job                          when
    Schedule("prune-jobs", queue_jobs.prune_jobs, cron="23 3 * * *"),
    Schedule("sweep-accounts", account_jobs.sweep_accounts, cron="41 3 * * *"),
    Schedule("alert-upkeep", alert_jobs.upkeep, cron="7 * * * *"),
    Schedule("drop-old-failures", alert_jobs.drop_old, cron="37 * * * *"),
    Schedule("count-insights", alert_jobs.count_insights, cron="*/5 * * * *"),
    Schedule("close-stale", alert_jobs.close_stale, cron="17 * * * *"),
    Schedule("prune-deliveries", oncall_jobs.prune_deliveries, cron="53 3 * * *"),
    Schedule("outward-heartbeat", oncall_jobs.outward_heartbeat, every=60, setting="outward_heartbeat_url"),
)


class Timetable:
    """Asks for the job of each new slot. Any number of timetables may tick: a slot is taken once."""

    def __init__(self, schedules: tuple[Schedule, ...] = SCHEDULES) -> None:
        self._schedules = schedules
        self._next: dict[str, datetime] = {}

    def tick(self) -> None:
        """Request what is due. A slot missed while no scheduler ran is made up for once, the newest only."""
        now = clock.now()
        for schedule in self._schedules:
            if schedule.on and now >= self._next.get(schedule.name, now):
                self._request(schedule, now)
                self._next[schedule.name] = schedule.after(now)

    def _request(self, schedule: Schedule, now: datetime) -> None:
        slot, following = schedule.latest(now), schedule.after(now)
        with unit():
            row = actions.keep_schedule(schedule.name, schedule.rhythm, jobs.spec_of(schedule.job).name, at=now)
            if slot > (row.last_slot_at or row.first_seen_at):
                asked = jobs.request(schedule.job, by=SYSTEM, slot=schedule.slot(slot))
                row.last_slot_at, row.last_job_id = slot, asked.id
            row.next_slot_at = following
