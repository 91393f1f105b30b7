"""Settings: the only reader of the environment. `.env.example` is made from this file by scripts/env_example.py."""

import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from console.config.values import (
    SECRET_KEY_LENGTH,
    HeartbeatUrl,
    MailUrl,
    Networks,
    PostgresUrl,
    Rate,
    RedisUrl,
    SentryDsn,
    WebAddress,
    Words,
    weak,
)

# Tests build Settings themselves and must not find a developer's .env.
_DOTENV: dict[str, Any] = {"_env_file": ".env"}


class ConfigError(ValueError):
    """The console must not start like this; `faults` names each setting with its fault, one line each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The configuration is not fit to start with:\n" + "\n".join(f"  {f}" for f in self.faults))


def setting(default: Any, text: str, *, secret: bool = False, **limits: Any) -> Any:
    """One setting with the sentence that documents it; a secret one is never printed and may come from NAME_FILE."""
    return Field(default=default, description=text, repr=not secret, **limits)


class _FromFiles(PydanticBaseSettingsSource):
    """NAME_FILE names a file whose content is NAME: how container secrets arrive. `file_faults` says what is wrong."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = Path(os.environ.get(f"{field_name.upper()}_FILE", ""))
        readable = not field.repr and path.is_file() and os.access(path, os.R_OK)
        return path.read_text().strip() if readable else None, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in found.items() if value is not None}


class Fields(BaseSettings):
    """Every setting with its type and range. Use `Settings`, which also knows what does not go together."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    environment: Literal["development", "production"] = setting("development", "development or production")
    debug: bool = setting(False, "tracebacks in the browser; never in production")
    secret_key: str = setting("", "signs forms; 32 or more random characters (development makes its own)", secret=True)
    encryption_keys: Words = setting((), "seal stored secrets, newest first; empty: made of SECRET_KEY", secret=True)
    base_url: WebAddress = setting("", "where people reach the console, and links lead: https://console.example.org")
    trusted_hosts: Words = setting((), "host names it answers to, with commas; empty: that of BASE_URL, if set")
    proxy_hops: int = setting(0, "reverse proxies in front whose X-Forwarded-* headers are believed", ge=0, le=5)
    host: str = setting("127.0.0.1", "address to listen on", min_length=1)
    port: int = setting(8000, "port to listen on", ge=0, le=65535)
    console_data_dir: Path = setting(Path("var"), "embedded servers, generated keys and spool files live here")

    database_url: PostgresUrl = setting("", "PostgreSQL, as a role that owns no table; empty: embedded", secret=True)
    database_owner_url: PostgresUrl = setting("", "the owner's role, for migrations; empty: DATABASE_URL", secret=True)
    database_pooled: bool = setting(False, "a pooler such as PgBouncer lends connections by the transaction")
    redis_url: RedisUrl = setting("", "Redis or Valkey; empty: embedded", secret=True)

    web_processes: int = setting(2, "gunicorn processes", ge=1, le=64)
    web_threads: int = setting(16, "threads in each; each may hold one database connection", ge=1, le=128)
    workers_short: int = setting(1, "workers for short jobs, without a fork for each", ge=1, le=64)
    workers_long: int = setting(1, "workers for long jobs, which may be stopped", ge=1, le=64)
    job_lease_seconds: float = setting(30.0, "a job whose worker is silent so long goes to another", ge=1, le=600)

    rate_limit_api: Rate = setting("100/minute", "API requests, per token")
    rate_limit_ingest: Rate = setting("6000/minute", "requests that report failures, per token")
    keep_failures_weeks: int = setting(52, "weeks for which single failures are kept; 0: for ever", ge=0, le=5_000)
    probe_allowed_networks: Networks = setting((), "private networks to reach (probes, brokers, webhooks)")
    metrics_allowed_networks: Networks = setting((), "networks that may read /metrics without a token: 10.0.0.5/32,…")

    session_idle_minutes: int = setting(30, "a session ends after this long without use", ge=5, le=43_200)
    session_absolute_hours: int = setting(12, "and after this long in any case", ge=1, le=2_160)

    sentry_webhook_secret: Words = setting(
        (), "client secrets of the Sentry integrations that send to /webhooks/sentry, with commas", secret=True
    )

    mail_url: MailUrl = setting("", "smtp://user:password@host:587; empty: no mail is sent", secret=True)
    mail_from: str = setting("", "sender of mails, needed with MAIL_URL: console@example.org")

    outward_heartbeat_url: HeartbeatUrl = setting("", "pinged each minute while the console is well", secret=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting("INFO", "DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["auto", "json", "console"] = setting("auto", "json, console or auto: json in production")
    sentry_dsn: SentryDsn = setting("", "where the console reports its own errors; empty: nowhere", secret=True)
    sentry_traces_sample_rate: float = setting(0.0, "share of requests traced by Sentry", ge=0, le=1)
    release: str = setting("", "version shown in logs and Sentry; the image sets it")

    @property
    def production(self) -> bool:
        """Whether the strict rules of production hold."""
        return self.environment == "production"

    @property
    def public_url(self) -> str:
        """Where links lead: BASE_URL, or in development the address listened on."""
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def owner_url(self) -> str:
        """The URL for migrations and grants."""
        return self.database_owner_url or self.database_url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic passes it by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What code says, then the environment, then NAME_FILE, then .env."""
        return init_settings, env_settings, _FromFiles(settings_cls), dotenv_settings


class Settings(Fields):
    """Settings that fit together; an instance that would be unsafe cannot exist."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        faults = combination_faults(self) + (production_faults(self) if self.production else [])
        if faults:
            raise ValueError("\n".join(faults))
        return self


def combination_faults(found: Fields) -> list[str]:
    """What contradicts itself in any environment, a line each."""
    rules = {
        "MAIL_FROM: needed when MAIL_URL is set": found.mail_url and "@" not in found.mail_from,
        "DATABASE_URL: needed when DATABASE_OWNER_URL is set": found.database_owner_url and not found.database_url,
        "SESSION_IDLE_MINUTES: longer than SESSION_ABSOLUTE_HOURS": found.session_idle_minutes
        > found.session_absolute_hours * 60,
    }
    return [fault for fault, broken in rules.items() if broken]


def production_faults(found: Fields) -> list[str]:
    """What production refuses, a line each."""
    rules = {
        "ENVIRONMENT: must be production": not found.production,
        "DEBUG: must be off": found.debug,
        "SECRET_KEY: missing; make one with: openssl rand -hex 32": not found.secret_key,
        "SECRET_KEY: weak; make one with: openssl rand -hex 32": found.secret_key and weak(found.secret_key),
        "ENCRYPTION_KEYS: one is weak; make one with: openssl rand -hex 32": any(map(weak, found.encryption_keys)),
        "BASE_URL: missing; links and trusted hosts come from it": not found.base_url,
        "BASE_URL: must begin with https://": found.base_url.startswith("http:"),
        "DATABASE_URL: missing; the embedded PostgreSQL is for development": not found.database_url,
        "REDIS_URL: missing; the embedded Redis is for development": not found.redis_url,
    }
    return [fault for fault, broken in rules.items() if broken]


def load_settings(**given: Any) -> Settings:
    """Settings from `given`, the environment, secret files and .env, in this order; raises ConfigError.

    In development a missing SECRET_KEY is made once and kept in CONSOLE_DATA_DIR.
    """
    faults = find_faults(**given)
    if faults:
        raise ConfigError(faults)
    found = Settings(**_DOTENV, **given)
    return found if found.secret_key else found.model_copy(update={"secret_key": _own_key(found.console_data_dir)})


def find_faults(*, production: bool = False, **given: Any) -> list[str]:
    """Every fault of the present configuration at once; with `production`, judged as if it were meant for that."""
    found, faults = _parse(given)
    faults += file_faults()
    lines = combination_faults(found) + (production_faults(found) if production or found.production else [])
    mistyped = {fault.partition(":")[0] for fault in faults}
    return faults + [line for line in lines if line.partition(":")[0] not in mistyped]


def file_faults() -> list[str]:
    """What is wrong with the NAME_FILE variables, a line each."""
    faults = []
    for name in (name.upper() for name, field in Fields.model_fields.items() if not field.repr):
        path = os.environ.get(f"{name}_FILE")
        if path and os.environ.get(name):
            faults.append(f"{name}: set it or {name}_FILE, not both")
        elif path and not (Path(path).is_file() and os.access(path, os.R_OK)):
            faults.append(f"{name}: the file {path} named by {name}_FILE cannot be read")
    return faults


def _parse(given: dict[str, Any]) -> tuple[Fields, list[str]]:
    """The fields, faulty ones replaced by their defaults so that the others can be judged too."""
    try:
        return Fields(**_DOTENV, **given), []
    except ValidationError as error:
        faults = {str(e["loc"][0]): e["msg"].removeprefix("Value error, ") for e in error.errors()}
        defaults = {name: Fields.model_fields[name].default for name in faults}
        found, more = _parse({**given, **defaults})
        return found, [f"{name.upper()}: {message}" for name, message in faults.items()] + more


def _own_key(directory: Path) -> str:
    file = directory / "secret_key"
    try:
        if not file.exists():
            refuse_read_only(directory)
            directory.mkdir(parents=True, exist_ok=True)
            draft = directory / f"secret_key.{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(SECRET_KEY_LENGTH))
            draft.replace(file)
        return file.read_text()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError([f"CONSOLE_DATA_DIR: the data folder {directory} cannot be written ({reason})"]) from error


def refuse_read_only(directory: Path) -> None:
    """Raises PermissionError for a folder marked read-only: to root the marks mean nothing, to us they do."""
    existing = directory if directory.exists() else directory.parent
    if existing.exists() and not existing.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(errno.EROFS, "it is read-only")


def child_environment(settings: Fields) -> dict[str, str]:
    """The environment for a process of ours: what we were given, plus what we found or made."""
    names = ("environment", "secret_key", "host", "port", "console_data_dir")
    resolved = {name: getattr(settings, name) for name in (*names, "database_url", "database_owner_url", "redis_url")}
    files = {f"{name.upper()}_FILE" for name in resolved}
    inherited = {name: value for name, value in os.environ.items() if name not in files}
    return inherited | {name.upper(): str(value) for name, value in resolved.items()}
