"""``perfgate explain``."""

from __future__ import annotations

import click

from perfgate.cli.options import config_option


@click.command()
@click.argument("benchmark")
@config_option
def command(benchmark: str, config: str | None) -> None:
    """Show which rules apply to a benchmark, and why."""
    from perfgate.cli.present import show
    from perfgate.pipeline.explain import compose_explanation

    show(compose_explanation(benchmark, config=config), "text")
