"""``perfgate waive``."""

from __future__ import annotations

import click

from perfgate.cli.known import complete_benchmark, complete_metric
from perfgate.cli.options import config_option
from perfgate.cli.output import say
from perfgate.core.statistic import P50, STATISTICS


@click.command()
@click.argument("benchmark", shell_complete=complete_benchmark)
@click.argument("metric", shell_complete=complete_metric)
@click.option("--ceiling", required=True, metavar="+N%", help="Largest worsening that passes, such as +30%.")
@click.option("--until", required=True, metavar="DATE", help="Last day on which it holds, such as 2026-01-31.")
@click.option("--reason", required=True, metavar="TEXT", help="Why, in one line.")
@click.option("--issue", default="", metavar="URL", help="Where it is followed up.")
@click.option("--statistic", type=click.Choice(STATISTICS), default=P50, show_default=True)
@config_option
def command(
    *,
    benchmark: str,
    metric: str,
    ceiling: str,
    until: str,
    reason: str,
    issue: str,
    statistic: str,
    config: str | None,
) -> None:
    """Allow one value to be worse until a date, up to a ceiling, in a file for review.

    BENCHMARK and METRIC name the value as reports do. Commit the file that is written,
    so that a reviewer can check what is allowed, how long, and why.
    """
    from perfgate.pipeline.baselines.waive import Request, add_waiver

    path = add_waiver(
        Request(
            benchmark=benchmark,
            metric=metric,
            statistic=statistic,
            ceiling=ceiling,
            until=until,
            reason=reason,
            issue=issue,
            config=config,
        )
    )
    say(f"waived {benchmark} {metric} {statistic} up to {ceiling} until {until}: {path}")
    say("commit it: the change is reviewed like code")
