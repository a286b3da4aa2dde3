"""``perfgate dashboard``."""

from __future__ import annotations

from typing import Literal

import click

from perfgate.cli.options import config_option
from perfgate.cli.output import echo, say_all

_GRAFANA = ("11.6",)
"""Versions of Grafana whose dashboards are written; each has its own builders and its own schema."""
_UNITS = ("ms", "seconds")


@click.command()
@click.option(
    "--grafana", type=click.Choice(_GRAFANA), default=_GRAFANA[0], show_default=True, help="Version that reads it."
)
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of stdout.")
@click.option("--title", default="Service performance", show_default=True, help="Name of the dashboard.")
@click.option("--stage-prefix", default="mm", show_default=True, metavar="NAME", help="`prefix` of init_metrics.")
@click.option("--stage-unit", type=click.Choice(_UNITS), default="ms", show_default=True, help="`unit` of the same.")
@config_option
def command(
    *,
    grafana: str,
    output: str | None,
    title: str,
    stage_prefix: str,
    stage_unit: Literal["ms", "seconds"],
    config: str | None,
) -> None:
    """Write a dashboard for Grafana, with the limits of the budgets as lines.

    It has the metrics of perfgate.monitor, the stage metrics, and the machines by
    node exporter. Budgets that name a series are drawn; the same configuration
    gives the same file. Needs the extra `rollout` of perfgate.
    """
    from perfgate.core.sources.series import is_series_name
    from perfgate.pipeline.dashboard import read_budgets, require_builders
    from perfgate.pipeline.report_io import write_output
    from perfgate.render.dashboard.compose import compose
    from perfgate.render.dashboard.stages import StageNames

    if not is_series_name(stage_prefix):
        raise click.UsageError(f'--stage-prefix "{stage_prefix}" cannot begin the name of a metric')
    policy, remarks = read_budgets(config)
    dashboard = compose(policy, title=title, stages=StageNames(prefix=stage_prefix, unit=stage_unit))
    require_builders(grafana)
    from perfgate.render.dashboard.grafana import render

    text = render(dashboard)
    if output is None:
        echo(text, form="json")
    else:
        write_output(output, text.encode(), slug="dashboard-unwritable")
    say_all(remarks)
