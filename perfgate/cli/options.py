"""Options that several commands share, as decorators: each gives a command one record of what was asked for."""

from __future__ import annotations

import math
import os
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from perfgate.core.text.steps import watch_work
from perfgate.render.registry import FLAVORS, RENDERERS, choices, with_flavor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.measuring.hooks import Hooks
    from perfgate.pipeline.measuring.parameters import ParameterList
    from perfgate.render import Format
    from perfgate.render.terminal.style import When

    Command = Callable[..., Any]

_READING = ("source", "map", "direction", "min_time", "tolerance")
"""Names of the options of `reading_options`."""
REPORT_DIR = "perfgate-report"
"""Folder of the reports in CI."""
NARROWEST = 20
"""Columns of the narrowest report."""
_MOST_SHOWN = 1_000_000
_MAX_TIMEOUT = 1e7  # seconds; some months
_MAX_NAME = 500  # characters, as in the schema
_FLAVOR = "perfgate.junit-flavor"


class _Finite(click.FloatRange):
    """A range that NaN is not in: nothing would be below or above it, so that a limit of NaN is none."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; NaN is refused."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


class _Top(click.ParamType):  # type: ignore[type-arg]  # older releases of click take none
    """How many values are shown: a number from 1 on, or all, which is 0."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's
        """Return the number; 0 is all."""
        if value == "all":
            return 0
        if not str(value).isdecimal() or not 0 < int(value) <= _MOST_SHOWN:
            self.fail(f"{value!r} is neither a number from 1 to {_MOST_SHOWN:,} nor all", param, ctx)
        return int(value)


class ReportOption(click.Option):
    """An option that says where a report goes or how it looks: no part of the command that repeats a check."""


class MeasuringOptions(Struct, frozen=True, kw_only=True):
    """How a command is measured."""

    warmup: int
    """Runs before the measured ones that are not kept, >= 0."""
    rows: int | None
    """Rows that the command works on, >= 0; None: unknown."""
    timeout: float | None
    """Longest time of one run in seconds, > 0; None: no limit."""
    is_whole: bool
    """Is the whole command meant, even if it repeats for a fixed time?"""
    counts: bool
    """Are instructions counted in place of time and memory?"""
    results: tuple[str, ...]
    """Files and folders in which the command leaves results of its own, ``-`` its stdout; empty: its cost is judged."""
    foreign: ForeignOptions
    """What the user says about these."""
    hooks: Hooks
    """Commands beside the measured one."""
    max_time: float | None
    """Seconds within which the measuring ends; None: no limit."""
    parameters: tuple[ParameterList, ...]
    """Lists of values for the placeholders of the commands."""
    benchmark: str | None = None
    """Name of the benchmark; None: after the command."""


class Look(Struct, frozen=True, kw_only=True):
    """How a report looks on a terminal, as far as the user said."""

    color: When = "auto"
    """``auto``, ``always`` or ``never``."""
    width: int | None = None
    """Columns; None: those of the terminal."""
    top: int | None = None
    """Values of a part that are shown, 0: all; None: the usual number."""
    is_verbose: bool = False
    """Show all values, and how they were measured."""
    is_quiet: bool = False
    """Show the verdict alone."""


class ReportOptions(Struct, frozen=True, kw_only=True):
    """Where the reports of a verdict go."""

    reports: tuple[str, ...]
    """Files to write, whose names say their formats."""
    flavor: str
    """Dialect of the formats that have several."""
    folder: str | None
    """Folder of ``report.json``, ``.md`` and ``.html``; None: in CI the usual one, unless files are named."""
    form: Format
    """Format on stdout."""
    look: Look
    """How a report looks on a terminal."""
    github: bool | None
    """Write annotations, summary and outputs of a GitHub Actions step; None: where one runs."""


def config_option(command: Command) -> Command:
    """Give a command the option that names its configuration file, as its argument ``config``."""
    words = "Configuration file (default: perfgate.toml or pyproject.toml)."
    return click.option("--config", metavar="FILE", help=words)(command)


def machine_class_option(command: Command) -> Command:
    """Give a command the option that names the class of this machine, as its argument ``machine_class``."""
    words = "Class of this machine (default: the runs' own)."
    return click.option("--machine-class", default="", metavar="NAME", help=words)(command)


def quiet_option(command: Command, *, is_argument: bool = True, words: str = "Show no progress.") -> Command:
    """Give a command the option that hides its progress, as its argument ``is_quiet`` where it shows any itself."""
    how: Any = {"cls": ReportOption, "is_flag": True, "expose_value": is_argument, "callback": _hide_work}
    return click.option("-q", "--quiet", "is_quiet", help=words, **how)(command)


def _hide_work(_ctx: click.Context, _option: click.Parameter, is_quiet: object) -> object:
    if is_quiet:
        watch_work(None)
    return is_quiet


def measuring_options(command: Command, *, names_benchmark: bool = True) -> Command:
    """Give a command the options that say how it is measured, as its argument ``measuring``.

    Args:
        command: the command.
        names_benchmark: does ``--benchmark`` name the benchmark?
    """
    options = [
        click.option(
            "--warmup",
            type=click.IntRange(0, 1000),
            default=1,
            show_default=True,
            help="Runs before the measured ones, not kept.",
        ),
        click.option("--rows", type=click.IntRange(0, 2**53), help="Rows that the command works on."),
        click.option(
            "--timeout",
            type=click.FloatRange(0, min_open=True),
            metavar="S",
            help="Longest time of one run, in seconds.",
        ),
        click.option(
            "--whole-command",
            "is_whole",
            is_flag=True,
            help="Measure it even if it repeats for a fixed time.",
        ),
        click.option("--counts", is_flag=True, help="Count instructions (Valgrind) in place of time and memory."),
        click.option("--max-time", metavar="TIME", help="Begin no run that would end later: 90s, 10m, 2h."),
        click.option(
            "--results",
            multiple=True,
            metavar="PATH",
            help="Judge what CMD writes there, not its cost; - is its stdout.",
        ),
        click.option(
            "-L",
            "--parameter-list",
            "parameters",
            nargs=2,
            multiple=True,
            metavar="NAME A,B,C",
            help="Measure CMD with each value in place of {NAME}.",
        ),
    ]
    names = ["warmup", "rows", "timeout", "is_whole", "counts", "results", "max_time", "parameters", "foreign", "hooks"]
    if names_benchmark:
        names.append("benchmark")
        options.insert(1, _named_benchmark)
    return reading_options(_hook_options(_with(_gather(command, names, "measuring", _measuring), options)))


_named_benchmark = click.option(
    "--benchmark", metavar="NAME", help="Name of the benchmark (default: after the command)."
)


def _hook_options(command: Command) -> Command:
    """Give a command the options of commands beside the measured one, as its argument ``hooks``."""
    words = {
        "setup": "Run once before, in the folder of each side, in quotes.",
        "prepare": "Run before each run, not timed, in quotes.",
        "conclude": "Run after each run, not timed, in quotes.",
        "cleanup": "Run once at the end, whatever happened, in quotes.",
    }
    options = (click.option(f"--{name}", multiple=True, metavar="CMD", help=line) for name, line in words.items())
    return _with(_gather(command, tuple(words), "hooks", _hooks), tuple(options))


def _hooks(given: Mapping[str, Any]) -> object:
    """Return the commands beside the measured one.

    Raises:
        UsageError: one names no command.
    """
    from perfgate.pipeline.measuring.hooks import Hooks

    return Hooks(**{name: tuple(split_words(f"--{name}", line) for line in lines) for name, lines in given.items()})


def split_words(flag: str, line: str) -> tuple[str, ...]:
    """Return the words of a command in quotes, as a shell would split them; no shell reads it.

    Raises:
        UsageError: it names no command.
    """
    import shlex

    try:
        words = tuple(shlex.split(line))
    except ValueError as caught:
        raise click.UsageError(f'{flag} "{line}": {str(caught).lower()}') from None
    if not words or "\0" in line:
        raise click.UsageError(f"{flag} names no command")
    return words


def same_session_option(command: Command) -> Command:
    """Give a command the option that takes all files as of one session, as its argument ``same_session``."""
    words = "All named files were measured in one session: one job, one after the other."
    return click.option("--same-session", is_flag=True, help=words)(command)


def threshold_option(command: Command) -> Command:
    """Give a command the option that replaces the default threshold, as its argument ``threshold``."""
    words = "Default threshold of this check, such as +10% (default: the configuration's)."
    return click.option("--threshold", metavar="CHANGE", callback=_check_threshold, help=words)(command)


def _check_threshold(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """Return a threshold as it was typed.

    Raises:
        UsageError: it is no signed change.
    """
    from perfgate.core.text.units import parse_change

    try:
        if value is not None:
            parse_change(value)
    except ValueError as caught:
        raise click.UsageError(f"--threshold: {caught}", ctx) from None
    return value


def reading_options(command: Command) -> Command:
    """Give a command the options that say how files of other tools are read, as its argument ``foreign``."""
    options = (
        click.option(
            "--from", "source", default="", metavar="FORMAT", help="Format of the files (default: by content)."
        ),
        click.option(
            "--map", default="", metavar="NAME", help="Field map that reads them (default: those naming them)."
        ),
        click.option(
            "--direction",
            type=click.Choice(["lower", "higher"]),
            help="Which way is better, where files do not say it.",
        ),
        click.option(
            "--min-time",
            type=_Finite(0, 1e6),
            default=0.1,
            show_default=True,
            metavar="S",
            help="Leave out shorter test cases (JUnit).",
        ),
        click.option(
            "--tolerance",
            type=_Finite(0, 1),
            default=0.01,
            show_default=True,
            metavar="SHARE",
            help="Largest accepted share of broken lines in logs.",
        ),
    )
    return _with(_gather(command, _READING, "foreign", _foreign), options)


def format_options(command: Command) -> Command:
    """Give a command the options that say how a verdict is drawn, as its argument ``form``."""
    options = (
        click.option(
            "--junit-flavor",
            cls=ReportOption,
            type=click.Choice(FLAVORS),
            default=FLAVORS[0],
            show_default=True,
            expose_value=False,
            is_eager=True,
            callback=lambda ctx, _, value: ctx.meta.update({_FLAVOR: value}),
            help="Dialect of JUnit XML; gitlab: test cases name files.",
        ),
        click.option(
            "--format",
            "form",
            cls=ReportOption,
            type=click.Choice(choices(verdict=True)),
            default="text",
            callback=lambda ctx, _, value: with_flavor(value, ctx.meta[_FLAVOR]),
            help="On stdout.",
        ),
    )
    return _with(command, options)


def look_options(command: Command) -> Command:
    """Give a command the options that say how a report looks on a terminal, as its argument ``look``."""
    options = (
        click.option(
            "--top",
            cls=ReportOption,
            type=_Top(),
            metavar="N|all",
            help="Show the N worst values of each kind (default: 20).",
        ),
        click.option(
            "--width",
            cls=ReportOption,
            type=click.IntRange(NARROWEST, 1000),
            metavar="N",
            help="Columns (default: those of the terminal; 80 in a pipe).",
        ),
        click.option(
            "--color",
            cls=ReportOption,
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="auto follows NO_COLOR, FORCE_COLOR and the terminal.",
        ),
        click.option(
            "--verbose",
            "is_verbose",
            cls=ReportOption,
            is_flag=True,
            help="Show all values, how they were measured, and what was read.",
        ),
        partial(quiet_option, words="Show the verdict alone."),
    )
    return _with(_gather(command, ("top", "width", "color", "is_verbose", "is_quiet"), "look", _look), options)


def report_options(command: Command) -> Command:
    """Give a command the options that say where a verdict's reports go, as its argument ``output``."""
    suffixes = ", ".join(r.suffixes[0] for r in RENDERERS if r.suffixes)
    options = (
        click.option(
            "--report",
            "reports",
            cls=ReportOption,
            multiple=True,
            metavar="FILE",
            help=f"Also write a report ({suffixes}).",
        ),
        click.option(
            "--report-dir",
            cls=ReportOption,
            metavar="DIR",
            help=f"Write report.json, .md and .html there (in CI: {REPORT_DIR}).",
        ),
        format_options,
        look_options,
        click.option(
            "--github/--no-github",
            cls=ReportOption,
            default=None,
            help="Annotations, summary and outputs (in Actions: on).",
        ),
    )
    names = ("reports", "report_dir", "form", "look", "github")
    return _with(_gather(command, names, "output", _output), options)


def check_command(argv: Sequence[str]) -> None:
    """Refuse a command that cannot be measured.

    Raises:
        UsageError: there is none, or it holds a null character.
    """
    if not argv or not argv[0] or any("\0" in word for word in argv):
        raise click.UsageError("there is no command to run")


def check_parameters(measuring: MeasuringOptions, *commands: Sequence[str]) -> None:
    """Refuse a list of parameters that changes no command.

    Args:
        measuring: has the lists, and the commands beside the measured one.
        commands: the measured ones.

    Raises:
        UsageError: there is one.
    """
    from perfgate.pipeline.measuring.parameters import find_unused

    hooks = measuring.hooks
    beside = (*hooks.setup, *hooks.prepare, *hooks.conclude, *hooks.cleanup)
    unused = find_unused(measuring.parameters, (*commands, *beside))
    if unused is not None:
        raise click.UsageError(f"the parameter {unused} is in no command: write {{{unused}}}")


def check_day(ctx: click.Context, today: str) -> None:
    """Refuse a ``--today`` that is not a day; empty is today.

    Raises:
        UsageError: it is not a day.
    """
    from perfgate.core.text.dates import day_of

    if today and (day_of(today) is None or len(today) != len("2026-01-31")):
        raise click.UsageError(f'--today "{today}": write a date such as 2026-01-31', ctx)


def given_options(
    ctx: click.Context, *, without: Collection[str] = (), always: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the options of a command as they were given, for the line that repeats it.

    They are those that the command declares, except where reports go, so that a new
    option cannot be forgotten here.

    Args:
        ctx: of the command that runs.
        without: names of options to leave out.
        always: names of options to write even when they were not given.
    """
    words: list[str] = []
    for option in ctx.command.params:
        name = option.name or ""
        if not isinstance(option, click.Option) or isinstance(option, ReportOption) or name in without:
            continue
        if name not in always and ctx.get_parameter_source(name) is click.core.ParameterSource.DEFAULT:
            continue
        value = ctx.params[name]
        if option.is_flag:
            words += [(option.opts if value else option.secondary_opts)[0]]
            continue
        for one in value if option.multiple else (value,):
            words += [option.opts[0], *(map(str, one) if option.nargs > 1 else (str(one),))]
    return tuple(words)


def _measuring(given: Mapping[str, Any]) -> MeasuringOptions:
    """Return how a command is measured.

    Raises:
        UsageError: the name or the timeout is not valid, or ``PERFGATE_SHARD`` is not a shard: without it
            the runs would be lost to the check.
    """
    from perfgate.core.text.shards import shard_of

    parameters = _parameters(given["parameters"])
    measuring = MeasuringOptions(**{**given, "max_time": _seconds(given["max_time"]), "parameters": parameters})
    shard = os.environ.get("PERFGATE_SHARD", "").strip()
    if shard and shard_of(shard) is None:
        raise click.UsageError(f"PERFGATE_SHARD={shard[:40]!a} must be a shard such as 2/4: from 1/4 to 4/4")
    name = measuring.benchmark
    if name is not None and not (0 < len(name) <= _MAX_NAME and name.isprintable()):
        raise click.UsageError("--benchmark must be a name of 1 to 500 printable characters")
    if measuring.timeout is not None and not measuring.timeout < _MAX_TIMEOUT:
        raise click.UsageError("--timeout must be a number of seconds")
    _check_results(measuring)
    return measuring


def _parameters(given: Sequence[tuple[str, str]]) -> tuple[ParameterList, ...]:
    """Return lists of parameters.

    Raises:
        UsageError: one is not valid.
    """
    from perfgate.pipeline.measuring.parameters import parse_lists

    try:
        return parse_lists(given)
    except ValueError as caught:
        raise click.UsageError(str(caught)) from None


def _seconds(text: str | None) -> float | None:
    """Return a time in seconds; None: none is given.

    Raises:
        UsageError: it is no time.
    """
    from perfgate.core.text.units import parse_time

    if text is None:
        return None
    try:
        seconds = parse_time(text)
    except ValueError as caught:
        raise click.UsageError(f"--max-time: {caught}") from None
    if not seconds > 0:
        raise click.UsageError("--max-time must be above 0")
    return seconds


def _check_results(measuring: MeasuringOptions) -> None:
    """Refuse options that contradict ``--results``, or that have no meaning without it.

    Raises:
        UsageError: there are some.
    """
    if not measuring.results:
        ctx = click.get_current_context()
        for option in (o for o in ctx.command.params if o.name in _READING):
            if ctx.get_parameter_source(option.name or "") is not click.core.ParameterSource.DEFAULT:
                raise click.UsageError(f"{option.opts[0]} needs --results", ctx)
        return
    if measuring.counts:
        raise click.UsageError("--results and --counts exclude each other: one of the two is judged")
    if measuring.is_whole:
        raise click.UsageError("--results and --whole-command exclude each other: one of the two is judged")
    if measuring.benchmark is not None:
        raise click.UsageError("--results and --benchmark exclude each other: the results name their benchmarks")
    if any(not path or "\0" in path for path in measuring.results):
        raise click.UsageError("--results names no file")


def _foreign(given: Mapping[str, Any]) -> object:
    """Return how files of other tools are read.

    Raises:
        UsageError: options exclude each other.
    """
    from perfgate.formats.options import ForeignOptions

    if given["source"] and given["map"]:
        raise click.UsageError("--from and --map exclude each other")
    return ForeignOptions(**given)


def _look(given: Mapping[str, Any]) -> Look:
    """Return how a report looks; who asks for more gets the lines about what was read as well.

    Raises:
        UsageError: options exclude each other.
    """
    if given["is_verbose"] and given["is_quiet"]:
        raise click.UsageError("--verbose and --quiet exclude each other")
    if given["is_verbose"]:
        from perfgate.cli.verbose import listen

        listen()
    return Look(**given)


def _output(given: Mapping[str, Any]) -> ReportOptions:
    """Return where reports go."""
    return ReportOptions(
        reports=given["reports"],
        flavor=click.get_current_context().meta[_FLAVOR],
        folder=given["report_dir"],
        form=given["form"],
        look=given["look"],
        github=given["github"],
    )


def _gather(
    command: Command, names: Sequence[str], argument: str, record_of: Callable[[Mapping[str, Any]], object]
) -> Command:
    """Return a command that takes some options as one record."""

    @wraps(command)
    def with_record(*args: object, **more: Any) -> object:  # noqa: ANN401 - whatever the command takes
        given = {name: more.pop(name) for name in names}
        return command(*args, **{argument: record_of(given)}, **more)

    return with_record


def _with(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
