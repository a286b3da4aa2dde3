"""``perfgate run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import check_command, measuring_options
from perfgate.cli.output import echo, say

if TYPE_CHECKING:
    from perfgate.cli.options import MeasuringOptions
    from perfgate.core.errors import Diagnostic


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1, required=True)
@click.option("-n", "--runs", type=click.IntRange(1, 100_000), default=10, show_default=True, help="Measured runs.")
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
def command(
    *,
    argv: tuple[str, ...],
    runs: int,
    measuring: MeasuringOptions,
    out: str | None,
    is_profiled: bool,
    form: str,
) -> None:
    """Measure a command: time, CPU and peak memory, one summary a run.

    A program that uses perfgate.measure inside writes its own summaries; they win.
    A run that fails ends the measuring with exit code 2. With --profile the last
    summary of each benchmark has the calls of one more repetition, which is not timed.
    """
    from perfgate.cli.present import clear_progress, show_progress
    from perfgate.pipeline.collect import collect_profiles
    from perfgate.pipeline.measuring.profiling import measure_and_profile, profiling_off
    from perfgate.pipeline.measuring.run import default_out, measure, plan_job
    from perfgate.pipeline.measuring.tracing import warn_of_dropped, warn_of_overhead
    from perfgate.render import render
    from perfgate.report.profiles import compose_profiles
    from perfgate.report.words import count

    check_command(argv)
    out = default_out() if out is None else out
    seen = _Seen(form)
    job = plan_job(
        argv,
        benchmark=measuring.benchmark,
        rows=measuring.rows,
        out=out,
        timeout=measuring.timeout,
        is_whole=measuring.is_whole,
        on_message=seen.hear,
    )
    warnings: list[Diagnostic] = []
    try:
        if is_profiled:
            written, warnings = measure_and_profile(
                job, runs=runs, warmup=measuring.warmup, on_summary=seen.take, on_progress=show_progress
            )
        else:
            written = measure(job, runs=runs, warmup=measuring.warmup, on_summary=seen.take, on_progress=show_progress)
            warnings = profiling_off()
    finally:
        clear_progress()
    if measuring.benchmark and measuring.benchmark not in seen.names:
        warnings.append(_ignored(measuring.benchmark, seen.names))
    for line in seen.messages:
        say(line, err=True)
    for found in [*warnings, *warn_of_overhead(seen.overhead), *warn_of_dropped(seen.dropped)]:
        say("\n".join(found.lines()), err=True)
    if form == "table":
        echo(render(compose_profiles(collect_profiles(written, config=None, machine_class="").profiles), "text"))
        say(f"{count(len(written), 'summary', 'summaries')} in {out}")


class _Seen:
    """What the summaries say that were written, and their echo where each is printed."""

    def __init__(self, form: str) -> None:
        self._form = form
        self.names: set[str] = set()
        self.overhead = 0.0
        self.dropped = 0
        self.messages: dict[str, None] = {}

    def take(self, line: str) -> None:
        """Take the summary of a run, a line of JSON."""
        import json

        from perfgate.cli.present import clear_progress
        from perfgate.pipeline.measuring.tracing import dropped_of, overhead_of

        summary = json.loads(line)
        self.names.add(summary.get("benchmark") or "")
        self.overhead = max(self.overhead, overhead_of(summary))
        self.dropped = max(self.dropped, dropped_of(summary))
        if self._form == "json":
            clear_progress()  # else the first line stands behind the bar
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
