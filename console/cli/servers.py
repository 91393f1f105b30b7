"""PostgreSQL and Redis for a command: those it was given, those of a running `up`, or embedded ones."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import structlog

from console.cli.folder import DataFolder
from console.config import Settings, load_settings
from console.infra.embedded import (
    EmbeddedError,
    ensure_postgres,
    ensure_redis,
    postgres_running,
    redis_running,
    stop_postgres,
    stop_redis,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Embedded:
    """The servers of one data folder that we look after ourselves."""

    directory: Path
    postgres: bool
    redis: bool

    @classmethod
    def needed_by(cls, settings: Settings) -> "Embedded":
        """Whatever has no URL."""
        return cls(settings.console_data_dir, not settings.database_url, not settings.redis_url)

    def start(self, settings: Settings) -> Settings:
        """Start or adopt them; the settings with their URLs filled in."""
        found: dict[str, str] = {}
        if self.postgres:
            urls = ensure_postgres(self.directory)
            found |= {"database_url": urls.app_url, "database_owner_url": urls.owner_url}
        if self.redis:
            found["redis_url"] = ensure_redis(self.directory)
        return settings.model_copy(update=found)

    def tend(self) -> None:
        """Start again what has died; what cannot be started now is tried again in the next round."""
        try:
            if self.postgres and not postgres_running(self.directory):
                log.error("server_died", server="postgresql", action="starting it again")
                ensure_postgres(self.directory)
            if self.redis and not redis_running(self.directory):
                log.error("server_died", server="redis", action="starting it again")
                ensure_redis(self.directory)
        except EmbeddedError as error:
            log.critical("server_not_restarted", error=str(error))

    def stop(self) -> None:
        """Stop them, Redis first: it writes its log out."""
        if self.redis:
            stop_redis(self.directory)
        if self.postgres:
            stop_postgres(self.directory)


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[Settings]:
    """Settings whose URLs lead somewhere. Servers nobody else uses any more are stopped afterwards."""
    folder = DataFolder(settings.console_data_dir)
    settings = of_running_up(settings, folder)
    if settings.database_url and settings.redis_url:
        yield settings
        return
    folder.prepare()
    embedded = Embedded.needed_by(settings)
    with folder.using_servers() as last_one:
        try:
            yield embedded.start(settings)
        finally:
            if last_one:
                embedded.stop()


def of_running_up(settings: Settings, folder: DataFolder) -> Settings:
    """Settings with what the `up` running on the folder has told, where they name nothing else themselves."""
    told = folder.running()
    if told is None or settings.production:
        return settings
    found: dict[str, object] = {"host": told.host, "port": told.port}
    if not settings.database_url:
        found |= {"database_url": told.database_url, "database_owner_url": told.database_owner_url}
    if not settings.redis_url:
        found["redis_url"] = told.redis_url
    return settings.model_copy(update=found)


@contextlib.contextmanager
def console() -> Iterator[Settings]:
    """The app's context, its schema current, for a command that changes or reads something; gives the settings."""
    from console.app import create_app
    from console.infra.log import configure

    found = load_settings()
    configure(found)
    with served(found) as settings:
        if settings.production:
            _insist_on_schema(settings)
        else:
            bring_up_to_date(settings)
        app = create_app(settings)
        with app.app_context():
            yield settings


def _insist_on_schema(settings: Settings) -> None:
    """In production migrating is a step of its own, as the owner, and only there is its URL."""
    from console.infra.migrations import head

    at = _schema(settings.database_url)
    if at != head():
        raise click.ClickException(f"The database is at {at}, this version needs {head()}: run `migrate` first.")


def bring_up_to_date(settings: Settings) -> None:
    """Migrate what is not current yet, and grant the application what it may do."""
    from sqlalchemy import make_url

    from console.infra.migrations import head, migrate

    if _schema(settings.owner_url) == head():
        return
    from console.app import create_app

    create_app(settings)  # its tables say which of them are append-only
    migrate(settings.owner_url, make_url(settings.database_url).username)


def _schema(url: str) -> str | None:
    from sqlalchemy import create_engine

    from console.infra.migrations import current

    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return current(connection)
    finally:
        engine.dispose()
