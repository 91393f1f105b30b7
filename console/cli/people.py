"""Commands that let people and programs in."""

import sys

import click

from console.config import Settings
from console.infra.actor import Actor, Role, Scope

BY = Actor(kind="system", id=None, label="command line")
MORE_THAN_ANY_PASSWORD = 1025


@click.group()
def user() -> None:
    """The people who use the console."""


@user.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_user(email: str, role: str, *, password_stdin: bool) -> None:
    """Add a user; without a password, print a one-time link with which they sign in and choose one."""
    from console.accounts import actions
    from console.cli.servers import console
    from console.infra.transaction import unit

    password = sys.stdin.readline(MORE_THAN_ANY_PASSWORD).rstrip("\r\n") if password_stdin else None
    with console() as settings, unit():
        made = actions.create(email, role=Role(role), by=BY, password=password)
        secret = None if password_stdin else actions.make_link(made, by=BY)
        address = made.email
    click.echo(f"{address} is now a user with the role {role}.", err=True)
    if secret:
        click.echo(link_of(settings, secret))


@click.group()
def token() -> None:
    """The tokens with which programs use the API."""


@token.command("create")
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice([scope.value for scope in Scope]), multiple=True, required=True)
def create_token(name: str, scopes: tuple[str, ...]) -> None:
    """Print a new token, alone on standard output; it is shown this once."""
    from console.accounts import actions
    from console.cli.servers import console
    from console.infra.transaction import unit

    with console(), unit():
        _, secret = actions.create_token(name, map(Scope, scopes), by=BY)
    click.echo(secret)


def first_admin_link(settings: Settings) -> str | None:
    """The link that makes the first admin, in the app's context; None when there is a user already."""
    from console.accounts import actions
    from console.infra.transaction import unit

    with unit():
        secret = actions.make_first_admin_link()
    return link_of(settings, secret) if secret else None


def link_of(settings: Settings, secret: str) -> str:
    """The address a person opens."""
    return f"{settings.public_url}/link/{secret}"
