"""``perfgate merge``."""

from __future__ import annotations

import click

from perfgate.cli.output import echo


@click.command()
@click.argument("profiles", nargs=-1, required=True, metavar="PROFILE...")
@click.option(
    "--expect-shards", type=click.IntRange(1, 9999), required=True, metavar="N", help="How many shards there must be."
)
@click.option("-o", "--output", metavar="FILE", help="Also write a profile file.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="On stdout.")
def command(profiles: tuple[str, ...], expect_shards: int, output: str | None, form: str) -> None:
    """Merge what `perfgate collect --shard I/N` wrote in each shard.

    PROFILEs are profile files, folders of them or globs. Each shard must be there
    exactly once, and all of one commit, configuration and class of machine. The
    merged profile is the one that all runs collected at once would give.
    """
    from perfgate.pipeline.check.shards import merge_profiles
    from perfgate.pipeline.report_io import write_output
    from perfgate.render import render
    from perfgate.report.profiles import compose_profiles

    merged, content = merge_profiles(profiles, expected=expect_shards)
    if output:
        write_output(output, content, slug="profile-unwritable")
    if form == "json":
        echo(content.decode(), form="json")
    else:
        echo(render(compose_profiles(merged), "text"))
