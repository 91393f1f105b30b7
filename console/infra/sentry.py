"""Our own errors, reported to Sentry when SENTRY_DSN is set: without secrets, and without noise.

Left out: health checks, static files, refusals (404, 429 and their kin are answers, not errors), local variables,
request bodies and personal data. Everything that leaves goes through `infra/scrub`.
"""

from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.argv import ArgvIntegration
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.rq import RqIntegration
from sentry_sdk.scrubber import DEFAULT_DENYLIST, DEFAULT_PII_DENYLIST, EventScrubber
from sentry_sdk.types import Breadcrumb, Event, Hint

from console.config import Settings
from console.infra.errors import DomainError
from console.infra.scrub import scrub_value

# Sentry's own list matches whole names only.
MORE_NAMES = ["dsn", "database_url", "database_owner_url", "redis_url", "mail_url", "webhook_url", "recovery_code"]
UNTOLD = ("/health", "/ready", "/metrics", "/static/", "/ping/")
ANSWERS = {404, 429}


def configure(settings: Settings) -> None:
    """Start reporting for this process, web or worker; does nothing without SENTRY_DSN."""
    if not settings.sentry_dsn:
        return
    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        environment=settings.environment,
        release=settings.release or None,
        # Only what is named here: the others leave breadcrumbs of every query and key.
        auto_enabling_integrations=False,
        integrations=[
            FlaskIntegration(transaction_style="url"),
            RqIntegration(),
            LoggingIntegration(level=None, event_level=None),
        ],
        # Each health check would count as a session, each left-out answer as a report.
        auto_session_tracking=False,
        send_client_reports=False,
        # Command lines may name people and places.
        disabled_integrations=[ArgvIntegration()],
        # Personal data stay here by default; the option that said so (send_default_pii) is deprecated.
        include_local_variables=False,
        max_request_body_size="never",
        event_scrubber=EventScrubber(
            denylist=DEFAULT_DENYLIST + MORE_NAMES, pii_denylist=DEFAULT_PII_DENYLIST, recursive=True
        ),
        traces_sampler=lambda sampling: _share(sampling, settings.sentry_traces_sample_rate),
        trace_ignore_status_codes=ANSWERS,
        before_send=_before_send,
        before_send_transaction=_before_send_transaction,
        before_breadcrumb=_before_breadcrumb,
    )


def report(error: BaseException, **tags: str) -> None:
    """Report an error that was caught and handled, such as that of a job."""
    with sentry_sdk.new_scope() as scope:
        for name, value in tags.items():
            scope.set_tag(name, value)
        sentry_sdk.capture_exception(error)


def _share(sampling: dict[str, Any], rate: float) -> float:
    path = str(sampling.get("wsgi_environ", {}).get("PATH_INFO", ""))
    return 0.0 if path.startswith(UNTOLD) else rate


def _before_send(event: Event, hint: Hint) -> Event | None:
    error = (hint.get("exc_info") or (None, None))[1]
    refusal = isinstance(error, DomainError) or getattr(error, "code", None) in ANSWERS
    return None if refusal or _path(event).startswith(UNTOLD) else _clean(event)


def _before_send_transaction(event: Event, _hint: Hint) -> Event | None:
    return None if _path(event).startswith(UNTOLD) else _clean(event)


def _before_breadcrumb(crumb: Breadcrumb, _hint: Hint) -> Breadcrumb | None:
    return cast("Breadcrumb", scrub_value(crumb))


def _path(event: Event) -> str:
    return "/" + str(event.get("request", {}).get("url", "")).partition("://")[2].partition("/")[2]


def _clean(event: Event) -> Event:
    """Of the request only its method stays: addresses hold one-time links, headers and cookies hold sessions."""
    request = event.get("request")
    if request:
        event["request"] = {"method": request.get("method")}
    return cast("Event", scrub_value(event))
