"""What people ask for: a whole alert's failed jobs, or some of one broker."""

from dataclasses import dataclass

from console.alerts import actions as alerts
from console.alerts import queries as alert_queries
from console.infra import clock
from console.infra.actor import Actor
from console.infra.errors import Conflict
from console.queues import queries
from console.queues.jobs.orders import Survey, place, survey
from console.queues.jobs.settled import jobs_of
from console.queues.models import RqOrder
from console.queues.rules.orders import Action

DONE = {Action.REQUEUE: "requeued", Action.DELETE: "deleted"}


@dataclass(frozen=True, slots=True)
class Target:
    """Either the jobs of an alert, or `jobs` of a `broker`."""

    alert_id: int | None = None
    broker: str = ""
    jobs: tuple[str, ...] = ()


def look(target: Target) -> Survey:
    """What could be done with them now; raises NotFound for an alert or a broker that is none."""
    if target.alert_id is not None:
        return survey(jobs_of(target.alert_id).placed)
    return survey({target.broker: sorted(set(target.jobs))})


def order(action: Action, target: Target, *, by: Actor, expect: int | None = None) -> RqOrder:
    """Ask that they be moved; raises Conflict where none may be, or when their number is not the one expected."""
    if target.alert_id is not None:
        # Of two who ask for the same alert, the second waits here and finds the jobs taken.
        alert = alert_queries.get_for_change(target.alert_id)
    found = look(target)
    if not found.count:
        raise Conflict(found.forbidden or f"No job can be {DONE[action]} now. Nothing was done.")
    if expect is not None and found.count != expect:
        raise Conflict(f"{found.count:,} can be {DONE[action]} now, not {expect:,}. Nothing was done; look again.")
    if target.alert_id is not None and action is Action.REQUEUE:
        alerts.retry(alert, dry_run=False, by=by, at=clock.now())
        return queries.orders_page(limit=1, cursor=None, alert_id=alert.id).items[0].order
    made, taken = place(action, found.ready, by=by, alert_id=target.alert_id)
    if not taken:
        raise Conflict("Somebody else has just asked for these jobs. Nothing was done; look again.")
    return made
