"""Secrets are removed before anything is stored, logged or sent on: one way for alerts, logs and Sentry.

`scrub_text` for free text, `scrub_value` for JSON values; what was removed reads `REMOVED`, which pages show as such.
"""

from console.infra.scrub.names import is_secret_name
from console.infra.scrub.text import REMOVED, scrub_text
from console.infra.scrub.values import scrub_value

__all__ = ["REMOVED", "is_secret_name", "scrub_text", "scrub_value"]
