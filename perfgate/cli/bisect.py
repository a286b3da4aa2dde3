"""``perfgate bisect``."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import click

from perfgate.cli.ab import ROUNDS, ROUNDS_OF_RESULTS
from perfgate.cli.options import check_command, check_parameters, config_option, measuring_options, quiet_option
from perfgate.cli.progress import AbLine, find_outlet
from perfgate.render.registry import choices

if TYPE_CHECKING:
    from perfgate.cli.options import MeasuringOptions
    from perfgate.cli.progress import Outlet
    from perfgate.core.finding import ExitCode
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.bisect.request import BisectRequest
    from perfgate.render import Format
    from perfgate.report.bisection import Found

_RUNS = 400


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1)
@click.option("--good", metavar="REF", required=True, help="Commit before the change, an ancestor of the bad one.")
@click.option("--bad", metavar="REF", default="HEAD", show_default=True, help="Commit that is worse.")
@click.option("--metric", metavar="NAME", help="Follow this metric (default: the worst that is gated).")
@click.option("--state", metavar="FILE", help="Keep what was measured; the same command goes on from there.")
@click.option(
    "--max-runs", type=click.IntRange(8, 1_000_000), default=_RUNS, show_default=True, help="Stop after so many runs."
)
@click.option("--benchmark", "only", metavar="GLOB", default="*", help="Follow a value of these benchmarks.")
@partial(measuring_options, names_benchmark=False)
@click.option("--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Of the order of the runs.")
@config_option
@quiet_option
@click.option("--format", "form", type=click.Choice(choices(verdict=False)), default="text", help="On stdout.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    argv: tuple[str, ...],
    good: str,
    bad: str,
    metric: str | None,
    only: str,
    state: str | None,
    max_runs: int,
    measuring: MeasuringOptions,
    seed: int,
    config: str | None,
    is_quiet: bool,
    form: Format,
) -> ExitCode:
    """Find the commit that made a command slower.

    Measures commits between two interleaved with the good one, until one is the
    first slow one with 99 % probability, and compares that with the commit before it.
    Exits 0 when it is found and confirmed, else 2.
    """
    from perfgate.cli.output import say_all
    from perfgate.cli.present import show
    from perfgate.core.errors import CannotDecideError
    from perfgate.core.finding import ExitCode
    from perfgate.pipeline.bisect.request import BisectRequest
    from perfgate.pipeline.inputs import TOOL
    from perfgate.report.bisection import compose_bisection

    if not argv:
        raise click.UsageError("give the command behind --", ctx)
    check_command(argv)
    check_parameters(measuring, argv)
    request = BisectRequest(
        good=good,
        bad=bad,
        measuring=_measuring(argv, measuring, only=(only, metric or "*"), seed=seed, config=config),
        metric=metric,
        state=state,
        most_runs=max_runs,
    )
    found = _find(request, find_outlet(os.environ, is_quiet=is_quiet))
    show(compose_bisection(found, tool=TOOL), form)
    say_all(found.notes)
    if found.problem is not None:
        raise CannotDecideError([found.problem])
    return ExitCode.PASS


def _measuring(
    argv: tuple[str, ...], measuring: MeasuringOptions, *, only: tuple[str, str], seed: int, config: str | None
) -> Request:
    """Return how two commits are compared."""
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.measuring.parameters import spread_hooks

    return Request(
        argv=argv,
        base_cmd=(),
        head_cmd=(),
        base=None,
        head=None,
        runs=None,
        rounds=ROUNDS_OF_RESULTS if measuring.results else ROUNDS,
        warmup=measuring.warmup,
        hooks=spread_hooks(measuring.hooks, measuring.parameters),
        max_time=measuring.max_time,
        benchmark=None,
        rows=measuring.rows,
        timeout=measuring.timeout,
        out=None,
        seed=seed,
        config=config,
        is_whole=measuring.is_whole,
        results=measuring.results,
        counts=measuring.counts,
        foreign=measuring.foreign,
        parameters=measuring.parameters,
        only=only,
        verb="bisect",
        options=(),
    )


def _find(request: BisectRequest, outlet: Outlet) -> Found:
    """Return what a search found, and show meanwhile how far it is.

    Raises:
        CannotDecideError: the search is not possible, or it was interrupted.
    """
    from perfgate.core.errors import cannot_decide, plain
    from perfgate.pipeline.bisect.find import bisect

    line = AbLine(outlet, "bisect")

    def say(step: str) -> None:
        line.clear()
        outlet.write(f"perfgate bisect: {plain(step)}\n")

    try:
        return bisect(request, line.show, say)
    except KeyboardInterrupt:
        message = "interrupted; nothing is kept" if request.state is None else f"interrupted; kept in {request.state}"
        hint = "run it again with --state FILE, which keeps what was measured"
        if request.state is not None:
            hint = "run the command again: it goes on from there"
        raise cannot_decide("interrupted", message, hint=hint) from None
    finally:
        line.clear()
