"""The roles of the embedded PostgreSQL, their passwords and their URLs."""

import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

DATABASE = "console"
SUPERUSER, OWNER, APPLICATION = "postgres", "console_owner", "console_app"
PORT = 5432  # names the socket file; nothing listens on TCP


@dataclass(frozen=True)
class PostgresUrls:
    """SQLAlchemy URLs: the application's role, and the role that owns the tables."""

    app_url: str
    owner_url: str


def passwords_of(home: Path) -> dict[str, str]:
    """Made once, before the server, so that a first start cut short can be taken up again."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "passwords.json"
    if not file.exists():
        made = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, OWNER, APPLICATION)}
        write_private(file, json.dumps(made))
    known: dict[str, str] = json.loads(file.read_text())
    return known


def write_private(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


def ensure_roles(sockets: Path, passwords: dict[str, str]) -> None:
    with contextlib.suppress(psycopg2.OperationalError):
        connect(APPLICATION, DATABASE, sockets, passwords).close()
        return
    connection = connect(SUPERUSER, "postgres", sockets, passwords)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for statement in _missing(cursor, passwords):
                cursor.execute(statement)
    finally:
        connection.close()


def _missing(cursor: "psycopg2.extensions.cursor", passwords: dict[str, str]) -> list[sql.Composed]:
    cursor.execute("SELECT rolname FROM pg_roles UNION ALL SELECT 'database ' || datname FROM pg_database")
    present = {name for (name,) in cursor.fetchall()}
    # pg_signal_backend: restores and tests drop databases that the application is still connected to.
    steps = [
        (OWNER, "CREATE ROLE {owner} LOGIN CREATEDB IN ROLE pg_signal_backend PASSWORD {owner_password}"),
        (APPLICATION, "CREATE ROLE {application} LOGIN PASSWORD {application_password}"),
        (f"database {DATABASE}", "CREATE DATABASE {database} OWNER {owner}"),
    ]
    words = {
        "owner": sql.Identifier(OWNER),
        "application": sql.Identifier(APPLICATION),
        "database": sql.Identifier(DATABASE),
        "owner_password": sql.Literal(passwords[OWNER]),
        "application_password": sql.Literal(passwords[APPLICATION]),
    }
    return [sql.SQL(text).format(**words) for name, text in steps if name not in present]


def connect(role: str, database: str, sockets: Path, passwords: dict[str, str]) -> "psycopg2.extensions.connection":
    return psycopg2.connect(
        host=str(sockets), port=PORT, user=role, password=passwords[role], dbname=database, connect_timeout=10
    )


def url_of(role: str, passwords: dict[str, str], sockets: Path) -> str:
    return (
        f"postgresql+psycopg2://{role}:{passwords[role]}@/{DATABASE}?host={quote(str(sockets), safe='/')}&port={PORT}"
    )
