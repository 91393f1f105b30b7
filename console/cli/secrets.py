"""The command that changes the key under which secrets are stored."""

import sys

import click


@click.group()
def secrets() -> None:
    """What is stored encrypted: addresses and signing keys of channels, addresses of brokers."""


@secrets.command()
def rotate() -> None:
    """Seal every stored secret anew under the first of ENCRYPTION_KEYS; status 1 if one could not be opened."""
    from console.audit.actions import record
    from console.cli.people import BY
    from console.cli.servers import console
    from console.infra.resealing import reseal_all
    from console.infra.transaction import unit

    with console(), unit():
        done, closed = reseal_all()
        record("secrets.rotated", by=BY, details={"sealed": done, "closed": closed})
    click.echo(f"{done} secrets are sealed under the newest key.")
    for place in closed:
        click.echo(f"{place}: no key opens it. Put its key back behind the new one, or enter it again.", err=True)
    if closed:
        sys.exit(1)
