"""``perfgate history [append]``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from perfgate.cli.known import complete_benchmark, complete_metric
from perfgate.cli.options import config_option, machine_class_option, reading_options, same_session_option
from perfgate.cli.output import echo, say, say_all, style_of
from perfgate.core.policy import LEDGER_REMOTE
from perfgate.render.registry import choices

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.history.append import Appended
    from perfgate.render import Format

_USUAL = 80
"""Columns of a terminal on which lines over time have their usual length."""
_FORMATS = [*choices(verdict=False), "csv", "openmetrics"]


def ref_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that names the ledger's ref, as its argument ``ref``."""
    words = "Ref of the ledger (default: of the configuration)."
    return click.option("--ref", default="", metavar="REF", help=words)(command)


def _complete(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
    """Return the commands and benchmarks whose names begin with what is typed."""
    is_typed = any(ctx.get_parameter_source(p) is click.core.ParameterSource.COMMANDLINE for p in ctx.params)
    commands = () if is_typed else (name for name in command.commands if name.startswith(typed))
    return [*commands, *complete_benchmark(ctx, param, typed)]


@click.command()
@click.argument("benchmark", default="", shell_complete=_complete)
@click.option("--metric", default="", metavar="GLOB", shell_complete=complete_metric, help="Default: what is gated.")
@click.option("--class", "machine_class", default="", metavar="NAME", help="Class of machine (default: all).")
@click.option("--since", default="", metavar="DATE|REF", help="Only what was measured since a day or a commit.")
@click.option(
    "--last", type=click.IntRange(1, 100_000), default=300, show_default=True, help="Newest sessions of a benchmark."
)
@click.option(
    "--anchor", default="", metavar="REF|N", help="Compare with this commit, or N sessions back (default: last tag)."
)
@ref_option
@config_option
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="On stdout.")
def _show(
    *,
    benchmark: str,
    metric: str,
    machine_class: str,
    since: str,
    last: int,
    anchor: str,
    ref: str,
    config: str | None,
    form: Format,
) -> None:
    """Show how values changed over time, from the versions of the baselines in git and the ledger.

    Without BENCHMARK one row a value, and the steps with their commits; with one its sessions as a log.
    `perfgate history append` adds to the ledger; a benchmark of that name: `perfgate history -- append`.
    """
    from perfgate.cli.present import show
    from perfgate.pipeline.history.find import Asked, find_history
    from perfgate.pipeline.inputs import TOOL
    from perfgate.report.history.compose import BLOCKS, compose_history, compose_log

    asked = Asked(
        benchmark=benchmark, metric=metric, machine_class=machine_class, since=since, last=last, anchor=anchor, ref=ref
    )
    found = find_history(asked, config=config)
    if form in {"csv", "html"}:
        from perfgate.render.history import page, table

        if form == "csv":
            echo(table.render(found), form="openmetrics")
        else:
            echo(page.render(found, tool=TOOL), form="html")
    elif benchmark:
        show(compose_log(found, tool=TOOL), form)
    else:
        spare = style_of(None, sys.stdout, os.environ).width - _USUAL if form == "text" else 0
        blocks = min(max(BLOCKS + spare // 2, BLOCKS), 2 * BLOCKS)
        show(compose_history(found, tool=TOOL, blocks_of_line=blocks), form)
    say_all(found.notes)


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--push",
    "remote",
    is_flag=False,
    flag_value=LEDGER_REMOTE,
    default="",
    metavar="[REMOTE]",
    help=f"Send them to a remote, too (default: {LEDGER_REMOTE}).",
)
@ref_option
@config_option
@machine_class_option
@same_session_option
@reading_options
def _append(
    *,
    paths: tuple[str, ...],
    remote: str,
    ref: str,
    config: str | None,
    machine_class: str,
    same_session: bool,
    foreign: ForeignOptions,
) -> None:
    """Add what runs measured to the ledger, a ref of git with one small file a session.

    PATHS are run files, folders or globs (default: `runs` of the configuration); they stand
    before --push. Sessions that the ledger has change nothing. Neither the work tree nor the
    index is touched.
    """
    from perfgate.pipeline.history.append import append_history

    appended = append_history(
        paths,
        config=config,
        machine_class=machine_class,
        foreign=foreign,
        same_session=same_session,
        ref=ref,
        remote=remote,
    )
    say_all(appended.notes)
    _say_appended(appended)


def _say_appended(appended: Appended) -> None:
    """Print which records were added, and where they are."""
    for path in appended.added:
        say(f"added {path}")
    if appended.pushed:
        sent, where = appended.pushed.sent, f"{appended.ref} of {appended.remote}"
        say(f"pushed {_count(sent)} to {where}" if sent else f"unchanged: {where} holds all of them")
    elif appended.added:
        say(f"{_count(len(appended.added))} in {appended.ref} of this clone; to push: perfgate history append --push")
    else:
        say(f"unchanged: {appended.ref} holds {_count(len(appended.records))} of these runs")


def _count(records: int) -> str:
    return f"{records:,} record{'' if records == 1 else 's'}"


class _History(click.Group):
    """A group that shows the history unless its first word is one of its commands."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> click.Context:
        """Return the context of the command that is meant."""
        if args and args[0] in self.commands:
            bare = click.Group(self.name, self.commands)  # its arguments are no part of the path of a command
            own = click.Context(bare, parent, info_name=info_name)
            return self.commands[args[0]].make_context(args[0], args[1:], parent=own, **extra)
        return _show.make_context(info_name, args, parent, **extra)


command = _History(commands={"append": _append}, params=_show.params, help=_show.help, no_args_is_help=False)
