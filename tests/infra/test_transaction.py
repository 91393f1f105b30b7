"""Units of work: their own session, committed at the end or not at all."""

from flask import Flask
from sqlalchemy import text

from console.infra.db import db
from console.infra.transaction import unit


def test_it_commits_at_the_end_and_leaves_the_callers_session_alone(committed: Flask) -> None:
    outer = db.session()
    outer.execute(text("CREATE TEMP TABLE outer_only (x int)"))
    with unit() as session:
        assert session is not outer
        session.execute(text("SELECT 1"))
    outer.execute(text("SELECT * FROM outer_only"))
