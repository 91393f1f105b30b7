"""A committed console that may reach servers on this machine, with a mail server and a web server beside it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Clock
from tests.oncall.making import allow_loopback
from tests.oncall.peers import HookServer, MailServer, mail_server


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hooks() -> Iterator[HookServer]:
    with HookServer() as server:
        yield server


@pytest.fixture
def room(committed: Flask, clock: Clock, smtp: MailServer) -> Iterator[Flask]:
    """Jobs and people in real transactions; mail goes to `smtp`; time stands still."""
    before = allow_loopback(committed, mail_url=smtp.url, mail_from="console@example.org")
    yield committed
    committed.extensions["console.settings"] = before
