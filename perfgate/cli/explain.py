"""``perfgate explain``."""

from __future__ import annotations

import click


@click.command()
@click.argument("benchmark")
@click.option("--config", metavar="FILE", help="Configuration file (default: perfgate.toml or pyproject.toml).")
def command(benchmark: str, config: str | None) -> None:
    """Say which rule governs what of a benchmark, and why."""
    from perfgate.cli.present import show  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.explain import compose_explanation  # noqa: PLC0415 - see above

    show(compose_explanation(benchmark, config=config), "text")
