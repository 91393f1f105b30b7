"""The pages of telling people: setup, log, and the page behind a one-tap link."""

from console.oncall.views import board, links, log, setup
from console.oncall.views.board import bp

__all__ = ["board", "bp", "links", "log", "setup"]
