"""The table of contents: everything the console is made of, put together once. The only file that knows all rooms."""

from pathlib import Path
from typing import Any

from flask import Flask

from console.accounts import api as accounts_api
from console.accounts import views as accounts_views
from console.alerts import api as alerts_api
from console.alerts import views as alerts_views
from console.audit import actions as audit_actions
from console.audit import api as audit_api
from console.audit import views as audit_views
from console.config import Settings, load_settings
from console.infra import events, pool, sentry
from console.infra.db import db
from console.infra.redis import connect
from console.oncall import api as oncall_api
from console.oncall import queries as oncall_queries
from console.oncall import views as oncall_views
from console.oncall.actions import telling
from console.queues import api as queues_api
from console.queues import jobs as queues_jobs
from console.queues import views as queues_views
from console.tickets import api as tickets_api
from console.tickets import views as tickets_views
from console.web import (
    auth,
    errors,
    lean,
    limits,
    live,
    markdown,
    nav,
    openapi,
    probes,
    requests,
    security,
    shell,
    showcase,
    transaction,
)

ROOT = Path(__file__).parent.parent
PAGES = (
    alerts_views.bp,
    alerts_views.heartbeats.bp,
    alerts_api.pings.bp,
    oncall_views.bp,
    queues_views.bp,
    tickets_views.bp,
    accounts_views.bp,
    audit_views.bp,
)
APIS = (alerts_api.bp, oncall_api.bp, queues_api.bp, tickets_api.bp, accounts_api.bp, audit_api.bp, openapi.bp)


def create_app(settings: Settings | None = None) -> Flask:
    """The console as a WSGI application. Raises when the settings are not fit to start with."""
    settings = settings or load_settings()
    sentry.configure(settings)
    app = lean.House("console", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(SQLALCHEMY_DATABASE_URI=settings.database_url, SECRET_KEY=settings.secret_key)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _pool(settings)
    app.session_interface = lean.Sessions()
    app.extensions["console.settings"] = settings
    app.extensions["console.redis"] = connect(settings)
    requests.init_app(app)
    db.init_app(app)
    pool.init_app(app)
    events.init_app()
    _web(app)
    _rooms(app)
    return app


def _pool(settings: Settings) -> dict[str, Any]:
    """A connection for each thread, and one more for units that survive a refusal."""
    return {
        "pool_size": settings.web_threads,
        "max_overflow": settings.web_threads,
        "pool_timeout": 5,
        "connect_args": {"connect_timeout": 3},
    }


def _web(app: Flask) -> None:
    # First, so that its headers are set last: whatever answers in between, they are on it.
    security.init_app(app)
    errors.init_app(app)
    live.init_app(app)
    # Last registered runs first: the transaction settles before headers are stamped on the reply.
    transaction.init_app(app)
    shell.init_app(app)
    markdown.init_app(app)
    if app.extensions["console.settings"].environment != "production":
        app.register_blueprint(showcase.bp)
    facts = {
        "alerts.index": alerts_views.open_count,
        "heartbeats.index": alerts_views.heartbeats.broken_fact,
        "tickets.index": tickets_views.menu.at_risk,
    }
    nav.init_app(app, facts)
    loaders = auth.Loaders(accounts_views.load_session, accounts_api.load_token, accounts_views.confirmed)
    auth.init_app(app, loaders)
    limits.init_app(app)
    probes.init_app(app)


def _rooms(app: Flask) -> None:
    events.refused.connect(audit_actions.record_refusal)
    events.job_settled.connect(queues_jobs.hear_settled)
    events.retry_requested.connect(queues_jobs.answer_retry)
    events.retry_requested.connect(queues_jobs.answer_celery_retry)
    events.alert_changed.connect(telling.hear)
    events.alert_told.connect(oncall_queries.telling_of)
    for page in PAGES:
        app.register_blueprint(page)
    for api in APIS:
        app.register_blueprint(api, url_prefix="/api/v1")
