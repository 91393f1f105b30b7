"""The pages of accounts."""

from console.accounts.views import doors, people, profile, tokens
from console.accounts.views.shared import bp, confirmed, load_session

__all__ = ["bp", "confirmed", "doors", "load_session", "people", "profile", "tokens"]
