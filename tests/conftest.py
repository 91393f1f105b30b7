"""What every test stands on: real PostgreSQL and Redis, a savepoint per test, a frozen clock, a named cast."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from redis import Redis
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from console.accounts import actions as accounts
from console.accounts.models import User
from console.app import create_app
from console.config import Settings
from console.infra import clock as clock_module
from console.infra.actor import SYSTEM, Actor, Role, Scope
from console.infra.crypto import hash_password
from console.infra.db import db
from console.infra.embedded import PostgresUrls, ensure_postgres, ensure_redis, stop_postgres, stop_redis
from console.infra.migrations import migrate

# The folder is kept between runs: starting a server again is quicker than making it anew.
SERVERS = Path(os.environ.get("CONSOLE_TEST_DIR", Path(__file__).parent.parent / "var" / "test"))
# Property tests: cases a test, here and in `make faults`. No deadline: a busy machine is no fault of the code.
hypothesis.settings.register_profile("test", max_examples=1_000, deadline=None)
hypothesis.settings.register_profile("faults", max_examples=10_000, deadline=None)
hypothesis.settings.load_profile("test")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def pytest_runtest_setup() -> None:
    """No test reaches beyond this machine."""
    from pytest_socket import socket_allow_hosts

    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI, a test that drives a browser or kills processes may fail twice; the summary then names it as RERUN."""
    if "CI" not in os.environ:
        return
    for item in items:
        if item.get_closest_marker("e2e") or item.get_closest_marker("faults"):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why a test was tried again: else what failed once would be known by name only."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"tried again: {report.nodeid} ({report.when})", "-")
        terminalreporter.write_line(report.longreprtext)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers once, from the process that outlives all workers."""
    if hasattr(session.config, "workerinput"):
        return
    stop_postgres(SERVERS / "postgres")
    stop_redis(SERVERS / "redis")


@pytest.fixture(scope="session")
def postgres() -> PostgresUrls:
    """A real server, without fsync: what is tested is the console, not the disk."""
    return ensure_postgres(SERVERS / "postgres", durable=False)


@pytest.fixture(scope="session")
def redis_url() -> str:
    return ensure_redis(SERVERS / "redis")


@dataclass(frozen=True)
class Database:
    """One database of this test process, migrated, with both roles' URLs."""

    app_url: str
    owner_url: str


@pytest.fixture(scope="session")
def new_database(postgres: PostgresUrls) -> Iterator[Callable[[], Database]]:
    """Makes empty databases, dropped when the session ends."""
    made: list[str] = []
    admin = create_engine(postgres.owner_url, isolation_level="AUTOCOMMIT")

    def make() -> Database:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        made.append(name)
        urls = (make_url(url).set(database=name) for url in (postgres.app_url, postgres.owner_url))
        return Database(*(url.render_as_string(hide_password=False) for url in urls))

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def database(new_database: Callable[[], Database]) -> Database:
    made = new_database()
    migrate(made.owner_url, make_url(made.app_url).username)
    return made


@pytest.fixture(scope="session")
def redis_db(redis_url: str) -> str:
    """A Redis database of this worker's own, by number, so that parallel workers do not meet."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    # The embedded URL names a database already, and the first one named would be taken.
    return f"{redis_url.partition('?')[0]}?db={number}"


@pytest.fixture(scope="session")
def settings(database: Database, redis_db: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        database_url=database.app_url,
        database_owner_url=database.owner_url,
        redis_url=redis_db,
        console_data_dir=tmp_path_factory.mktemp("data"),
        secret_key="test-secret-key-that-is-long-enough-0123456789",
    )


class Client(FlaskClient):
    """Gives each request an app context of its own, as a server does: neither `g` nor the session is the test's.

    Unsafe requests carry the CSRF token of their session, as our pages' do, unless a test sets `csrf` to False.
    """

    csrf = True

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if self.csrf and kwargs.get("method") in {"POST", "PUT", "PATCH", "DELETE"}:
            kwargs["headers"] = Headers(kwargs.get("headers"))
            kwargs["headers"].setdefault("X-CSRFToken", self._csrf_token())
        # Read to the end while the context is there, as a server would.
        kwargs.setdefault("buffered", True)
        with self.application.app_context():
            return super().open(*args, **kwargs)

    def _csrf_token(self) -> str:
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", "c" * 40)
        signer = URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token")
        return str(signer.dumps(raw))


@pytest.fixture(scope="session")
def session_app(settings: Settings) -> Flask:
    app = create_app(settings)
    app.test_client_class = Client
    app.testing = True
    # A refused request must answer as in production, not raise through the client.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def app(session_app: Flask, redis_conn: "Redis") -> Iterator[Flask]:
    """The app inside one outer transaction: whatever a test commits is a savepoint, undone at its end."""
    with session_app.app_context():
        engines = db._app_engines[session_app]
        engine = engines[None]
        assert isinstance(engine, Engine)
        connection = engine.connect()
        outer = connection.begin()
        engines[None] = connection  # type: ignore[assignment]
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        yield session_app
        db.session.remove()
        outer.rollback()
        connection.close()
        engines[None] = engine


@pytest.fixture
def committed(session_app: Flask, database: Database, redis_conn: "Redis") -> Iterator[Flask]:
    """The app with real commits, for several connections or threads; all tables are emptied afterwards."""
    with session_app.app_context():
        db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
        yield session_app
        db.session.remove()
    empty_all_tables(database)


def empty_all_tables(database: Database) -> None:
    """Truncate everything but the schema's own record, append-only tables too: the owner may, a test must."""
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        found = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"),
        )
        names = [row[0] for row in found]
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
        if names:
            listed = ", ".join(f'"{name}"' for name in names)
            connection.execute(text(f"TRUNCATE {listed} RESTART IDENTITY CASCADE"))
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))
    engine.dispose()


@pytest.fixture
def db_session(app: Flask) -> Session:
    return db.session()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def redis_conn(redis_db: str) -> Iterator["Redis"]:
    """Our Redis, empty at the start of each test."""
    connection = Redis.from_url(redis_db)
    connection.flushdb()
    yield connection
    connection.close()


class Clock:
    """The frozen clock of a test."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        clock_module.freeze(at)

    def set(self, at: datetime) -> None:
        self.at = at
        clock_module.freeze(at)

    def advance(self, **by: float) -> datetime:
        """Move on by a timedelta's arguments: `clock.advance(seconds=5)`."""
        self.set(self.at + timedelta(**by))
        return self.at


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Time stands at noon UTC on 21 November 2026 until the test moves it."""
    yield Clock(NOON)
    clock_module.freeze(None)


PASSWORD = "lagoon tractor seven"


@dataclass(frozen=True)
class Cast:
    """The people of the tests, one for each role; all have PASSWORD."""

    ada: User
    olu: User
    max_: User
    vi: User


@pytest.fixture
def cast(db_session: Session) -> Cast:
    """Ada admin, Olu responder, Max manager, Vi viewer."""
    return make_cast()


def make_cast() -> Cast:
    roles = {"ada": Role.ADMIN, "olu": Role.RESPONDER, "max": Role.MANAGER, "vi": Role.VIEWER}
    people = [
        accounts.create(f"{name}@example.com", role=role, name=name.title(), by=SYSTEM) for name, role in roles.items()
    ]
    for person in people:
        person.password_hash = _hash()
    db.session.commit()
    return Cast(*people)


@cache
def _hash() -> str:
    """One slow hash for all tests."""
    return hash_password(PASSWORD)


SignIn = Callable[[FlaskClient, User], FlaskClient]


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """Give a client a new session of a user, as the sign-in form would after the password."""
    return give_session


def give_session(client: FlaskClient, user: User) -> FlaskClient:
    by = Actor(kind="anonymous", id=None, label="anonymous", ip="127.0.0.1")
    secret = accounts.start(user, by=by, user_agent="tests", how="password")
    db.session.commit()
    client.set_cookie("session", secret)
    return client


@pytest.fixture
def token(db_session: Session) -> Callable[..., str]:
    """`token(Scope.READ)` makes a token and returns its secret."""

    def make(*scopes: Scope, name: str = "test token") -> str:
        _, secret = accounts.create_token(name, scopes, by=SYSTEM)
        db_session.commit()
        return secret

    return make
