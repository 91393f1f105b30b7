"""Commands that judge and change nothing."""

import sys

import click


@click.command()
def check() -> None:
    """Validate the configuration for production; every failing line, and status 1 if there is one."""
    from console.config import find_faults

    faults = find_faults(production=True)
    for fault in faults:
        click.echo(fault)
    if faults:
        sys.exit(1)
    click.echo("The configuration is fit for production.")


@click.group()
def audit() -> None:
    """The append-only trail of what was done."""
