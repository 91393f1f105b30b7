"""`secrets rotate`, as an operator runs it."""

from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from console.audit.models import AuditEntry
from console.cli import main
from console.config import Settings
from console.infra import crypto
from console.infra.db import db
from console.oncall.models import Channel
from tests.oncall.making import channel

NEW = "new-key-91a2b3c4d5e6f708192a3b4c5d6e7f80"


def environment(settings: Settings, *keys: str) -> dict[str, str]:
    return {
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "REDIS_URL": settings.redis_url,
        "CONSOLE_DATA_DIR": str(settings.console_data_dir),
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(keys),
    }


def test_it_brings_everything_under_the_new_key(committed: Flask, settings: Settings) -> None:
    channel("pager", address="https://hooks.example.org/1", host="hooks.example.org")
    done = CliRunner(env=environment(settings, NEW)).invoke(main, ["secrets", "rotate"])
    assert (done.exit_code, "2 secrets are sealed" in done.output) == (0, True), done.output
    db.session.expire_all()
    stored = db.session.scalars(select(Channel)).one()
    assert crypto.sealer("unrelated-secret-key-0123456789abcdef", [NEW]).decrypt((stored.address or "").encode())
    assert "secrets.rotated" in db.session.scalars(select(AuditEntry.action)).all()


def test_it_fails_when_a_key_was_taken_away_too_early(committed: Flask, settings: Settings) -> None:
    channel("pager", address="https://hooks.example.org/1", host="hooks.example.org")
    other = environment(settings, NEW) | {"SECRET_KEY": "another-secret-key-that-is-long-enough-98765"}
    done = CliRunner(env=other).invoke(main, ["secrets", "rotate"])
    assert done.exit_code == 1
    assert "channels.address 1: no key opens it." in done.output
