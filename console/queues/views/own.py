"""The pages of our own queues and jobs."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, redirect, request, url_for
from redis.exceptions import RedisError

from console.infra import clock
from console.infra.actor import Role
from console.infra.jobs import Job
from console.infra.redis import connection
from console.queues import actions, forms, queries
from console.queues.client import RqRegistries, WorkerSeen
from console.queues.jobs import practice_failure
from console.queues.queries import Filters
from console.queues.views.blueprint import bp
from console.queues.views.shown import ROOMS, board_of, strangers
from console.web import live
from console.web.auth import current_actor, requires
from console.web.htmx import done, page, toast


@bp.get("/queues")
@requires(Role.VIEWER)
def index() -> Response:
    """Our own queues, workers and timetable."""
    return live.not_modified(*ROOMS) or page("queues/index.html", "queue_board", **_board())


@bp.get("/queues/jobs")
@requires(Role.VIEWER)
def jobs() -> Response:
    """Our jobs, newest first."""
    if unchanged := live.not_modified(*ROOMS):
        return unchanged
    filters = forms.read_filters(request.args)
    found = queries.list_jobs(filters, cursor=request.args.get("cursor"))
    context: dict[str, Any] = {"jobs": found.items, "filters": filters, "choices": forms.choices(filters)}
    return page("queues/jobs.html", "job_list", may_act=_may_act(), older=_older(filters, found.next_cursor), **context)


@bp.get("/queues/jobs/<uuid:job_id>")
@requires(Role.VIEWER)
def job(job_id: Any) -> Response:
    """One job: how far it is, what it said, why it failed."""
    return live.not_modified(*ROOMS) or page("queues/job.html", "job_page", **_job(queries.get(job_id)))


@bp.post("/queues/jobs/<uuid:job_id>/cancellation")
@requires(Role.RESPONDER)
def stop(job_id: Any) -> Response:
    """Stop it."""
    found = actions.stop(job_id, by=current_actor())
    said = "The job was stopped before it began." if found.finished else "The job is asked to stop."
    return done("queues/job.html", "job_page", to=url_for(".job", job_id=found.id), said=said, **_job(found))


@bp.post("/queues/jobs/<uuid:job_id>/retry")
@requires(Role.RESPONDER)
def retry(job_id: Any) -> Response:
    """Run it again."""
    found = actions.retry(job_id, by=current_actor())
    to = url_for(".job", job_id=found.id)
    return done("queues/job.html", "job_page", to=to, said="The job runs again.", **_job(found))


@bp.post("/queues/practice")
@requires(Role.RESPONDER)
def practice() -> Response:
    """Enqueue a real job that fails on its first run and succeeds when it is retried."""
    found = actions.ask_for(practice_failure, by=current_actor())
    said = "A real job is on its way. It fails in a moment; retry it from its alert."
    if urlsplit(request.referrer or "").path == url_for("alerts.index"):
        # Asked from the list where it will show: stay and watch.
        toast(said)
        return make_response(redirect(url_for("alerts.index"), 303))
    return done("queues/job.html", "job_page", to=url_for(".job", job_id=found.id), said=said, **_job(found))


def _board() -> dict[str, Any]:
    shown = [board_of(one) for one in queries.brokers_now()]
    workers, reached = _workers()
    now = clock.now()
    return {
        "board": queries.board(now),
        "workers": workers,
        "redis_reached": reached,
        "schedules": queries.schedules(),
        "cap": queries.CAP,
        "own": strangers(shown[0]),
        "others": sorted(shown[1:], key=lambda one: one.state != "away"),
        "may_change": _is(Role.ADMIN),
    }


def _workers() -> tuple[list[WorkerSeen], bool]:
    """Live, within half a second at the most: without workers nothing of ours runs, so this is not shown late."""
    try:
        return RqRegistries(connection()).workers(), True
    except RedisError:
        current_app.logger.warning("queues page without Redis")
        return [], False


def _job(found: Job) -> dict[str, Any]:
    told = {"attempts": queries.attempts(found), "lines": queries.log_lines(found)}
    return {"job": found, "may_act": _may_act(), **told}


def _older(filters: Filters, cursor: str | None) -> str:
    parameters: dict[str, Any] = forms.as_query(filters) | {"cursor": cursor}
    return url_for(".jobs", **parameters) if cursor else ""


def _may_act() -> bool:
    return _is(Role.RESPONDER)


def _is(wanted: Role) -> bool:
    role = current_actor().role
    return role is not None and role.includes(wanted)
