"""The command line: one file a command, loaded when it is called."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

import click

from perfgate import __version__
from perfgate.core.text.near_names import find_near
from perfgate.core.text.steps import watch_work

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from perfgate.core.text.steps import Watcher

COMPLETE = "_PERFGATE_COMPLETE"
"""The variable by which a shell's script asks for words; click's own convention."""

_SHORT = 0.2  # seconds of work after which it is known how long the rest takes
_EVERY_DAY, _CI, _MORE = "Every day", "CI", "More"

# name -> (section, one line of help); the command is `command` in perfgate.cli.<name>. The lines
# stand here so that `--help` loads no command.
_COMMANDS: dict[str, tuple[str, str]] = {
    "run": (_EVERY_DAY, "Measure a command."),
    "check": (_EVERY_DAY, "Compare runs with the baselines: exit 0, 1 or 2."),
    "compare": (_EVERY_DAY, "Compare two results: exit 0, 1 or 2."),
    "ab": (_EVERY_DAY, "Compare two versions of a command, measured interleaved."),
    "bisect": (_EVERY_DAY, "Find the commit that made a command slower."),
    "history": (_EVERY_DAY, "Show how values changed over time, and since which commit."),
    "baseline": (_EVERY_DAY, "Refresh, show, list or compare baselines."),
    "runs": (_EVERY_DAY, "List run files, or remove some."),
    "compact": (_EVERY_DAY, "Put the runs of older sessions into one file."),
    "golden": (_EVERY_DAY, "Keep the structure of traces, and fail when it changes."),
    "trace": (_EVERY_DAY, "Show traces: a tree, stages, a flame graph."),
    "init": (_EVERY_DAY, "Set up a project."),
    "demo": (_EVERY_DAY, "Show a pass and a regression of a small workload."),
    "collect": (_CI, "Collect runs into profiles."),
    "import": (_CI, "Write what other tools measured as run files."),
    "formats": (_CI, "List the tools whose files are read."),
    "comment": (_CI, "Post a report as a comment on a pull request."),
    "merge": (_CI, "Merge the profiles of all shards."),
    "canary": (_CI, "Judge a canary: promote, roll back or hold: exit 0, 1 or 2."),
    "alerts": (_CI, "Write alert rules for Prometheus, and their tests, from the budgets."),
    "validate": (_CI, "Check configuration, baselines and waivers; measure nothing."),
    "report": (_CI, "Render a report again in another format."),
    "drift": (_CI, "Compare the inputs of a model with those it was tested on."),
    "audit": (_MORE, "Estimate false alarms and detectable changes of the gate."),
    "doctor": (_MORE, "Show what this machine can measure, and what to do about it."),
    "explain": (_MORE, "Show what applies to a benchmark, or what a message or status means."),
    "waive": (_MORE, "Allow one value to be worse until a date, in review."),
    "dashboard": (_MORE, "Write a dashboard for Grafana, with the limits of the budgets."),
    "schema": (_MORE, "Print the JSON Schema of a file format."),
    "completion": (_MORE, "Print the script that completes commands in a shell."),
}


_MODULES = {"import": "importing"}  # a keyword of Python can name no module


class _Program(click.Group):
    """A group that knows its commands by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"perfgate.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        _refuse_empty(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = not args or args[0] in _COMMANDS or args[0].startswith("-")
        if not known and not ctx.resilient_parsing:  # a shell that asks for words gets none
            raise click.UsageError(f'no command "{args[0]}"{_did_you_mean(args[0])}', ctx)
        is_typed = "--verbose" in args[: args.index("--") if "--" in args else None]
        if is_typed and not ctx.resilient_parsing and not _has_verbose(self.get_command(ctx, args[0])):
            raise click.UsageError(f"--verbose stands before the command; hint: perfgate --verbose {args[0]}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        for section in (_EVERY_DAY, _CI, _MORE):
            with formatter.section(section):
                formatter.write_dl([(n, line) for n, (s, line) in _COMMANDS.items() if s == section])


def _has_verbose(command: click.Command | None) -> bool:
    """Does a command, or one inside it, have that option itself?"""
    if isinstance(command, click.Group):
        return any(map(_has_verbose, command.commands.values()))
    return command is not None and any("--verbose" in option.opts for option in command.params)


def _refuse_empty(command: click.Command) -> None:
    """Make every option of a command refuse an empty text: ``--benchmark "$NAME"`` without a NAME chose everything."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _refuse_empty(inner)
    for option in command.params:
        if isinstance(option, click.Option) and not isinstance(option.callback, _NotEmpty):
            option.callback = _NotEmpty(option.callback)


class _NotEmpty:
    """The callback of an option, behind a look at what was typed."""

    def __init__(self, then: Callable[..., Any] | None) -> None:
        self._then = then

    def __call__(self, ctx: click.Context, option: click.Parameter, value: Any) -> Any:  # noqa: ANN401 - of any option
        """Return the value; a blank text on the command line is refused."""
        typed = value if isinstance(value, tuple) else (value,)
        if (
            any(isinstance(one, str) and not one.strip() for one in typed)
            and ctx.get_parameter_source(option.name or "") is click.core.ParameterSource.COMMANDLINE
            and not ctx.resilient_parsing
        ):
            raise click.UsageError(f"{option.opts[-1]} is empty: give it a value, or leave it out", ctx)
        return value if self._then is None else self._then(ctx, option, value)


def _did_you_mean(word: str) -> str:
    near = find_near(word, _COMMANDS)
    return f'; did you mean "{near}"?' if near else ""


@click.group(
    cls=_Program,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, prog_name="perfgate", message="%(prog)s %(version)s")
@click.option("--verbose", is_flag=True, help="Say on stderr what was read, at the end.")
@click.pass_context
def program(ctx: click.Context, *, verbose: bool) -> None:
    """Keep performance from getting worse unnoticed.

    Programs leave small JSON summaries of their runs; baselines are committed in
    git; `perfgate check` compares them and exits 0 (pass), 1 (regression) or
    2 (cannot decide).
    """
    if verbose:
        from perfgate.cli.verbose import listen

        listen()

    watch_work(lambda: _watch(ctx))
    ctx.call_on_close(lambda: watch_work(None))


def _watch(ctx: click.Context) -> Watcher:
    """Return what shows how far long work is; short work, as most is, loads nothing for it."""
    from time import monotonic

    began = monotonic()
    watchers: list[Watcher] = []

    def watch(doing: str, what: str, done: float, total: int, size: int) -> None:
        if not watchers:
            if monotonic() - began < _SHORT:
                return
            from perfgate.cli.progress import WorkLine, find_outlet

            line = WorkLine(find_outlet(os.environ), began)
            ctx.call_on_close(line.clear)  # before the cause of exit code 2 is written
            watchers.append(line.watch)
        watchers[0](doing, what, done, total, size)

    return watch
