"""Commands about heartbeats."""

import click


@click.command("ping-key")
def ping_key() -> None:
    """Print the key of slug-based heartbeats, alone on standard output: /ping/KEY/SLUG. Made at the first asking."""
    from console.alerts import actions
    from console.cli.servers import console
    from console.infra import clock
    from console.infra.transaction import unit

    with console(), unit():
        key = actions.ensure_ping_key(at=clock.now())
    click.echo(key)
