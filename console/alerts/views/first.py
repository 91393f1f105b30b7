"""A fresh token for the first failure that somebody sends."""

from datetime import timedelta

from flask import Response

from console.accounts import actions as accounts
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import BLOCKS, listing
from console.alerts.views.ways import ways
from console.infra import clock
from console.infra.actor import Role, Scope
from console.web import htmx
from console.web.auth import current_actor, requires

# Long enough to try, too short to be forgotten somewhere.
LASTS = timedelta(days=1)


@bp.post("/alerts/first-token")
@requires(Role.ADMIN)
def first_token() -> Response:
    """A token that may only send failures, for a day, within the line; the page shows it once."""
    by, until = current_actor(), clock.now() + LASTS
    _, secret = accounts.create_token("First failure from a shell", [Scope.INGEST], by=by, expires_at=until)
    return htmx.page("alerts/index.html", BLOCKS, **listing({}) | ways(secret))
