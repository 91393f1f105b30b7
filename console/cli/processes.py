"""Commands that run: everything (`up`), one process each for production, and the migrations they need."""

import os
import sys

import click

from console.config import Settings, child_environment, load_settings

parent_option = click.option("--parent", type=int, hidden=True, help="End when this process does.")


@click.command()
def up() -> None:
    """Everything, in the foreground: servers, migrations, web, workers, scheduler."""
    from console.cli.up import run

    run()


@click.command()
@parent_option
@click.option("--listener", type=int, hidden=True, help="A socket that listens already, by its number.")
def web(parent: int | None, listener: int | None) -> None:
    """The web processes (gunicorn)."""
    from console.cli.lifelines import die_with

    die_with(parent)
    settings = _with_servers()
    bind = ["--bind", f"fd://{listener}"] if listener is not None else []
    command = [sys.executable, "-m", "gunicorn", "--config", "python:console.cli.gunicorn", *bind, "wsgi:app"]
    os.execve(sys.executable, command, child_environment(settings))  # noqa: S606  no shell wanted


@click.command()
@parent_option
@click.argument("queues", nargs=-1, metavar="[fast|default|long]...")
@click.option("--simple", is_flag=True, help="Run jobs in this process, without a fork for each: for short ones.")
def rqworker(parent: int | None, queues: tuple[str, ...], *, simple: bool) -> None:
    """One RQ worker, on the queues default and long unless others are named."""
    from console.cli.lifelines import die_with

    die_with(parent)
    settings = _with_servers()
    from console.worker import run_rqworker

    try:
        run_rqworker(settings, queues or ("default", "long"), simple=simple)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@click.command()
@parent_option
def scheduler(parent: int | None) -> None:
    """One scheduler: rings jobs, sweeps, keeps the timetable. Any number may run."""
    from console.cli.lifelines import die_with

    die_with(parent)
    settings = _with_servers()
    from console.worker import run_scheduler

    sys.exit(0 if run_scheduler(settings) else 1)


@click.command()
def migrate() -> None:
    """Bring the database up to date as its owner, and grant the application what it may do."""
    from sqlalchemy import make_url

    from console.cli.servers import served
    from console.infra import log, migrations

    found = load_settings()
    log.configure(found)
    with served(found) as settings:
        from console.app import create_app

        create_app(settings)  # its tables say which of them are append-only
        migrations.migrate(settings.owner_url, make_url(settings.database_url).username)
    click.echo(f"The database is at {migrations.head()}.")


def _with_servers() -> Settings:
    """Settings for one long-running process: with URLs given, or those of a running `up`."""
    from console.cli.folder import DataFolder
    from console.cli.servers import of_running_up
    from console.infra import log

    settings = load_settings()
    settings = of_running_up(settings, DataFolder(settings.console_data_dir))
    log.configure(settings)
    if not settings.database_url or not settings.redis_url:
        raise click.ClickException("DATABASE_URL and REDIS_URL are not set; `up` is the command that brings servers.")
    return settings
