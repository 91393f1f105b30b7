"""Real peers for the tests of Celery."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.elsewhere import Elsewhere, elsewhere
from tests.queues.celery.service import LOOPBACK, Service


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """The service's own Redis."""
    folder: Path = tmp_path_factory.mktemp("redis")
    with elsewhere(folder) as made:
        yield made


@pytest.fixture(scope="module")
def service(redis: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose workers send events and keep no results."""
    made = Service(redis, tmp_path_factory.mktemp("service"))
    yield made
    made.end()


@pytest.fixture
def shop(committed: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The console with real commits, which may reach this machine."""
    settings = committed.extensions["console.settings"].model_copy(update={"probe_allowed_networks": LOOPBACK})
    monkeypatch.setitem(committed.extensions, "console.settings", settings)
    return committed
