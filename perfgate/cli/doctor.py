"""``perfgate doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.render.registry import choices

if TYPE_CHECKING:
    from perfgate.render import Format


@click.command()
@click.option("--format", "form", type=click.Choice(choices(verdict=False)), default="text", help="On stdout.")
@click.option("--quick", is_flag=True, help="Leave out the ten launches of a small workload.")
def command(*, form: Format, quick: bool) -> None:
    """Show what this machine can measure, and what to do about each finding.

    It looks at the clock, at the cost of spans, at memory, processors, noise,
    limits of a container, and the settings in effect; it takes a few seconds.
    Exits 0, or 2 when nothing can be measured here.
    """
    from perfgate.cli.present import show
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.doctor.examine import examine

    document, faults = examine(is_quick=quick)
    show(document, form)
    if faults:
        raise CannotDecideError(faults)
