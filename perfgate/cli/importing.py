"""``perfgate import``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from perfgate.cli.options import config_option, quiet_option, reading_options
from perfgate.cli.output import echo, say, say_all

if TYPE_CHECKING:
    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.importing import Found


@click.command()
@click.argument("paths", nargs=-1, required=True)
@reading_options
@click.option(
    "-o", "--output", default="outputs/model_runs", metavar="DIR", show_default=True, help="Folder for the run files."
)
@click.option("--dry-run", is_flag=True, help="Show what the files contain, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: every record as JSON.")
@config_option
@partial(quiet_option, is_argument=False)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    foreign: ForeignOptions,
    output: str,
    dry_run: bool,
    as_json: bool,
    config: str | None,
) -> None:
    """Write what other tools measured as run files.

    PATHS are files of the tools, folders or globs; `perfgate formats` lists the
    tools. `check`, `collect` and `baseline refresh` take the same files as they
    are: import them when a later step needs them as runs.
    """
    from perfgate.pipeline.importing import read_files, write_runs

    if as_json and not dry_run:
        raise click.UsageError("--json shows the records of a --dry-run", ctx)
    found = read_files(paths, foreign, config=config)
    if dry_run:
        _show(found, as_json=as_json)
    else:
        number = write_runs(found.runs, output)
        say(f"wrote {number} run{'s' if number != 1 else ''} to {output}")
    say_all(found.notes)


def _show(found: Found, *, as_json: bool) -> None:
    """Print what the files contain."""
    import json

    from perfgate.formats.parsing.record import describe
    from perfgate.render import render
    from perfgate.report.profiles import compose_records

    records = [describe(r) for r in found.records]
    if as_json:
        echo(json.dumps(records, ensure_ascii=True, allow_nan=False) + "\n", form="json")
    else:
        echo(render(compose_records(records), "text"))
