"""``perfgate run``."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import click

from perfgate.cli.options import check_command, check_parameters, given_options, measuring_options, quiet_option
from perfgate.cli.output import echo, say, say_all
from perfgate.cli.progress import RunLine, find_outlet
from perfgate.core.errors import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.cli.options import MeasuringOptions
    from perfgate.core.errors import CannotDecideError, Diagnostic
    from perfgate.pipeline.measuring.run import MeasuringJob, Take

COUNTED_RUNS = 3
"""Measured runs with ``--counts``: two that agree would do, a third shows by how much counts differ."""
_RUNS_HELP = f"Measured runs (default: 10; {COUNTED_RUNS} with --counts)."


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1, required=True)
@click.option("-n", "--runs", type=click.IntRange(1, 100_000), default=10, help=_RUNS_HELP)
@measuring_options
@click.option("--out", metavar="DIR", help="Folder of the summaries (default: where `check` looks).")
@click.option("--profile", "is_profiled", is_flag=True, help="Run once more under a profiler; count its calls.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="json: summaries as lines.",
)
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    argv: tuple[str, ...],
    runs: int,
    measuring: MeasuringOptions,
    out: str | None,
    is_profiled: bool,
    form: str,
    is_quiet: bool,
) -> None:
    """Measure a command: time, CPU and peak memory, one summary a run.

    A program that uses perfgate.measure inside writes its own summaries; they win.
    A run that fails ends the measuring with exit code 2. With --profile the last
    summary of each benchmark has the calls of one more repetition, which is not timed.
    """
    from perfgate.pipeline.measuring.run import default_out, plan_jobs
    from perfgate.pipeline.measuring.tracing import warn_of_dropped, warn_of_overhead

    check_command(argv)
    check_parameters(measuring, argv)
    _check_profiled(ctx, measuring, is_profiled=is_profiled)
    if measuring.counts and ctx.get_parameter_source("runs") is click.core.ParameterSource.DEFAULT:
        runs = COUNTED_RUNS
    seen = _Seen(form)
    jobs = plan_jobs(
        argv,
        parameters=measuring.parameters,
        options=given_options(ctx, without={"benchmark"}),
        benchmark=measuring.benchmark,
        rows=measuring.rows,
        out=default_out() if out is None else out,
        timeout=measuring.timeout,
        is_whole=measuring.is_whole,
        hooks=measuring.hooks,
        take=_taker(argv, measuring),
        on_message=seen.hear,
    )
    outlet = find_outlet(os.environ, is_quiet=is_quiet)
    seen.line = RunLine(outlet, jobs[0].benchmark, runs=runs * len(jobs), warmup=measuring.warmup * len(jobs))
    began = outlet.now()
    written, warnings = _measure(jobs, seen, seen.line, measuring, runs=runs, is_profiled=is_profiled)
    seconds = outlet.now() - began
    warnings += dict.fromkeys(d for job in jobs if job.taken is not None for d in job.taken.notes)
    if measuring.benchmark and measuring.benchmark not in seen.names:
        warnings.append(_ignored(measuring.benchmark, seen.names))
    for message in seen.messages:
        say(message, err=True)
    say_all([*warnings, *warn_of_overhead(seen.overhead), *warn_of_dropped(seen.dropped)])
    if form == "table":
        line, is_default = seen.line, out is None
        _show(written, jobs[0].out, runs=line.done, warmup=line.warmup, seconds=seconds, is_default=is_default)


def _taker(argv: tuple[str, ...], measuring: MeasuringOptions) -> Take | None:
    """Return what makes, from the configuration, what is judged in place of time and memory; None: these are."""
    from perfgate.measure.command.name import default_benchmark_name
    from perfgate.pipeline.measuring.counting import InstructionCounts
    from perfgate.pipeline.measuring.parameters import put_in
    from perfgate.pipeline.measuring.results import ResultFiles

    if measuring.counts:
        name = measuring.benchmark or default_benchmark_name(argv)
        rows, is_whole = measuring.rows or 0, measuring.is_whole
        return lambda _, words, labels: InstructionCounts(
            words, None, verb="run", benchmark=name, rows=rows, is_whole=is_whole, labels=labels
        )
    if measuring.results:
        paths = measuring.results
        return lambda policy, _, labels: ResultFiles(put_in(paths, labels), None, measuring.foreign, policy)
    return None


def _check_profiled(ctx: click.Context, measuring: MeasuringOptions, *, is_profiled: bool) -> None:
    """Refuse options that a profiled repetition does not know.

    Raises:
        UsageError: there are some.
    """
    if not is_profiled:
        return
    if measuring.results or measuring.counts:
        raise click.UsageError("--profile needs runs that are timed: leave --results and --counts out", ctx)
    if measuring.hooks.prepare or measuring.hooks.conclude or measuring.max_time:
        raise click.UsageError("--profile excludes --prepare, --conclude and --max-time", ctx)


def _measure(
    jobs: Sequence[MeasuringJob],
    seen: _Seen,
    line: RunLine,
    measuring: MeasuringOptions,
    *,
    runs: int,
    is_profiled: bool,
) -> tuple[list[str], list[Diagnostic]]:
    """Measure, and return the files of the summaries, and warnings.

    Raises:
        CannotDecideError: a run failed, or the measuring was interrupted.
    """
    from perfgate.pipeline.measuring.advice import warn_of_time_up
    from perfgate.pipeline.measuring.profiling import measure_and_profile, profiling_off
    from perfgate.pipeline.measuring.run import measure

    job, wanted = jobs[0], runs * len(jobs)
    how: Any = {"runs": runs, "warmup": measuring.warmup, "on_summary": seen.take, "on_progress": line.show}
    try:
        job.hooks.run("setup", "", slug="setup-failed", folder=None, env=os.environ)
        if is_profiled:
            return measure_and_profile(jobs, **how)
        written = measure(jobs, max_time=measuring.max_time, **how)
        return written, [*profiling_off(), *warn_of_time_up(line.done, wanted, measuring.max_time)]
    except KeyboardInterrupt:
        raise _interrupted(line.done, wanted, seen.summaries, job.out) from None
    finally:
        line.clear()
        say_all(job.hooks.clean_up("", folder=None, env=os.environ))


def _show(written: list[str], folder: str, *, runs: int, warmup: int, seconds: float, is_default: bool) -> None:
    """Print what was measured, where it is, and what to do next."""
    from perfgate.cli.measured import Measured, draw_measured
    from perfgate.pipeline.collect import collect_profiles
    from perfgate.pipeline.measuring.advice import find_next, warn_of_slow_first
    from perfgate.report.words import count

    profiles = collect_profiles(written, config=None, machine_class="").profiles
    say_all(warn_of_slow_first(profiles, warmup))
    listing = "perfgate collect" if is_default else shlex.join(["perfgate", "collect", folder])
    table = Measured(profiles=profiles, runs=runs, warmup=warmup, seconds=seconds, listing=listing)
    echo(draw_measured(table))
    say(f"{count(len(written), 'run file')} in {plain(folder)}")
    say(f"  next: {plain(find_next(None if is_default else folder))}")


class _Seen:
    """What the summaries say that were written, and their echo where each is printed."""

    def __init__(self, form: str) -> None:
        self._form = form
        self.line: RunLine | None = None
        self.summaries = 0
        self.names: set[str] = set()
        self.overhead = 0.0
        self.dropped = 0
        self.messages: dict[str, None] = {}

    def take(self, line: str) -> None:
        """Take the summary of a run, a line of JSON."""
        import json

        from perfgate.pipeline.measuring.tracing import dropped_of, overhead_of

        summary = json.loads(line)
        name = summary.get("benchmark") or ""
        self.names.add(name)
        self.summaries += 1
        self.overhead = max(self.overhead, overhead_of(summary))
        self.dropped = max(self.dropped, dropped_of(summary))
        if self.line is not None and summary.get("status") == "ok":  # results of a tool state none
            exact = summary.get("elapsed_ns")
            seconds = exact / 1e9 if exact is not None else summary.get("elapsed_sec", 0.0)
            self.line.times.setdefault(f"{name}{summary.get('labels')}", []).append(seconds)
        if self._form == "json":
            if self.line is not None:
                self.line.clear()  # else the first line stands behind it
            echo(f"{line}\n", form="json")

    def hear(self, line: str) -> None:
        """Take a line that the measuring side wrote in the measured program; equal ones are shown once."""
        self.messages[line] = None


def _ignored(benchmark: str, names: set[str]) -> Diagnostic:
    """Return the warning that the program names its benchmarks itself."""
    from perfgate.core.errors import warning

    own = ", ".join(sorted(names)[:3])
    message = f'--benchmark "{benchmark}" is ignored: the program names itself "{own}"'
    return warning("benchmark-ignored", message, hint="leave the name out in the program, or --benchmark here")


def _interrupted(done: int, runs: int, files: int, folder: str) -> CannotDecideError:
    """Return the error for a measurement that was interrupted, which says what is kept."""
    from perfgate.core.errors import cannot_decide
    from perfgate.report.words import count

    kept = f"{count(files, 'run file is', 'run files are')} kept in {folder}" if files else "nothing was recorded"
    message = f"interrupted after {done:,} of {count(runs, 'run')}; {kept}"
    return cannot_decide("interrupted", message, hint="run the command again")
