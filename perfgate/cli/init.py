"""``perfgate init``."""

from __future__ import annotations

import sys

import click

_PLACES = ("laptop", "github", "gitlab", "other")


@click.command()
@click.option("--ci", "place", type=click.Choice(_PLACES), help="Where the gate will run (asked when not given).")
def command(place: str | None) -> None:
    """Set up a project: configuration, baselines/, a line for .gitignore.

    Nothing that is there already is changed.
    """
    from perfgate.pipeline.starting import start  # noqa: PLC0415 - loaded when the command is called

    if place is None:
        place = "laptop"
        if sys.stdin.isatty():
            place = click.prompt("Where will the gate run?", type=click.Choice(_PLACES), default=place)
    started = start(".", place=place)
    for path in started.made:
        click.echo(f"made {path}")
    for path in started.kept:
        click.echo(f"kept {path} as it is")
    click.echo("Next:")
    for line in started.commands:
        click.echo(f"  {line}")
