"""``perfgate compact``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import config_option
from perfgate.cli.output import echo, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.pipeline.runs.compact import Compacted


@click.command()
@click.argument("folder", required=False)
@click.option("-o", "--output", metavar="FILE", help="The compacted file (default: compacted.jsonl.gz in the folder).")
@click.option("--keep", type=click.IntRange(0, 1000), default=10, show_default=True, help="Newest sessions that stay.")
@click.option("--remove", is_flag=True, help="Remove the run files whose runs the compacted file has.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write and remove nothing.")
@config_option
def command(
    *, folder: str | None, output: str | None, keep: int, remove: bool, dry_run: bool, config: str | None
) -> None:
    """Put the runs of older sessions into one file.

    FOLDER has the run files (default: the folder of `runs` of the configuration). The
    compacted file is read with the folder, and gives what the run files give.
    """
    from perfgate.core.errors import plain
    from perfgate.pipeline.runs.compact import compact
    from perfgate.pipeline.runs.runs import describe_left

    done = compact(folder, output=output, keep=keep, remove=remove, dry_run=dry_run, config=config)
    echo("".join(f"{plain(line)}\n" for line in _lines(done, keep, dry_run=dry_run)))
    for line in describe_left(done.left):
        say(plain(line), err=True)


def _lines(done: Compacted, keep: int, *, dry_run: bool) -> Iterator[str]:
    """Yield what was done, and what can be done next."""
    from perfgate.report.words import count

    runs, files = count(done.added, "run"), count(len(done.removed), "run file")
    if done.added:
        held = f"{done.output}, {count(done.held, 'run')} in all"
        yield f"Would add {runs} to {held}; nothing was written." if dry_run else f"Added {runs} to {held}."
    elif done.is_any_older:
        yield f"{done.output} has all runs of the older sessions already."
    else:
        yield f"No run file is of a session older than the newest {keep}: nothing to compact."
    if done.removed:
        yield f"Would remove {files}; nothing was removed." if dry_run else f"Removed {files}."
    if done.beside:
        stay = "would stay" if dry_run else "stay"
        yield f"{count(done.beside, 'run file')} of these runs {stay}; --remove removes them."
    if not done.is_found and done.held:
        yield f"{done.output} is not in the folder of the run files: it is read where it is named."
