"""``perfgate history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.known import complete_benchmark, complete_metric
from perfgate.cli.options import config_option
from perfgate.cli.output import echo, say_all
from perfgate.render.registry import choices

if TYPE_CHECKING:
    from perfgate.render import Format

_FORMATS = [*choices(verdict=False), "csv", "openmetrics"]


@click.command()
@click.argument("benchmark", default="", shell_complete=complete_benchmark)
@click.option("--metric", default="", metavar="GLOB", shell_complete=complete_metric, help="Default: what is gated.")
@click.option("--class", "machine_class", default="", metavar="NAME", help="Class of machine (default: all).")
@click.option("--since", default="", metavar="DATE|REF", help="Only what was measured since a day or a commit.")
@click.option(
    "--last", type=click.IntRange(1, 100_000), default=300, show_default=True, help="Newest sessions of a benchmark."
)
@click.option(
    "--anchor", default="", metavar="REF|N", help="Compare with this commit, or N sessions back (default: last tag)."
)
@config_option
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="On stdout.")
def command(
    *,
    benchmark: str,
    metric: str,
    machine_class: str,
    since: str,
    last: int,
    anchor: str,
    config: str | None,
    form: Format,
) -> None:
    """Show how values changed over time, from the versions of the baselines in git.

    Without BENCHMARK one row a value, and the steps with their commits; with one its sessions as a log.
    """
    from perfgate.cli.present import show
    from perfgate.pipeline.history.find import Asked, find_history
    from perfgate.pipeline.inputs import TOOL
    from perfgate.report.history.compose import compose_history, compose_log

    asked = Asked(
        benchmark=benchmark, metric=metric, machine_class=machine_class, since=since, last=last, anchor=anchor
    )
    found = find_history(asked, config=config)
    if form in {"csv", "html"}:
        from perfgate.render.history import page, table

        if form == "csv":
            echo(table.render(found), form="openmetrics")
        else:
            echo(page.render(found, tool=TOOL), form="html")
    else:
        show((compose_log if benchmark else compose_history)(found, tool=TOOL), form)
    say_all(found.notes)
