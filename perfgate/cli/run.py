"""``perfgate run``."""

from __future__ import annotations

import click

from perfgate.cli.options import check_measuring, measuring_options


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1, required=True)
@click.option("-n", "--runs", type=click.IntRange(1, 100_000), default=10, show_default=True, help="Measured runs.")
@measuring_options
@click.option("--out", metavar="DIR", help="Folder of the summaries (default: where `check` looks).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    help="json: summaries as lines.",
)
def command(
    *, argv: tuple[str, ...], runs: int, warmup: int, benchmark: str | None, rows: int | None,
    out: str | None, form: str, timeout: float | None,
) -> None:  # fmt: skip
    """Measure a command: time, CPU and peak memory, one summary a run.

    A program that uses perfgate.measure inside writes its own summaries; they win.
    A run that fails ends the measuring with exit code 2.
    """
    from perfgate.cli.present import clear_progress, echo, show_progress  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.collect import collect_profiles  # noqa: PLC0415 - see above
    from perfgate.pipeline.run import default_out, job, measure  # noqa: PLC0415 - see above
    from perfgate.render import render  # noqa: PLC0415 - see above
    from perfgate.report.profiles import compose_profiles  # noqa: PLC0415 - see above
    from perfgate.report.words import count  # noqa: PLC0415 - see above

    check_measuring(argv, benchmark=benchmark, timeout=timeout)
    out = default_out() if out is None else out
    made = job(argv, benchmark=benchmark, rows=rows, out=out, timeout=timeout)
    tell = click.echo if form == "json" else _ignore
    try:
        written = measure(made, runs=runs, warmup=warmup, on_summary=tell, on_progress=show_progress)
    finally:
        clear_progress()
    if form == "table":
        echo(render(compose_profiles(collect_profiles(written, config=None, machine_class="").profiles), "text"))
        click.echo(f"{count(len(written), 'summary', 'summaries')} in {out}")


def _ignore(line: str) -> None:
    """Leave a summary unprinted: the table says it all."""
