"""Secrets at rest: sealed, opened, brought under a new key."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from console.infra import crypto
from console.infra.db import db
from console.infra.resealing import reseal_all
from console.infra.transaction import unit
from console.oncall.models import Channel
from tests.oncall.making import channel

OLD, NEW = "old-key-2f8e1c7a9b3d5e60718293a4b5c6d7e8", "new-key-91a2b3c4d5e6f708192a3b4c5d6e7f80"


def keys(app: Flask, *given: str, secret_key: str | None = None) -> None:
    settings = app.extensions["console.settings"]
    update = {"encryption_keys": given, "secret_key": secret_key or settings.secret_key}
    app.extensions["console.settings"] = settings.model_copy(update=update)


@pytest.fixture
def vault(committed: Flask) -> Flask:
    return committed


@pytest.fixture(autouse=True)
def _as_before(session_app: Flask) -> Iterator[None]:
    before = session_app.extensions["console.settings"]
    yield
    session_app.extensions["console.settings"] = before


def address() -> str:
    db.session.expire_all()
    stored = db.session.scalars(select(Channel.address)).one()
    assert stored is not None
    return stored


def test_what_is_sealed_shows_nothing_and_opens_again(vault: Flask) -> None:
    sealed = crypto.seal("https://hooks.example.org/canary")
    assert "canary" not in sealed
    assert crypto.seal("https://hooks.example.org/canary") != sealed
    assert crypto.unseal(sealed) == "https://hooks.example.org/canary"


def test_a_changed_seal_does_not_open(vault: Flask) -> None:
    sealed = crypto.seal("x" * 40)
    with pytest.raises(crypto.Sealed):
        crypto.unseal(sealed[:-3] + ("AA=" if not sealed.endswith("AA=") else "BB="))


def test_giving_keys_later_leaves_what_is_stored_readable(vault: Flask) -> None:
    sealed = crypto.seal("kept")
    keys(vault, OLD)
    assert crypto.unseal(sealed) == "kept"


def test_rotation_brings_every_secret_under_the_new_key(vault: Flask) -> None:
    keys(vault, OLD)
    channel("pager", address="https://hooks.example.org/1", host="hooks.example.org")
    before = address()
    keys(vault, NEW, OLD)
    with unit():
        assert reseal_all() == (2, [])
    keys(vault, NEW, secret_key="another-secret-key-that-is-long-enough-98765")
    assert address() != before
    assert crypto.unseal(address()) == "https://hooks.example.org/1"
    with pytest.raises(crypto.Sealed):
        crypto.unseal(before)


def test_rotation_says_what_no_key_opens_and_leaves_it(vault: Flask) -> None:
    keys(vault, OLD)
    channel("pager", address="https://hooks.example.org/1", host="hooks.example.org")
    before = address()
    keys(vault, NEW, secret_key="another-secret-key-that-is-long-enough-98765")
    with unit():
        done, closed = reseal_all()
    assert (done, closed) == (0, ["channels.address 1", "channels.signing_key 1"])
    assert address() == before


def test_a_signature_holds_for_its_purpose_only(vault: Flask) -> None:
    token = crypto.sign("acknowledge", "1.2.3")
    assert crypto.signed("acknowledge", token) == "1.2.3"
    assert crypto.signed("reset", token) is None
    assert crypto.signed("acknowledge", token + "x") is None
