"""`python -m console …`: the commands."""

import click


@click.group()
def main() -> None:
    """One operations console."""
