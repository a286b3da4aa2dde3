"""``perfgate explain``."""

from __future__ import annotations

import click

from perfgate.cli.known import complete_name
from perfgate.cli.options import config_option


@click.command()
@click.argument("name", required=False, shell_complete=complete_name)
@config_option
def command(name: str | None, config: str | None) -> None:
    """Show which rules apply to a benchmark, or what a message or status means.

    NAME is a benchmark, a glob, the name of a message such as no-runs, or the
    status of a value such as suspected.
    Without it, all benchmarks are listed.
    """
    from perfgate.cli.present import show
    from perfgate.pipeline.explain.explain import compose_explanation

    show(compose_explanation(name, config=config), "text")
