"""``perfgate schema``."""

from __future__ import annotations

import click

from perfgate import schema
from perfgate.cli.output import write


@click.command()
@click.argument("name", type=click.Choice(schema.NAMES))
def command(name: str) -> None:
    """Print the JSON Schema of a file format."""
    write(schema.text(name))
