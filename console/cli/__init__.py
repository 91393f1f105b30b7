"""`python -m console …`: the commands. Each imports what it needs when it runs, so that `--help` is quick.

Not here: what the commands do in the rooms (their actions), nor the processes' insides (`worker`, gunicorn).
"""

from typing import Any

import click

from console.cli.checks import audit, check, ready
from console.cli.heartbeats import ping_key
from console.cli.people import token, user
from console.cli.processes import migrate, rqworker, scheduler, up, web
from console.cli.secrets import secrets
from console.config import ConfigError
from console.infra.embedded import EmbeddedError

__all__ = ["main"]


class _Commands(click.Group):
    """Known refusals become one sentence on stderr and status 1, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        from redis.exceptions import RedisError
        from sqlalchemy.exc import OperationalError

        from console.infra.errors import DomainError
        from console.infra.migrations import SchemaTooNew

        try:
            return super().invoke(ctx)
        except (ConfigError, EmbeddedError, SchemaTooNew, DomainError) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            raise click.ClickException(f"PostgreSQL refused: {str(error.orig).splitlines()[0]}") from error
        except RedisError as error:
            raise click.ClickException(f"Redis refused: {error}") from error


@click.group(cls=_Commands)
def main() -> None:
    """One operations console. `up` starts everything; the other commands find its servers."""


for command in (up, web, rqworker, scheduler, migrate, check, ready, user, token, ping_key, audit, secrets):
    main.add_command(command)
