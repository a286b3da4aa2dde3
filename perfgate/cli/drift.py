"""``perfgate drift``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import config_option
from perfgate.render.registry import choices

if TYPE_CHECKING:
    from perfgate.core.finding import ExitCode, Level
    from perfgate.render import Format


@click.command()
@config_option
@click.option("--reference", metavar="FILE", help="Committed summary (default: of the configuration).")
@click.option("--current", multiple=True, metavar="PATH", help="Current samples: file, folder or glob; repeatable.")
@click.option("--cluster-field", default="", metavar="FIELD", help="Which samples belong together.")
@click.option("--field", "fields", multiple=True, metavar="FIELD", help="Compare these fields only; repeatable.")
@click.option("--level", type=click.Choice(["fail", "warn", "info"]), help="fail: drift is exit code 1.")
@click.option("--format", "form", type=click.Choice(choices(verdict=False)), default="text", help="On stdout.")
def command(
    *,
    config: str | None,
    reference: str | None,
    current: tuple[str, ...],
    cluster_field: str,
    fields: tuple[str, ...],
    level: Level | None,
    form: Format,
) -> ExitCode:
    """Compare the inputs of a model with those it was tested on.

    `perfgate baseline drift` writes the summary that is compared with. Exits 0 when
    nothing drifted, or at most warns; 1 when inputs drifted at level fail; 2 when the
    samples are too few, or nothing can be compared.
    """
    from perfgate.cli.present import show
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.drift.compare import Request, drift
    from perfgate.pipeline.inputs import TOOL
    from perfgate.report.rollout.drift import compose_drift

    verdict = drift(
        Request(
            config=config,
            reference=reference,
            current=current,
            cluster_field=cluster_field,
            fields=fields,
            level=level,
        )
    )
    show(compose_drift(verdict, tool=TOOL), form)
    if verdict.problems:
        raise CannotDecideError(verdict.problems)
    return verdict.exit_code
