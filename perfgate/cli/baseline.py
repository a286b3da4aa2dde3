"""``perfgate baseline refresh|show|list|diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import reading_options

if TYPE_CHECKING:
    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.baselines.refresh import Plan

_CONFIG = click.option(
    "--config", metavar="FILE", help="Configuration file (default: perfgate.toml or pyproject.toml)."
)


@click.group(no_args_is_help=False)
def command() -> None:
    """Refresh, show, list or compare the committed baselines."""


@command.command()
@click.argument("paths", nargs=-1)
@_CONFIG
@click.option("--runs", multiple=True, metavar="PATH", help="The same as PATHS.")
@click.option("--benchmark", "benchmarks", multiple=True, metavar="GLOB", help="Only these benchmarks.")
@click.option("--replace", "replace_old", is_flag=True, help="Start anew from the newest session.")
@click.option("--keep", type=click.IntRange(1, 1000), default=10, show_default=True, help="Newest sessions to keep.")
@click.option("--reason", default="", metavar="TEXT", help="Why; wanted when a gated value gets worse.")
@click.option("--machine-class", default="", metavar="NAME", help="Class of this machine (default: the runs' own).")
@click.option(
    "--sessions",
    type=click.Choice(["newest", "all"]),
    default="newest",
    help="all: also runs that newer ones replace.",
)
@reading_options
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
def refresh(
    *, paths: tuple[str, ...], config: str | None, runs: tuple[str, ...], benchmarks: tuple[str, ...],
    replace_old: bool, keep: int,
    reason: str, machine_class: str, sessions: str, foreign: ForeignOptions, dry_run: bool,
) -> None:  # fmt: skip
    """Take new runs into the baselines.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Sessions are added, the newest are kept; runs that are in already change
    nothing. Prints old and new before it writes. Commit the files afterwards.
    """
    from perfgate.pipeline.baselines.refresh import alone, plan_refresh  # noqa: PLC0415 - loaded when it is called

    def plan() -> Plan:
        return plan_refresh(
            (*paths, *runs), config=config, machine_class=machine_class, replace_old=replace_old, keep=keep,
            reason=" ".join(reason.split()), every_session=sessions == "all", benchmarks=benchmarks, foreign=foreign,
        )  # fmt: skip

    if dry_run:
        _show_plan(plan())
        return
    with alone(config):
        planned = plan()
        _show_plan(planned)
        written = planned.write()  # without files it tidies up behind a refresh that was killed
    for path in written:
        click.echo(f"wrote {path}")
    if written:
        click.echo(f"Commit them: git add {planned.folder}")


def _show_plan(plan: Plan) -> None:
    """Print what a refresh will change."""
    from perfgate.cli.present import echo  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.baselines.show import compose_moves  # noqa: PLC0415 - see above
    from perfgate.render import render  # noqa: PLC0415 - see above

    if plan.left:
        click.echo(
            f"{plan.left} runs were left out: newer ones replace them (--sessions all takes them in)",
            err=True,
        )
    if not plan.files:
        click.echo("Nothing to refresh: the baselines hold all of these runs.")
    if plan.moves:
        echo(render(compose_moves(plan.moves), "text"))


@command.command("list")
@_CONFIG
def list_(config: str | None) -> None:
    """List all baselines."""
    from perfgate.cli.present import show as show_document  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.baselines.refresh import policy_and_baselines  # noqa: PLC0415 - see above
    from perfgate.pipeline.baselines.show import compose_list  # noqa: PLC0415 - see above

    show_document(compose_list(policy_and_baselines(config)[1].profiles), "text")


@command.command()
@click.argument("benchmark", default="*")
@_CONFIG
def show(benchmark: str, config: str | None) -> None:
    """Show the values of a baseline by session, and where they came from."""
    from perfgate.cli.present import show as show_document  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.baselines.refresh import policy_and_baselines  # noqa: PLC0415 - see above
    from perfgate.pipeline.baselines.show import compose_show, pick  # noqa: PLC0415 - see above

    show_document(compose_show(pick(policy_and_baselines(config)[1].profiles, benchmark)), "text")


@command.command()
@click.argument("ref", default="HEAD")
@_CONFIG
def diff(ref: str, config: str | None) -> None:
    """Show how the baselines differ from those of a git commit."""
    from perfgate.cli.present import show as show_document  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.baselines.show import compose_moves  # noqa: PLC0415 - see above
    from perfgate.pipeline.baselines.show import diff as difference  # noqa: PLC0415 - see above

    show_document(compose_moves(difference(config, ref)), "text")
