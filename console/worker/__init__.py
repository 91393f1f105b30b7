"""The processes that work: RQ workers for our jobs, and the scheduler that wakes, watches and repairs."""

from console.worker.rqworker import run_rqworker
from console.worker.scheduler import Scheduler, run_scheduler
from console.worker.schedules import SCHEDULES, Timetable

__all__ = ["SCHEDULES", "Scheduler", "Timetable", "run_rqworker", "run_scheduler"]
