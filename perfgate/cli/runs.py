"""``perfgate runs list|remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import config_option
from perfgate.cli.output import echo, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from perfgate.pipeline.runs.runs import Choice, Listed

_SECONDS = len("2026-01-31T12:00:00")


@click.group(no_args_is_help=False)
def command() -> None:
    """List runs and their files, or remove some of them."""


def _choosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose run files."""
    for option in (
        config_option,
        click.option("--older-than", default="", metavar="AGE", help="Only runs that started earlier: 12h, 7d, 2w."),
        click.option("--benchmark", "benchmarks", multiple=True, metavar="GLOB", help="Only these benchmarks."),
        click.option("--failed", is_flag=True, help="Only runs that failed."),
        click.argument("paths", nargs=-1),
    ):
        function = option(function)
    return function


@command.command("list")
@_choosing
def list_(
    *, paths: tuple[str, ...], failed: bool, benchmarks: tuple[str, ...], older_than: str, config: str | None
) -> None:
    """List runs: status, start, benchmark, run id, file.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    """
    from perfgate.pipeline.runs.runs import list_runs

    listed = list_runs(paths, _choice(benchmarks, older_than, failed=failed), config=config)
    echo("".join(f"{line}\n" for line in _lines(listed)))
    _show_left(listed)


@command.command()
@_choosing
@click.option("--dry-run", is_flag=True, help="Show what would be removed, and remove nothing.")
def remove(
    *,
    paths: tuple[str, ...],
    failed: bool,
    benchmarks: tuple[str, ...],
    older_than: str,
    config: str | None,
    dry_run: bool,
) -> None:
    """Remove run files that options choose, or that are named one by one.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Runs are removed from compacted files, too. Files of other tools, and files that
    cannot be read, are left.
    """
    from perfgate.core.errors import plain
    from perfgate.pipeline.runs.runs import describe_removed, remove_runs

    choice = _choice(benchmarks, older_than, failed=failed)
    removed = remove_runs(paths, choice, config=config, dry_run=dry_run)
    lines = [*(f"removed {path}" for path in removed.paths), *(describe_removed(*run) for run in removed.compacted)]
    shown = (f"would remove{line.removeprefix('removed')}" if dry_run else line for line in lines)
    echo("".join(f"{plain(line)}\n" for line in shown))
    what = _count(len(removed.paths), len(removed.compacted))
    echo(f"Would remove {what}; nothing was removed.\n" if dry_run else f"Removed {what}.\n")
    _show_left(removed.listed)


def _choice(benchmarks: tuple[str, ...], older_than: str, *, failed: bool) -> Choice:
    from perfgate.pipeline.runs.runs import Choice

    return Choice(failed=failed, benchmarks=benchmarks, older_than=older_than)


def _lines(listed: Listed) -> Iterator[str]:
    """Yield a row for each run, below a heading, and how many there are; one in two files stands with the first."""
    from perfgate.core.errors import plain
    from perfgate.core.profile import title
    from perfgate.formats.own.compacted import is_compacted

    if not listed.chosen:
        yield f"No run files: {plain(listed.where)}"
        return
    shown = [file for file in listed.chosen if not file.is_again]
    rows = [("Status", "Started", "Benchmark", "Run", "File")]
    for f in shown:
        r = f.run
        started = r.started_at[:_SECONDS] or "unknown"
        rows.append((r.status, started, plain(title(r.benchmark, r.labels)), plain(r.run_id), plain(f.path)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    compacted = sum(is_compacted(f.path) for f in shown)
    bad = sum(f.run.status == "failed" for f in shown)
    yield f"{_count(len(shown) - compacted, compacted)}, {bad} failed"


def _count(files: int, compacted: int) -> str:
    """Return how many run files and compacted runs there are, in words."""
    from perfgate.report.words import count

    words = [count(files, "run file")] if files or not compacted else []
    return " and ".join([*words, *([count(compacted, "compacted run")] if compacted else [])])


def _show_left(listed: Listed) -> None:
    """Say on stderr which files hold no run of perfgate's own."""
    from perfgate.core.errors import plain
    from perfgate.pipeline.runs.runs import describe_left

    for line in describe_left(listed.left):
        say(plain(line), err=True)
