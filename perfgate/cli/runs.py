"""``perfgate runs list|remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import config_option
from perfgate.cli.output import echo, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from perfgate.pipeline.runs import Choice, Listed

_SECONDS = len("2026-01-31T12:00:00")


@click.group(no_args_is_help=False)
def command() -> None:
    """List run files, or remove some of them."""


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
    """List run files: status, start, benchmark, run id, file.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    """
    from perfgate.pipeline.runs import list_runs

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
    Files of other tools, and files that cannot be read, are left.
    """
    from perfgate.core.errors import plain
    from perfgate.pipeline.runs import remove_runs
    from perfgate.report.words import count

    choice = _choice(benchmarks, older_than, failed=failed)
    removed = remove_runs(paths, choice, config=config, dry_run=dry_run)
    verb = "would remove" if dry_run else "removed"
    echo("".join(f"{verb} {plain(path)}\n" for path in removed.paths))
    files = count(len(removed.paths), "run file")
    echo(f"Would remove {files}; nothing was removed.\n" if dry_run else f"Removed {files}.\n")
    _show_left(removed.listed)


def _choice(benchmarks: tuple[str, ...], older_than: str, *, failed: bool) -> Choice:
    from perfgate.pipeline.runs import Choice

    return Choice(failed=failed, benchmarks=benchmarks, older_than=older_than)


def _lines(listed: Listed) -> Iterator[str]:
    """Yield a row for each run file, below a heading, and how many there are."""
    from perfgate.core.errors import plain
    from perfgate.core.profile import title
    from perfgate.report.words import count

    if not listed.chosen:
        yield f"No run files: {plain(listed.where)}"
        return
    rows = [("Status", "Started", "Benchmark", "Run", "File")]
    for f in listed.chosen:
        r = f.run
        started = r.started_at[:_SECONDS] or "unknown"
        rows.append((r.status, started, plain(title(r.benchmark, r.labels)), plain(r.run_id), plain(f.path)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    bad = sum(f.run.status == "failed" for f in listed.chosen)
    yield f"{count(len(listed.chosen), 'run file')}, {bad} failed"


def _show_left(listed: Listed) -> None:
    """Say on stderr which files hold no run of perfgate's own."""
    from perfgate.core.errors import plain
    from perfgate.pipeline.runs import describe_left

    for line in describe_left(listed.left):
        say(plain(line), err=True)
