"""The order in which policies are asked: the first that matches a ticket decides."""

from datetime import datetime

from sqlalchemy import select

from console.audit.actions import record
from console.infra.actor import Actor
from console.infra.db import db
from console.tickets.actions.promises import alone, rebuild
from console.tickets.models import Rebuild, SlaPolicy


def move(found: SlaPolicy, *, up: bool, by: Actor, at: datetime) -> Rebuild | None:
    """Ask a policy one place earlier or later and count open tickets anew; None when it is at the end already.

    Positions become 1, 2, 3: no version changes, for what a policy promises stays.
    """
    alone()
    rows = select(SlaPolicy).where(SlaPolicy.deleted_at.is_(None))
    order = (SlaPolicy.position, SlaPolicy.updated_at.desc(), SlaPolicy.id.desc())
    known = list(db.session.scalars(rows.order_by(*order).with_for_update()))
    place = known.index(found)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(known):
        return None
    known[place], known[other] = known[other], known[place]
    for number, each in enumerate(known, 1):
        each.position = number
    told = {"from": place + 1, "to": other + 1, "order": [each.name for each in known]}
    record("sla_policy.moved", by=by, object=("sla_policy", found.id, found.name), details=told)
    return rebuild("the order of policies", by=by, at=at)
