"""Somebody signed in, and jobs to look at."""

from collections.abc import Callable

import pytest
from flask import Flask, g

from console.infra.actor import Actor, Role, Scope
from console.web.auth import Loaders

OLU = Actor(kind="user", id=2, label="olu@example.org", role=Role.RESPONDER)
VI = Actor(kind="user", id=4, label="vi@example.org", role=Role.VIEWER)


@pytest.fixture
def as_actor(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Actor | None], None]:
    """Say who the session and the token belong to, at the seam where app.py hands the loaders in."""

    def become(actor: Actor | None) -> None:
        user = actor if actor and actor.kind == "user" else None
        token = actor if actor and actor.kind == "token" else None
        # The test's app context outlives a request, and with it who was asking.
        g.pop("actor", None)
        monkeypatch.setitem(app.extensions, "console.auth", Loaders(session=lambda: user, token=lambda _raw: token))

    return become


def holder(*scopes: Scope) -> Actor:
    """A token with these scopes."""
    return Actor(kind="token", id=9, label="a program", scopes=frozenset(scopes))
