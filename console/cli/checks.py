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


@click.command()
def ready() -> None:
    """Ask what /health/ready asks, without a web process: for container health checks. Status 1 if not ready."""
    from console.config import load_settings
    from console.infra.redis import connect
    from console.web.probes import Probes

    settings = load_settings()
    checks = Probes(settings, connect(settings)).run()
    for name, found in checks.items():
        click.echo(f"{name}: {found.message}")
    sys.exit(0 if all(found.status == "ok" for found in checks.values()) else 1)


@click.group()
def audit() -> None:
    """The append-only trail of what was done."""


@audit.command()
def verify() -> None:
    """Walk the hash chain of the audit trail; status 1 and the first bad id if it is broken."""
    from console.audit import queries
    from console.cli.servers import console

    with console():
        verdict = queries.verify()
    if not verdict.ok:
        click.echo(f"The chain is broken at entry {verdict.bad_id}: {verdict.why}")
        sys.exit(1)
    click.echo(f"All {verdict.checked} entries are in order. Head: {verdict.head}")
