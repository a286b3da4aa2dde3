"""``perfgate ab``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from perfgate.cli.options import (
    check_command,
    check_parameters,
    config_option,
    given_options,
    measuring_options,
    report_options,
    split_words,
)
from perfgate.cli.paths import paths_option
from perfgate.cli.progress import AbLine, find_outlet

if TYPE_CHECKING:
    from perfgate.cli.options import MeasuringOptions, ReportOptions
    from perfgate.core.errors import CannotDecideError
    from perfgate.core.finding import ExitCode
    from perfgate.pipeline.ab.compare import Outcome
    from perfgate.pipeline.ab.request import Request

ROUNDS = 10
ROUNDS_OF_RESULTS = 5
"""A run of a tool that repeats takes long, and its best sample varies less."""
NOT_REPEATED = frozenset({"base", "head", "out", "for_bisect"})
"""Options that are no part of the line that repeats a comparison: the commits of both sides are added to it as
they were found; where summaries are kept, and the exit code for git, change nothing."""
ALWAYS_REPEATED = frozenset({"seed"})


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1)
@click.option("--base", metavar="REF", help="Commit to compare with (default: the fork point from the main branch).")
@click.option("--head", metavar="REF", help="Commit that is compared (default: the working tree as it is).")
@click.option("--base-cmd", metavar="CMD", help="Without git: the base's command, in quotes.")
@click.option("--head-cmd", metavar="CMD", help="Without git: the head's command, in quotes.")
@click.option("-n", "--runs", type=click.IntRange(2, 100_000), help="Exactly so many runs a side.")
@click.option(
    "--rounds-max",
    type=click.IntRange(1, 50_000),
    help="Stop when it is clear, at the latest after so many rounds of two runs a side (default: "
    f"{ROUNDS}; {ROUNDS_OF_RESULTS} with --results).",
)
@measuring_options
@click.option(
    "--for-bisect",
    is_flag=True,
    help="Exit 125 in place of 2: git bisect run skips it.",
)
@paths_option
@click.option("--out", metavar="DIR", help="Keep the summaries in DIR/base and DIR/head.")
@click.option("--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Of the order of the runs.")
@config_option
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    argv: tuple[str, ...],
    base: str | None,
    head: str | None,
    base_cmd: str | None,
    head_cmd: str | None,
    runs: int | None,
    rounds_max: int | None,
    measuring: MeasuringOptions,
    for_bisect: bool,
    globs: tuple[str, ...],
    out: str | None,
    seed: int,
    config: str | None,
    output: ReportOptions,
) -> ExitCode:
    """Compare two versions of a command, measured interleaved.

    The base is a commit in a git worktree of its own, the head the working tree.
    Exits 0 when nothing regressed, 1 when something did, 2 when it cannot be decided.
    """
    from perfgate.cli.present import present_verdict, report_targets
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.measuring.parameters import spread_hooks

    before, after = _words("--base-cmd", base_cmd), _words("--head-cmd", head_cmd)
    _check_commands(ctx, argv, before, after)
    _check_rounds(ctx, runs, rounds_max, measuring.max_time)
    check_parameters(measuring, argv, before, after)
    targets = report_targets(ctx, output)
    request = Request(
        argv=argv,
        base_cmd=before,
        head_cmd=after,
        base=base,
        head=head,
        runs=runs,
        rounds=rounds_max or (ROUNDS_OF_RESULTS if measuring.results else ROUNDS),
        warmup=measuring.warmup,
        hooks=spread_hooks(measuring.hooks, measuring.parameters),
        max_time=measuring.max_time,
        benchmark=measuring.benchmark,
        rows=measuring.rows,
        timeout=measuring.timeout,
        out=None if out is None else os.path.abspath(out),
        seed=seed,
        config=config,
        is_whole=measuring.is_whole,
        counts=measuring.counts,
        results=measuring.results,
        foreign=measuring.foreign,
        globs=globs,
        parameters=measuring.parameters,
        options=given_options(ctx, without=NOT_REPEATED, always=ALWAYS_REPEATED),
    )
    del for_bisect  # whatever goes wrong has its exit code: see `perfgate.__main__.run`
    outcome = _compare(request, out, is_quiet=output.look.is_quiet)
    return present_verdict(outcome.verdict, output, targets, program_output=outcome.program_output)


def _compare(request: Request, out: str | None, *, is_quiet: bool) -> Outcome:
    """Return the verdict of a comparison, and show meanwhile how far it is.

    Args:
        request: what is compared.
        out: the folder that keeps the summaries, as it was typed; None: they are not kept.
        is_quiet: show nothing meanwhile.

    Raises:
        CannotDecideError: it was interrupted.
    """
    from perfgate.pipeline.ab.compare import ab

    line = AbLine(find_outlet(os.environ, is_quiet=is_quiet))
    try:
        return ab(request, line.show)
    except KeyboardInterrupt:
        raise _interrupted(line, out) from None
    finally:
        line.clear()


def _check_rounds(ctx: click.Context, runs: int | None, rounds_max: int | None, max_time: float | None) -> None:
    """Refuse two answers to how many runs are made.

    Raises:
        UsageError: there are two.
    """
    for flag, other in (("--rounds-max", rounds_max), ("--max-time", max_time)):
        if runs is not None and other is not None:
            raise click.UsageError(f"-n and {flag} exclude each other", ctx)


def _check_commands(ctx: click.Context, argv: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Refuse commands that do not say what is compared with what.

    Raises:
        UsageError: there is neither one command nor one for each side, or an option speaks of commits with two.
    """
    if bool(argv) == bool(before) or bool(before) != bool(after):
        raise click.UsageError("give one command behind --, or both --base-cmd and --head-cmd", ctx)
    of_commits = [f"--{name.replace('globs', 'paths')}" for name in ("base", "head", "globs") if ctx.params[name]]
    if before and of_commits:
        what = f"{of_commits[0]} needs one command behind --"
        raise click.UsageError(f"{what}: two commands have no commits that differ", ctx)
    for words in (argv,) if argv else (before, after):
        check_command(words)


def _words(flag: str, text: str | None) -> tuple[str, ...]:
    """Return the words of a command in quotes; none when it was not given."""
    return () if text is None else split_words(flag, text)


def _interrupted(line: AbLine, out: str | None) -> CannotDecideError:
    """Return the error for a comparison that was interrupted, which says what is kept."""
    from perfgate.core.errors import cannot_decide

    base, head = (0, 0) if line.last is None else line.last.runs
    kept = f"run files are kept in {out}/base and {out}/head" if out is not None and base + head else "nothing is kept"
    what = "in the set-up" if line.last is None else f"after {base:,}+{head:,} runs of base and head"
    return cannot_decide("interrupted", f"interrupted {what}; {kept}", hint="run the command again")
