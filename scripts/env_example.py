"""Write .env.example from the settings: `python scripts/env_example.py`. A test fails when it is out of date."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from pydantic.fields import FieldInfo  # noqa: E402

from console.config import Fields  # noqa: E402

HEADER = """\
# Every setting of the console, with its default. Made by scripts/env_example.py from console/config; do not edit.
# Development needs none of them. The console reads a copy of this file named .env in the folder it is started from.
# A setting marked (secret) may instead come from a file: SECRET_KEY_FILE=/run/secrets/secret_key.
"""
# The first setting of each group, with the group's title.
TITLES = {
    "environment": "The console itself",
    "database_url": "Its servers",
    "web_processes": "Its processes",
    "rate_limit_api": "Limits and networks",
    "session_idle_minutes": "Sessions",
    "mail_url": "Mail",
    "log_level": "Logs and errors",
}


def example() -> str:
    """The whole file."""
    return HEADER + "".join(_entry(name, field) for name, field in Fields.model_fields.items())


def _entry(name: str, field: FieldInfo) -> str:
    title = f"\n# --- {TITLES[name]} ---\n" if name in TITLES else ""
    secret = "" if field.repr else " (secret)"
    return f"{title}# {field.description}{secret}\n#{name.upper()}={_text(field.default)}\n"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    (ROOT / ".env.example").write_text(example())
