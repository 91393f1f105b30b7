"""The JSON API of telling people: channels, routing rules, and the log of deliveries."""

from console.oncall.api import log, setup
from console.oncall.api.shared import bp

__all__ = ["bp", "log", "setup"]
