"""``perfgate demo``."""

from __future__ import annotations

import click


@click.command()
@click.option("--folder", metavar="DIR", help="Where to play (default: a temporary folder).")
def command(folder: str | None) -> None:
    """See it work: measure a small training, slow it down, look at both reports.

    Takes less than a minute and leaves its folder to look at.
    """
    from perfgate.pipeline.init.demo import demo

    place = demo(_say, folder=folder)
    _say(f"# Look around in {place}: train.py, outputs/, baselines/, unchanged.md, slowed.md")


def _say(line: str) -> None:
    """Print a line at once, before the next command prints its own."""
    click.echo(line)
