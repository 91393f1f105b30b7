"""The component page, /ui: every piece in every state. Development only; app.py leaves it out in production."""

from datetime import timedelta

from flask import Blueprint, Response

from console.infra import clock
from console.infra.actor import Role
from console.web import charts, htmx
from console.web.auth import requires

bp = Blueprint("showcase", __name__)

SPARKS = {
    "a burst now": [0] * 22 + [2, 61],
    "rising": [0] * 15 + [1, 2, 4, 9, 14, 22, 38, 61, 74],
    "as usual": [8, 9, 7, 8, 10, 9, 8, 7, 9, 11, 9, 8, 10, 9, 8, 9, 7, 8, 9, 10, 9, 8, 7, 9],
    "once": [0] * 14 + [1] + [0] * 9,
}


@bp.get("/ui")
@requires(Role.VIEWER)
def index() -> Response:
    """The page."""
    sparks = [(name, charts.spark(counts, f"{sum(counts)} in 24 hours, {name}")) for name, counts in SPARKS.items()]
    now = clock.now()
    moments = [now - timedelta(seconds=s) for s in (0, 38, 31 * 60, 5 * 3600, 3 * 86400, 400 * 86400)]
    return htmx.page("shared/showcase.html", sparks=sparks, chart=_chart(), moments=moments)


def _chart() -> charts.Columns:
    now = clock.now()
    counts = [(0, 0)] * 5 + [(1, 2), (3, 1), (2, 1), (1, 1), (2, 0), (1, 2), (0, 1), (1, 0), (2, 1), (1, 1), (3, 1)]
    steps = [
        charts.Column(now + timedelta(minutes=i), final, again, f"minute {i}")
        for i, (final, again) in enumerate(counts)
    ]
    ticks = [(i, f"14:{5 + i:02}") for i in range(0, len(steps), 5)]
    return charts.columns(steps, label="22 failures in 16 minutes, 17 of them final", ticks=ticks)
