"""A connection to somebody's PostgreSQL that goes where the guard allows, reads only, and ends in time."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg2

from console.infra import crypto, egress
from console.infra.deadline import Deadline
from console.infra.errors import Fault
from console.tickets.client.errors import Trouble

Answer = tuple[str | None, ...]
CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 15
# The whole talk, whatever the other side does.
SECONDS: Final = 30.0
SSL_MODES: Final = ("disable", "prefer", "require", "verify-full")
SETTINGS: Final = {
    "default_transaction_read_only": "on",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "standard_conforming_strings": "on",
    "timezone": "UTC",
    # PostgreSQL then refuses by itself what psycopg2 could not read.
    "client_encoding": "UTF8",
    "datestyle": "ISO",
}
SHAPE: Final = "Write postgresql://reader:password@host:5432/database, and ?sslmode=require to insist on TLS."
WORDS: Final = {
    "25006": "The query tries to write, and it runs in a transaction that only reads: nothing was changed.",
    "57014": f"The query took longer than {STATEMENT_SECONDS} s and was ended; an index on updated_at and id helps.",
    "28P01": "It refuses the user or the password.",
    "28000": "It refuses the user or the password.",
    "3D000": "There is no database of this name.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """What a URL says."""

    host: str
    port: int
    database: str
    user: str
    password: str
    sslmode: str

    @property
    def place(self) -> str:
        """What may be shown of it."""
        return f"{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class Reader:
    """One read-only transaction."""

    connection: Any

    def rows(self, statement: str, values: Sequence[Any]) -> list[Answer]:
        """All rows of an answer, which our own statement limits; raises Trouble."""
        with self._asked(statement, values) as cursor:
            return [tuple(row) for row in cursor.fetchall()]

    def columns(self, statement: str) -> dict[str, str]:
        """The names of an answer's columns and their types, as PostgreSQL writes them; raises Trouble."""
        with self._asked(statement, []) as cursor:
            told = [(str(column.name), int(column.type_code)) for column in cursor.description]
        names = [name for name, _ in told]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Trouble(f"The query has two columns {twice[0]}; name one of them differently with AS.")
        with self._asked("SELECT oid::int8, format_type(oid, NULL) FROM pg_type WHERE oid = ANY(%s::oid[])",
                         [[oid for _, oid in told]]) as cursor:  # fmt: skip
            types = dict(cursor.fetchall())
        return {name: str(types.get(oid, "unknown")) for name, oid in told}

    @contextmanager
    def _asked(self, statement: str, values: Sequence[Any]) -> Iterator[Any]:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(statement, list(values))
            yield cursor


def place_of(url: str) -> str:
    """Where the address leads; raises Trouble for one that cannot be read or may not be reached."""
    found = parse(url)
    try:
        egress.guard().vet(found.host, found.port)
    except egress.Refused as error:
        raise Trouble(str(error), faults=[Fault("/url", str(error))]) from None
    except egress.Failed:
        # The name may yet come to be; the test button says that it leads nowhere.
        pass
    return found.place


def parse(url: str) -> Address:
    """What the URL says; raises Trouble."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or 5432
    except ValueError:
        raise _unreadable(SHAPE) from None
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    database = unquote(parts.path.strip("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname or not parts.username or not database:
        raise _unreadable(SHAPE)
    if asked.keys() - {"sslmode"} or asked.get("sslmode", "prefer") not in SSL_MODES or "\0" in unquote(url):
        raise _unreadable(f"After the question mark only sslmode may stand: {', '.join(SSL_MODES)}.")
    user, password = unquote(parts.username), unquote(parts.password or "")
    return Address(parts.hostname, port, database, user, password, asked.get("sslmode", "prefer"))


@contextmanager
def open_reader(sealed: str) -> Iterator[Reader]:
    """A reader of the database at a sealed address; whatever goes wrong inside is Trouble, too."""
    until = time.monotonic() + SECONDS
    try:
        address = parse(crypto.unseal(sealed))
        connection = _connect(address)
    except (egress.Refused, egress.Failed, crypto.Sealed) as error:
        raise Trouble(str(error)) from None
    except psycopg2.Error as error:
        raise Trouble(_told(error, "It cannot be reached")) from None
    try:
        with closing(connection), _wire(connection) as wire, Deadline(until, lambda: wire):
            with closing(connection.cursor()) as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            yield Reader(connection)
            connection.rollback()
    except psycopg2.Error as error:
        # The second is what a process of the web says, which waits shorter.
        late = time.monotonic() >= until or "does not answer" in str(error)
        raise Trouble("No answer in time." if late else _told(error, "The query failed")) from None


def _connect(address: Address) -> Any:
    (first, *_) = egress.guard().vet(address.host, address.port)
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    connection = psycopg2.connect(
        host=address.host, hostaddr=first, port=address.port, dbname=address.database, user=address.user,
        password=address.password, sslmode=address.sslmode, connect_timeout=CONNECT_SECONDS, options=options,
        application_name="console ticket source", keepalives_idle=10, tcp_user_timeout=int(SECONDS * 1_000),
        # Nothing of this machine's own set-up may answer for what the address leaves out.
        passfile=os.devnull, gssencmode="disable",
    )  # fmt: skip
    connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
    return connection


@contextmanager
def _wire(connection: Any) -> Iterator[socket.socket]:
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        yield wire


def _told(error: psycopg2.Error, what: str) -> str:
    """The sentence for what PostgreSQL said: its first line only, since details hold values of rows."""
    code = error.pgcode or ""
    if code in WORDS:
        return WORDS[code]
    primary = getattr(error.diag, "message_primary", None)
    lines = str(primary or error).strip().splitlines() or [type(error).__name__]
    return f"{what}: {lines[0].rpartition('FATAL:')[2].strip()[:300]}"


def _unreadable(said: str) -> Trouble:
    return Trouble(said, faults=[Fault("/url", said)])
