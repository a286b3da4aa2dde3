"""``perfgate collect``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from perfgate.cli.options import config_option, machine_class_option, quiet_option, reading_options
from perfgate.cli.output import echo, say

if TYPE_CHECKING:
    from perfgate.formats.options import ForeignOptions


@click.command()
@click.argument("paths", nargs=-1)
@config_option
@machine_class_option
@click.option("-o", "--output", metavar="FILE", help="Also write a profile file.")
@click.option("--engine", type=click.Choice(("local", "dask")), help="Count large logs in parts, where they are.")
@click.option("--scheduler", default="", metavar="ADDRESS", help="Scheduler of Dask, such as tcp://HOST:8786.")
@click.option("--by", type=click.Choice(("day",)), help="Take each day (UTC) as a session (with --engine).")
@click.option("--shard", metavar="I/N", envvar="PERFGATE_SHARD", help="Which shard of how many these runs are.")
@reading_options
@partial(quiet_option, is_argument=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="On stdout.")
def command(
    *,
    paths: tuple[str, ...],
    config: str | None,
    machine_class: str,
    output: str | None,
    engine: str | None,
    scheduler: str,
    by: str | None,
    shard: str | None,
    foreign: ForeignOptions,
    form: str,
) -> None:
    """Collect runs into profiles: n, p50, p95, p99 by session.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Failed runs are left out and counted.
    With --engine, PATHS are large logs, also s3://, gs:// and az://, read by a field map.
    """
    from perfgate.core.text.shards import shard_of
    from perfgate.pipeline.collect import collect_profiles
    from perfgate.pipeline.report_io import require_file, write_output
    from perfgate.render import render
    from perfgate.report.profiles import compose_profiles

    place = shard_of(shard) if shard is not None else None
    if shard is not None and place is None:
        raise click.UsageError(f'--shard "{shard}": write which shard of how many, such as 2/4')
    if output:
        require_file(output, slug="profile-unwritable")  # before minutes of counting
    is_encoded = output is not None or form == "json"
    if engine is None:
        if scheduler or by:
            raise click.UsageError(f"{'--scheduler' if scheduler else '--by'} needs --engine")
        collected = collect_profiles(
            paths, config=config, machine_class=machine_class, shard=place, foreign=foreign, for_table=not is_encoded
        )
    else:
        from perfgate.pipeline.scale.collect import Asked, collect_parts

        if place is not None:
            raise click.UsageError("--shard and --engine exclude each other: an engine counts all files itself")
        if bool(scheduler) is not (engine == "dask"):
            raise click.UsageError(
                "--scheduler needs --engine dask" if scheduler else "--engine dask needs --scheduler"
            )
        asked = Asked(engine=engine, scheduler=scheduler, by_day=by == "day")
        collected = collect_parts(paths, asked, config=config, machine_class=machine_class, foreign=foreign)
    content = collected.encode() if is_encoded else b""
    if output:
        write_output(output, content, slug="profile-unwritable")
    if form == "json":
        echo(content.decode(), form="json")
    else:
        echo(render(compose_profiles(collected.profiles), "text"))
    for line in collected.remarks:
        say(line, err=True)
