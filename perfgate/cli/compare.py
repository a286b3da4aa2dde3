"""``perfgate compare``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from perfgate.cli.options import (
    config_option,
    given_options,
    reading_options,
    report_options,
    same_session_option,
    threshold_option,
)

if TYPE_CHECKING:
    from perfgate.cli.options import ReportOptions
    from perfgate.core.finding import ExitCode
    from perfgate.formats.options import ForeignOptions


@click.command()
@click.argument("base")
@click.argument("current", nargs=-1, required=True)
@config_option
@same_session_option
@threshold_option
@reading_options
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    base: str,
    current: tuple[str, ...],
    config: str | None,
    same_session: bool,
    threshold: str | None,
    foreign: ForeignOptions,
    output: ReportOptions,
) -> ExitCode:
    """Compare two results: files or folders of runs, of profiles, or of another tool.

    The same as `perfgate check CURRENT --baseline BASE`: exits 0, 1 or 2.
    """
    from perfgate.cli.present import present_verdict, report_targets
    from perfgate.pipeline.check.check import Request, check
    from perfgate.pipeline.inputs import holds_profiles

    profiles = current[0] if len(current) == 1 and holds_profiles(current[0]) else None
    targets = report_targets(ctx, output)
    request = Request(
        paths=() if profiles else current,
        current=profiles,
        baseline=base,
        config=config,
        same_session=same_session,
        threshold=threshold,
        foreign=foreign,
        reproduce=shlex.join(["perfgate", "compare", *given_options(ctx), base, *current]),
    )
    return present_verdict(check(request), output, targets)
