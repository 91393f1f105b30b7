"""A Django helpdesk's own PostgreSQL: another database and another role, reached over TCP like any helpdesk's."""

import json
import select
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text

from tests.conftest import SERVERS, Database

SCHEMA = """
CREATE TABLE helpdesk_ticket (
    id serial PRIMARY KEY, subject text NOT NULL, status text NOT NULL DEFAULT 'open', priority text,
    organization text, assigned_agent text, sla_policy text, created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL, first_response_due timestamptz, resolution_due timestamptz,
    first_responded_at timestamptz, resolved_at timestamptz, tags text[] NOT NULL DEFAULT '{}', secret bytea
);
CREATE INDEX ON helpdesk_ticket (updated_at, id);
CREATE TABLE victim (n int);
"""


@dataclass
class Helpdesk:
    """`url` is what an admin types; `put` writes a ticket as the helpdesk would."""

    engine: Engine
    url: str
    proxy: "Proxy"

    def run(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def put(self, number: int, updated: str = "2026-11-21T11:45:00Z", **more: Any) -> None:
        row = {"id": number, "subject": f"Printer {number}", "created_at": "2026-11-21T11:30:00Z", **more}
        row = {**row, "updated_at": updated}
        names = ", ".join(row)
        told = ", ".join(f"{name} = excluded.{name}" for name in row)
        values = ", ".join(f":{name}" for name in row)
        insert = f"INSERT INTO helpdesk_ticket ({names}) VALUES ({values})"  # noqa: S608 - names of this file
        self.run(f"{insert} ON CONFLICT (id) DO UPDATE SET {told}", **row)


@dataclass
class Proxy:
    """TCP on this machine, to the socket of the test's server; `silent`: it takes connections and answers nothing."""

    target: str
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    silent: bool = False
    held: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.silent:
                self.held.append(client)
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            threading.Thread(target=_join, args=(client, server), daemon=True).start()

    def close(self) -> None:
        for sock in (self.listener, *self.held):
            sock.close()


def _join(client: socket.socket, server: socket.socket) -> None:
    with client, server, suppress(OSError):
        while True:
            for ready in select.select([client, server], [], [])[0]:
                data = ready.recv(65_536)
                if not data:
                    return
                (server if ready is client else client).sendall(data)


@contextmanager
def helpdesk(new_database: Callable[[], Database]) -> Iterator[Helpdesk]:
    url, role, password = make_url(new_database().owner_url), f"reader_{uuid.uuid4().hex[:8]}", "reader:pass@word"
    known: dict[str, str] = json.loads((SERVERS / "postgres" / "postgres" / "passwords.json").read_text())
    engine = create_engine(url.set(username="postgres", password=known["postgres"]))
    with engine.begin() as connection:
        connection.execute(text(SCHEMA))
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
        # A reader that may write: what stops it must be the transaction.
        connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(text(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    proxy = Proxy(f"{url.query['host']}/.s.PGSQL.{url.query.get('port') or url.port or 5432}")
    threading.Thread(target=proxy.serve, daemon=True).start()
    address = f"postgresql://{role}:reader%3Apass%40word@127.0.0.1:{proxy.port}/{url.database}?sslmode=disable"
    try:
        yield Helpdesk(engine, address, proxy)
    finally:
        proxy.close()
        with engine.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        engine.dispose()
