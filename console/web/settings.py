"""The settings of the running app, for code that has no other way to them."""

from flask import current_app

from console.config import Settings


def settings() -> Settings:
    """The Settings that this app was made with."""
    found: Settings = current_app.extensions["console.settings"]
    return found
