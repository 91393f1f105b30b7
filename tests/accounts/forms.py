"""Filling in forms as a browser does."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def form_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """The CSRF token of the first form on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found, path
    return found.group(1)


def submit(client: FlaskClient, email: str, password: str, **more: Any) -> TestResponse:
    """Sign in by the form."""
    typed = {"email": email, "password": password, "csrf_token": form_token(client), **more}
    return client.post("/sign-in", data=typed)


def post(client: FlaskClient, path: str, *, page: str = "/settings", **typed: Any) -> TestResponse:
    """Send a form of `page`."""
    return client.post(path, data={"csrf_token": form_token(client, page), **typed})


def data(response: TestResponse) -> Any:
    """The JSON of a reply."""
    return response.get_json()
