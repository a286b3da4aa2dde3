"""``perfgate report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import format_options

if TYPE_CHECKING:
    from perfgate.render import Format


@click.command()
@click.argument("path", metavar="REPORT_JSON")
@format_options
def command(path: str, form: Format) -> None:
    """Render a report again in another format.

    Exits 0 whatever the verdict in it; `perfgate check` is what gates.
    """
    from perfgate.cli.present import show
    from perfgate.pipeline.report_io import read_report

    show(read_report(path), form)
