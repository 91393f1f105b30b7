"""Messages without what varies from one failure of a cause to the next."""

import re

# What is read of a message; more says nothing new about its cause.
MAX_MESSAGE = 8_192


def normalise_message(text: str) -> str:
    """`text` with its variable parts replaced by `#`; the same text again when applied twice."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", "#", text[:MAX_MESSAGE])).strip()


def title(exception_type: str | None, message: str | None, task: str) -> str:
    """One line of at most 300 characters for lists: what was raised and its first line, or the task if that is all."""
    first = next((line.strip() for line in (message or "").splitlines() if line.strip()), "")
    parts = [part for part in ((exception_type or "").strip(), first) if part]
    return (": ".join(parts) or f"{task} failed")[:300]
