"""``perfgate run``."""

from __future__ import annotations

import sys

import click

_LONGEST = 1e7  # seconds; some months


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1, required=True)
@click.option("-n", "--runs", type=click.IntRange(1, 100_000), default=10, show_default=True, help="Measured runs.")
@click.option(
    "--warmup", type=click.IntRange(0, 1000), default=1, show_default=True, help="Runs before them, not kept."
)
@click.option("--benchmark", metavar="NAME", help="Name of the benchmark (default: after the command).")
@click.option("--rows", type=click.IntRange(0, 2**53), help="Rows that the command works on.")
@click.option("--out", metavar="DIR", help="Folder of the summaries (default: where `check` looks).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="json: summaries as lines.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Longest time of one run, in seconds.",
)
def command(
    *, argv: tuple[str, ...], runs: int, warmup: int, benchmark: str | None, rows: int | None,
    out: str | None, form: str, timeout: float | None,
) -> None:  # fmt: skip
    """Measure a command: time, CPU and peak memory, one summary a run.

    A program that uses perfgate.measure inside writes its own summaries; they win.
    A run that fails ends the measuring with exit code 2.
    """
    from perfgate.cli.showing import echo  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.collecting import collect_profiles  # noqa: PLC0415 - see above
    from perfgate.pipeline.measuring import default_out, job, measure  # noqa: PLC0415 - see above
    from perfgate.render import render  # noqa: PLC0415 - see above
    from perfgate.report.profiles import compose_profiles  # noqa: PLC0415 - see above
    from perfgate.report.words import count  # noqa: PLC0415 - see above

    if benchmark is not None and not (0 < len(benchmark) <= 500 and benchmark.isprintable()):  # noqa: PLR2004 - as in the schema
        raise click.UsageError("--benchmark must be a name of 1 to 500 printable characters")
    if not argv[0] or any("\0" in word for word in argv):
        raise click.UsageError("there is no command to run")
    if timeout is not None and not timeout < _LONGEST:
        raise click.UsageError("--timeout must be a number of seconds")
    out = default_out() if out is None else out
    made = job(argv, runs=runs, warmup=warmup, benchmark=benchmark, rows=rows, out=out, timeout=timeout)
    try:
        written = measure(made, click.echo if form == "json" else _ignore, _progress)
    finally:
        _clear()
    if form == "table":
        echo(render(compose_profiles(collect_profiles(written, config=None, machine_class="").profiles), "text"))
        click.echo(f"{count(len(written), 'summary', 'summaries')} in {out}")


def _ignore(line: str) -> None:
    """Leave a summary unprinted: the table says it all."""


def _progress(done: int, total: int) -> None:
    """Draw the progress bar, on a terminal only."""
    if sys.stderr.isatty():
        width = 30
        bar = "#" * (width * done // total)
        sys.stderr.write(f"\r\033[Kmeasuring [{bar:<{width}}] {done}/{total}")
        sys.stderr.flush()


def _clear() -> None:
    """Remove the progress bar."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
