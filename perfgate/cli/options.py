"""What several commands have in common: how a command is measured, and where a verdict's reports go."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from perfgate.render.registry import FLAVORS, RENDERERS, SUFFIXES, choices, format_of_file, with_flavor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.core.finding import ExitCode, Verdict
    from perfgate.render import Format

_REPORT_DIR = "perfgate-report"
_LONGEST = 1e7  # seconds; some months
_LONGEST_NAME = 500  # characters, as in the schema

_MEASURING = (
    click.option(
        "--warmup", type=click.IntRange(0, 1000), default=1, show_default=True, help="Runs before them, not kept."
    ),
    click.option("--benchmark", metavar="NAME", help="Name of the benchmark (default: after the command)."),
    click.option("--rows", type=click.IntRange(0, 2**53), help="Rows that the command works on."),
    click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        help="Longest time of one run, in seconds.",
    ),
)
_READING = (
    click.option("--from", "source", default="", metavar="FORMAT", help="Format of the files (default: by content)."),
    click.option("--map", default="", metavar="NAME", help="Field map that reads them (default: those naming them)."),
    click.option(
        "--direction", type=click.Choice(["lower", "higher"]), help="Which way is better, where files do not say it."
    ),
    click.option(
        "--min-time", type=click.FloatRange(0, 1e6), default=0.1, show_default=True, metavar="S",
        help="Leave out shorter test cases (JUnit).",
    ),
    click.option(
        "--tolerance", type=click.FloatRange(0, 1), default=0.01, show_default=True, metavar="SHARE",
        help="Share of broken lines to bear in logs.",
    ),
)  # fmt: skip
_FLAVOR = "perfgate.junit-flavor"
_FORMATS = (
    click.option(
        "--junit-flavor", type=click.Choice(FLAVORS), default=FLAVORS[0], show_default=True,
        expose_value=False, is_eager=True, callback=lambda ctx, _, value: ctx.meta.update({_FLAVOR: value}),
        help="Whose JUnit XML; gitlab: rows name files.",
    ),
    click.option(
        "--format", "form", type=click.Choice(choices(verdict=True)), default="text",
        callback=lambda ctx, _, value: with_flavor(value, ctx.meta[_FLAVOR]), help="On stdout.",
    ),
)  # fmt: skip
_REPORTS = (
    click.option(
        "--report", "reports", multiple=True, metavar="FILE",
        help=f"Also write a report ({', '.join(r.suffixes[0] for r in RENDERERS if r.suffixes)}).",
    ),
    click.option("--report-dir", metavar="DIR", help=f"Write report.json and report.md there (in CI: {_REPORT_DIR})."),
    *_FORMATS,
    click.option("--github/--no-github", default=None, help="Annotations, summary and outputs (in Actions: on)."),
)  # fmt: skip


def measuring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how something is measured."""
    return _with(command, _MEASURING)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how files of other tools are read, as its argument ``reading``."""

    @wraps(command)
    def with_reading(*args: object, **more: Any) -> object:  # noqa: ANN401 - whatever the command takes
        from perfgate.pipeline.reading import Reading  # noqa: PLC0415 - loaded when the command is called

        if more["source"] and more["map"]:
            raise click.UsageError("--from and --map exclude each other")
        options = ("source", "map", "direction", "min_time", "tolerance")
        told = Reading(**{option: more.pop(option) for option in options})
        return command(*args, reading=told, **more)

    return _with(with_reading, _READING)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where a verdict's reports go."""
    return _with(command, _REPORTS)


def format_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how a verdict is drawn."""
    return _with(command, _FORMATS)


def _with(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def check_measuring(argv: Sequence[str], *, benchmark: str | None, timeout: float | None) -> None:
    """Refuse what cannot be measured.

    Raises:
        UsageError: the name cannot be one, there is no command, the timeout is no number, or ``PERFGATE_SHARD``
            no shard: without it the runs would be lost to the check.
    """
    import os  # noqa: PLC0415 - a name that only few functions need

    from perfgate.core.shards import shard_of  # noqa: PLC0415 - loaded when a command is called

    shard = os.environ.get("PERFGATE_SHARD", "").strip()
    if shard and shard_of(shard) is None:
        raise click.UsageError(f"PERFGATE_SHARD={shard[:40]!a} must be a shard such as 2/4: from 1/4 to 4/4")
    if benchmark is not None and not (0 < len(benchmark) <= _LONGEST_NAME and benchmark.isprintable()):
        raise click.UsageError("--benchmark must be a name of 1 to 500 printable characters")
    if not argv or not argv[0] or any("\0" in word for word in argv):
        raise click.UsageError("there is no command to run")
    if timeout is not None and not timeout < _LONGEST:
        raise click.UsageError("--timeout must be a number of seconds")


def check_day(ctx: click.Context, today: str) -> None:
    """Refuse a ``--today`` that is no day; empty is today.

    Raises:
        UsageError: it is none.
    """
    from perfgate.core.dates import day_of  # noqa: PLC0415 - loaded when a command is called

    if today and (day_of(today) is None or len(today) != len("2026-01-31")):
        raise click.UsageError(f'--today "{today}": write a date such as 2026-01-31', ctx)


def report_targets(ctx: click.Context, reports: Sequence[str]) -> list[tuple[str, Format]]:
    """Return where to write which rendering; JSON first, since every other derives from it.

    Raises:
        UsageError: a name does not say its format.
    """
    import os  # noqa: PLC0415 - a name that only this function needs

    targets: list[tuple[str, Format]] = []
    for path in reports:
        form = format_of_file(path)
        if form is None and os.path.exists(path) and not os.path.isfile(path):
            form = "markdown"
        if form is None:
            raise click.UsageError(f'--report "{path}": the name must end in {", ".join(SUFFIXES)}', ctx)
        targets.append((path, with_flavor(form, ctx.meta[_FLAVOR])))
    return sorted(targets, key=lambda t: t[1] != "json")


def tell_verdict(
    verdict: Verdict, targets: Sequence[tuple[str, Format]], *, report_dir: str | None, form: Format,
    github: bool | None = None, said: tuple[str, ...] = (),
) -> ExitCode:  # fmt: skip
    """Write the reports of a verdict, show it on stdout, and return its exit code.

    Args:
        verdict: what was found.
        targets: files, each with its format.
        report_dir: folder of both reports; None: in CI the usual one, unless there are targets.
        form: the format on stdout.
        github: tell GitHub Actions, too; None: where it runs.
        said: lines of a measured program that belong to what kept the verdict from being reached.

    Raises:
        CannotDecideError: the verdict could not be reached, or a report not be written.
    """
    import os  # noqa: PLC0415 - a name that few functions need

    from perfgate.cli.present import show, tell_actions  # noqa: PLC0415 - loaded when a command is called
    from perfgate.core.errors import CannotDecideError  # noqa: PLC0415 - see above
    from perfgate.measure.machine import facts  # noqa: PLC0415 - see above
    from perfgate.pipeline.verdicts import cause  # noqa: PLC0415 - see above
    from perfgate.report.compose import compose  # noqa: PLC0415 - see above

    folder = report_dir or (_REPORT_DIR if facts.in_ci() and not targets else None)
    files = list(targets)
    if folder:
        files += [(f"{folder}/report.json", "json"), (f"{folder}/report.md", "markdown")]
    faults = list(cause(verdict))
    is_told = os.environ.get("GITHUB_ACTIONS") == "true" if github is None else github
    document = compose(verdict)
    faults += show(document, form, files, named_last=f"{folder}/report.md" if folder else "", in_actions=is_told)
    if is_told:
        tell_actions(verdict, document, os.environ, folder or "", to_stderr=form != "text")
    if faults:
        failure = CannotDecideError(faults)
        failure.said = said
        raise failure
    return verdict.exit_code
