"""A program that may read and write silences."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from console.infra.actor import Scope
from tests.alerts.calling import Api
from tests.conftest import Clock


@pytest.fixture
def api(client: FlaskClient, token: Callable[..., str], clock: Clock) -> Api:
    return Api(client, token(Scope.READ, Scope.WRITE, name="deploys"))
