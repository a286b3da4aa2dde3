"""``perfgate check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.known import complete_benchmark
from perfgate.cli.options import (
    check_day,
    config_option,
    given_options,
    machine_class_option,
    reading_options,
    report_options,
    same_session_option,
    threshold_option,
)
from perfgate.cli.paths import paths_option

if TYPE_CHECKING:
    from perfgate.cli.options import ReportOptions
    from perfgate.core.finding import ExitCode
    from perfgate.formats.options import ForeignOptions


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--baseline", metavar="DIR|FILE", help="Baselines: a folder, a profile file or plain percentiles.")
@click.option(
    "--baseline-ref", metavar="REF", help="Read baselines and configuration from a git commit; auto: from the event."
)
@click.option("--current", metavar="FILE", help="Current profiles or plain percentiles, in place of runs.")
@config_option
@machine_class_option
@click.option("--sessions", type=click.Choice(["newest", "all"]), default="newest", help="Which sessions to judge.")
@click.option(
    "--confirm", multiple=True, metavar="REPORT", help="report.json of an earlier fresh session, judged again with it."
)
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_benchmark,
    help="Check these benchmarks only; repeatable.",
)
@click.option("--budget", "budgets", multiple=True, metavar="NAME", help="Check these budgets only; repeatable.")
@click.option(
    "--expect-shards", type=click.IntRange(1, 9999), metavar="N", help="How many shards must have measured, each once."
)
@paths_option
@same_session_option
@threshold_option
@click.option(
    "--runs-from", metavar="COMMIT", help="Judge runs of this commit on purpose (default: of the one checked out)."
)
@click.option("--today", default="", metavar="DATE", help="The day by which waivers end (default: today, UTC).")
@reading_options
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    baseline: str | None,
    baseline_ref: str | None,
    current: str | None,
    config: str | None,
    machine_class: str,
    sessions: str,
    confirm: tuple[str, ...],
    benchmarks: tuple[str, ...],
    budgets: tuple[str, ...],
    expect_shards: int | None,
    globs: tuple[str, ...],
    same_session: bool,
    threshold: str | None,
    runs_from: str | None,
    today: str,
    foreign: ForeignOptions,
    output: ReportOptions,
) -> ExitCode:
    """Compare runs with the baselines.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Exits 0 when every gated value was measured and holds, 1 when one regressed,
    2 when it cannot be decided.
    """
    from perfgate.cli.present import present_verdict, report_targets
    from perfgate.pipeline.check.check import Request, check

    _refuse_contradictions(ctx)
    check_day(ctx, today)
    targets = report_targets(ctx, output)
    request = Request(
        paths=paths,
        baseline=baseline,
        baseline_ref=baseline_ref,
        current=current,
        config=config,
        machine_class=machine_class,
        every_session=sessions == "all",
        confirm=confirm,
        benchmarks=benchmarks,
        budgets=budgets,
        expect_shards=expect_shards,
        globs=globs,
        same_session=same_session,
        threshold=threshold,
        runs_from=runs_from,
        today=today,
        foreign=foreign,
        reproduce=command_line(ctx),
    )
    return present_verdict(check(request), output, targets)


def _refuse_contradictions(ctx: click.Context) -> None:
    """Return when the options do not exclude each other."""
    given = ctx.params
    current, same_session = given["current"], given["same_session"]
    if given["baseline"] is not None and given["baseline_ref"] is not None:
        raise click.UsageError("--baseline and --baseline-ref exclude each other", ctx)
    if current is not None and given["paths"]:
        raise click.UsageError("--current and PATHS exclude each other", ctx)
    if current is not None and given["expect_shards"] is not None:
        raise click.UsageError("--expect-shards takes the profile files of the shards as PATHS, not --current", ctx)
    if given["benchmarks"] and given["expect_shards"] is not None:
        raise click.UsageError("--benchmark and --expect-shards exclude each other: all shards are checked whole", ctx)
    if given["globs"] and (given["baseline"] is not None or given["runs_from"] is not None):
        raise click.UsageError("--paths judges by commits: it excludes --baseline and --runs-from", ctx)
    several = (given["confirm"], given["sessions"] == "all", current is not None, given["expect_shards"] is not None)
    if same_session and any(several):
        raise click.UsageError(
            "--same-session excludes --confirm, --sessions all, --current and --expect-shards: they need several", ctx
        )


def command_line(ctx: click.Context) -> str:
    """Return the command as it was given, for the report; where reports go is no part of it."""
    import shlex

    return shlex.join(["perfgate", "check", *given_options(ctx), *ctx.params["paths"]])
