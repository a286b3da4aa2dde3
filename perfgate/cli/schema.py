"""``perfgate schema``."""

from __future__ import annotations

import click

from perfgate.cli.output import write

_NAMES = (
    "run",
    "baseline",
    "profile",
    "percentiles",
    "report",
    "audit",
    "config",
    "waivers",
    "drift-reference",
    "history",
)


@click.command()
@click.argument("name", type=click.Choice(_NAMES))
def command(name: str) -> None:
    """Print the JSON Schema of a file format."""
    from perfgate import schema

    write(schema.text(name))
