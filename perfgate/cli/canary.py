"""``perfgate canary``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from perfgate.cli.options import config_option, reading_options

if TYPE_CHECKING:
    from perfgate.core.finding import ExitCode
    from perfgate.core.rollout.canary import Outcome
    from perfgate.formats.options import ForeignOptions

_FORMATS = ["text", "markdown", "json", "openmetrics"]
_ZERO_IF = ["promote", "not-rollback", "rollback"]


class _Age(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic from click 8.3 on
    """A time such as ``90m`` or ``2h``."""

    name = "time"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        from perfgate.core.text.units import parse_time

        try:
            return parse_time(str(value))
        except ValueError as caught:
            self.fail(str(caught), param, ctx)


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--baseline", multiple=True, metavar="PATH", help="Files of the version that serves already; repeatable.")
@click.option("--canary", multiple=True, metavar="PATH", help="Files of the canary; repeatable.")
@click.option("--arm-field", default="", metavar="FIELD", help="Field or label that names the version, in PATHS.")
@click.option("--baseline-arm", default="", metavar="NAME", help="What it holds for the baseline.")
@click.option("--canary-arm", default="", metavar="NAME", help="What it holds for the canary.")
@click.option(
    "--instance-field",
    default="instance",
    show_default=True,
    metavar="FIELD",
    help="Field or label that names the instance.",
)
@click.option("--budget", "budgets", multiple=True, metavar="NAME", help="Ask for these budgets only; repeatable.")
@click.option("--phase", type=click.IntRange(1, 100), metavar="PERCENT", help="Phase of the rollout, by its weight.")
@click.option("--state", metavar="FILE", help="File that carries the analyses of a phase from call to call.")
@click.option("--age", type=_Age(), metavar="TIME", help="How long the canary has served (default: as its rows say).")
@click.option(
    "--exit-zero-if", type=click.Choice(_ZERO_IF), help="Exit 0 on this verdict alone, for callers that know two."
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="On stdout.")
@click.option("--report", "reports", multiple=True, metavar="FILE", help="Also write it: .md, .json, .txt or .prom.")
@reading_options
@config_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    baseline: tuple[str, ...],
    canary: tuple[str, ...],
    arm_field: str,
    baseline_arm: str,
    canary_arm: str,
    instance_field: str,
    budgets: tuple[str, ...],
    phase: int | None,
    state: str | None,
    age: float | None,
    exit_zero_if: str | None,
    form: str,
    reports: tuple[str, ...],
    foreign: ForeignOptions,
    config: str | None,
) -> ExitCode:
    """Judge a canary by the requests of two versions: promote, roll back or hold.

    Give the files of each version, or PATHS that hold both and the field that
    names the version. No traffic is moved. Exits 0 to promote, 1 to roll back, 2
    to hold or when nothing can be decided.
    """
    from perfgate import __version__
    from perfgate.cli.present import show
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.canary.arms import Sides
    from perfgate.pipeline.canary.canary import Request, judge_canary
    from perfgate.report.rollout.canary import compose_canary

    if paths and not arm_field:
        raise click.UsageError("PATHS need --arm-field; else name the files by --baseline and --canary", ctx)
    sides = Sides(
        baseline=(*paths, *baseline),
        canary=canary,
        arm_field=arm_field,
        baseline_arm=baseline_arm,
        canary_arm=canary_arm,
        instance_field=instance_field,
        is_instance_asked=ctx.get_parameter_source("instance_field") is not ParameterSource.DEFAULT,
    )
    if state is not None and any(os.path.realpath(path) == os.path.realpath(state) for path in reports):
        raise click.UsageError("--report and --state have the same path: name two files", ctx)
    targets = _targets(ctx, reports)
    request = Request(sides=sides, budgets=budgets, phase=phase, state=state, age=age, config=config, foreign=foreign)
    decision = judge_canary(request)
    faults = show(compose_canary(decision, tool=f"perfgate {__version__}"), form, targets)
    if decision.problems or faults:
        raise CannotDecideError((*decision.problems, *faults))
    return _code(decision.outcome, exit_zero_if)


def _targets(ctx: click.Context, reports: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return where to write which rendering."""
    from perfgate.render.registry import format_of_file

    targets = []
    for path in reports:
        form = format_of_file(path)
        if form not in _FORMATS:
            raise click.UsageError(f'--report "{path}": the name must end in .md, .json, .txt or .prom', ctx)
        targets.append((path, form))
    return targets


def _code(outcome: Outcome, zero_if: str | None) -> ExitCode:
    """Return the exit code; for callers that know two outcomes 0 is the one that they ask for, and no other."""
    from perfgate.core.finding import ExitCode
    from perfgate.core.rollout.canary import Outcome

    asked = {
        None: {Outcome.PROMOTE},
        "promote": {Outcome.PROMOTE},
        "not-rollback": {Outcome.PROMOTE, Outcome.HOLD},
        "rollback": {Outcome.ROLLBACK},
    }[zero_if]
    if outcome in asked:
        return ExitCode.PASS
    return ExitCode.REGRESSION if outcome is Outcome.ROLLBACK else ExitCode.CANNOT_DECIDE
