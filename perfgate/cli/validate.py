"""``perfgate validate``."""

from __future__ import annotations

import click

from perfgate.cli.output import say


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
def command(paths: tuple[str, ...]) -> None:
    """Check configuration, baselines and waivers, without measuring anything.

    PATHS are configurations, projects, folders of baselines or files in them
    (default: the configuration that governs this folder, and its baselines). All
    faults are reported at once. Exits 0 when all is sound, else 2.
    """
    from perfgate.pipeline.validate import validate

    for line in validate(paths):
        say(f"valid: {line}")
