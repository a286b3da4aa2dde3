"""``perfgate demo``."""

from __future__ import annotations

import click

from perfgate.cli.output import say


@click.command()
@click.option("--folder", metavar="DIR", help="Folder of the demo (default: a temporary folder).")
def command(folder: str | None) -> None:
    """Measure a small training, slow it down, and compare both reports.

    Takes less than a minute and leaves its folder for inspection.
    """
    from perfgate.pipeline.init.demo import demo

    place = demo(_say, folder=folder)
    _say(f"# Look around in {place}: train.py, outputs/, baselines/, unchanged.md, slowed.md")


def _say(line: str) -> None:
    """Print a line at once, before the next command prints its own."""
    say(line)
