"""Settings of noise and limits of sources, for programs."""

from flask import Response

from console.alerts import actions
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.noise_schemas import DroppingOut, NoiseSettingsOut, SourceLimitOut, SourceLimitPage
from console.alerts.api.schemas import PageIn
from console.alerts.forms.noise import NoiseSettingsIn, SourceLimitIn
from console.alerts.models import SourceLimit
from console.alerts.queries import noise, sources
from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import Fault, Invalid
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe

LONGEST = 200


@bp.get("/noise-settings")
@requires_scope(Scope.READ)
@describe("What counts as flapping and as stale, and how much a service may send", reply=NoiseSettingsOut)
def get_noise_settings() -> Response:
    """What holds."""
    return reply(_settings())


@bp.put("/noise-settings")
@requires_scope(Scope.ADMIN)
@describe("Set them: what is left out takes its default", body=NoiseSettingsIn, reply=NoiseSettingsOut)
def put_noise_settings() -> Response:
    """From now on."""
    actions.put_noise_rules(body(NoiseSettingsIn).rules(), by=current_actor(), at=clock.now())
    return reply(_settings())


@bp.delete("/noise-settings")
@requires_scope(Scope.ADMIN)
@describe("Go back to the defaults", status=204)
def delete_noise_settings() -> Response:
    """All of them."""
    actions.reset_noise_rules(by=current_actor())
    return Response(status=204)


@bp.get("/source-limits")
@requires_scope(Scope.READ)
@describe("Services with a limit of their own, by name", query=PageIn, reply=SourceLimitPage)
def list_source_limits() -> Response:
    """A page of limits."""
    asked = query(PageIn)
    page = sources.limits_page(limit=asked.limit, cursor=asked.cursor)
    return reply(SourceLimitPage(items=[_told(found) for found in page.items], next_cursor=page.next_cursor))


@bp.get("/source-limits/<path:service>")
@requires_scope(Scope.READ)
@describe("A service's own limit", reply=SourceLimitOut)
def get_source_limit(service: str) -> Response:
    """One limit."""
    return reply(_told(sources.get_limit(service)))


@bp.put("/source-limits/<path:service>")
@requires_scope(Scope.ADMIN)
@describe("Give a service a limit of its own, or another one", body=SourceLimitIn, reply=SourceLimitOut)
def put_source_limit(service: str) -> Response:
    """From the next request on."""
    wanted = body(SourceLimitIn)
    if len(service) > LONGEST or "\0" in service or not service.strip():
        raise Invalid("No service is called so.", errors=[Fault("/service", f"At most {LONGEST} characters.")])
    found = actions.put_limit(service, wanted.failures_per_minute, by=current_actor(), at=clock.now())
    return reply(_told(found))


@bp.delete("/source-limits/<path:service>")
@requires_scope(Scope.ADMIN)
@describe("Take it back: the console's number holds again", status=204)
def delete_source_limit(service: str) -> Response:
    """From the next request on."""
    actions.delete_limit(sources.get_limit(service), by=current_actor())
    return Response(status=204)


def _settings() -> NoiseSettingsOut:
    found = noise.noise_settings()
    at, by = (found.updated_at, found.updated_by) if found else (None, None)
    return NoiseSettingsOut(**noise.noise_rules().values, updated_at=at, updated_by=by)


def _told(found: SourceLimit) -> SourceLimitOut:
    drop = next((drop for drop in sources.dropping() if drop.service == found.service), None)
    dropping = DroppingOut(since=drop.began_at, last_at=drop.last_at, dropped=drop.dropped) if drop else None
    return SourceLimitOut.of(found, dropping)
