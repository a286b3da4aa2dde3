"""``perfgate baseline refresh|rename|merge|show|list|diff|drift``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from perfgate.cli.known import complete_benchmark
from perfgate.cli.options import (
    config_option,
    machine_class_option,
    quiet_option,
    reading_options,
    same_session_option,
)
from perfgate.cli.output import echo, say, say_all

if TYPE_CHECKING:
    from perfgate.formats.options import ForeignOptions
    from perfgate.pipeline.baselines.refresh import Plan


@click.group(no_args_is_help=False)
def command() -> None:
    """Refresh, rename, merge, show, list or compare the committed baselines, and the reference of inputs."""


@command.command()
@click.argument("paths", nargs=-1)
@config_option
@click.option("--runs", multiple=True, metavar="PATH", help="The same as PATHS.")
@click.option(
    "--benchmark",
    "benchmarks",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_benchmark,
    help="Only these benchmarks.",
)
@click.option("--replace", "replace_old", is_flag=True, help="Start anew from the newest session.")
@click.option("--replace-improved", metavar="REPORT", help="Start anew only what a passing report.json says improved.")
@click.option("--keep", type=click.IntRange(1, 1000), default=10, show_default=True, help="Newest sessions to keep.")
@click.option("--reason", default="", metavar="TEXT", help="Why; wanted when a gated value gets worse.")
@machine_class_option
@click.option(
    "--sessions",
    type=click.Choice(["newest", "all"]),
    default="newest",
    help="all: also runs that newer ones replace.",
)
@same_session_option
@reading_options
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@partial(quiet_option, is_argument=False)
def refresh(
    *,
    paths: tuple[str, ...],
    config: str | None,
    runs: tuple[str, ...],
    benchmarks: tuple[str, ...],
    replace_old: bool,
    replace_improved: str | None,
    keep: int,
    reason: str,
    machine_class: str,
    sessions: str,
    same_session: bool,
    foreign: ForeignOptions,
    dry_run: bool,
) -> None:
    """Take new runs into the baselines.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Sessions are added, the newest are kept; runs that are in already change
    nothing. Prints old and new before it writes. Commit the files afterwards.
    """
    from perfgate.pipeline.baselines.refresh import plan_refresh, refresh_lock

    def plan() -> Plan:
        return plan_refresh(
            (*paths, *runs),
            config=config,
            machine_class=machine_class,
            replace_old=replace_old,
            improved_by=replace_improved,
            keep=keep,
            reason=" ".join(reason.split()),
            every_session=sessions == "all",
            benchmarks=benchmarks,
            foreign=foreign,
            same_session=same_session,
        )

    if dry_run:
        _show_plan(plan())
        return
    with refresh_lock(config):
        planned = plan()
        _show_plan(planned)
        written = planned.write()  # without files it tidies up behind a refresh that was killed
    _show_written(planned, written)


def _show_written(plan: Plan, written: list[str]) -> None:
    """Print which files were written or removed, and what to do with them."""
    import os

    for path in written:
        say(f"{'wrote' if os.path.lexists(path) else 'removed'} {path}")
    if written:
        say(f"Commit them: git add {plan.folder}")


@command.command()
@click.argument("old")
@click.argument("new")
@config_option
@click.option("--from", "ref", metavar="REF", help="Take the old baseline from a git commit: the folder lacks it.")
@click.option("--join", is_flag=True, help="Add its sessions to the baseline that NEW has already.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Label that NEW has. Repeat for several.")
@click.option("--no-labels", is_flag=True, help="NEW has no labels.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
def rename(
    *,
    old: str,
    new: str,
    config: str | None,
    ref: str | None,
    join: bool,
    labels: tuple[str, ...],
    no_labels: bool,
    dry_run: bool,
) -> None:
    """Rename the baseline of a benchmark that has another name now.

    OLD and NEW are names as `perfgate baseline list` prints them. NEW keeps the labels
    of OLD, or has those of --label or --no-labels. All sessions are kept, on every
    machine class. Commit the files afterwards, in the change that renames the
    benchmark: it is then judged by the baseline of the old name.
    """
    from contextlib import nullcontext

    from perfgate.pipeline.baselines.refresh import refresh_lock
    from perfgate.pipeline.baselines.rename import plan_rename

    with nullcontext() if dry_run else refresh_lock(config):
        labelled = labels or (() if no_labels else None)
        planned = plan_rename(old, new, config=config, ref=ref, join=join, labels=labelled)
        for line in planned.lines:
            say(line)
        if planned.mentions:
            say(f'these name "{old}" as well: {", ".join(planned.mentions)}', err=True)
        if not dry_run:
            _show_written(planned.plan, planned.plan.write())


@command.command()
@click.argument("versions", nargs=-1, metavar="[BASE OURS THEIRS [PATH]]")
@config_option
@click.pass_context
def merge(ctx: click.Context, *, versions: tuple[str, ...], config: str | None) -> None:
    """Merge baselines to which two branches added sessions.

    Without arguments: the baselines that `git merge` left in conflict. With the
    three versions of one file it is git's merge driver: the outcome replaces OURS.
    PATH is its name in messages.
    """
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.baselines.merge import merge_conflicts, merge_files

    if len(versions) in {3, 4}:
        base, ours, theirs = versions[:3]
        merge_files(base, ours, theirs, name=versions[-1] if versions[3:] else ours)
        return
    if versions:
        raise click.UsageError("give BASE, OURS and THEIRS, or nothing", ctx)
    written, problems = merge_conflicts(config)
    for path in written:
        say(f"merged {path}")
    if written:
        say("Conclude the merge: git add what was merged, then git commit")
    if problems:
        raise CannotDecideError(problems)
    if not written:
        say("Nothing to merge: no baseline is in conflict.")


def _show_plan(plan: Plan) -> None:
    """Print what a refresh will change."""
    from perfgate.pipeline.baselines.show import compose_moves
    from perfgate.render import render
    from perfgate.report.words import count

    if plan.left:
        say(
            f"{count(plan.left, 'run')} left out, replaced by newer ones (--sessions all takes in all)",
            err=True,
        )
    say_all(plan.warnings)
    for line in plan.failed:
        say(f"left out: {line}", err=True)
    if not plan.files:
        say("Nothing to refresh: the baselines hold all of these runs.")
    if plan.moves:
        echo(render(compose_moves(plan.moves), "text"))


@command.command("list")
@config_option
def list_(config: str | None) -> None:
    """List all baselines."""
    from perfgate.cli.present import show as show_document
    from perfgate.pipeline.baselines.refresh import policy_and_baselines
    from perfgate.pipeline.baselines.show import compose_list
    from perfgate.pipeline.verdicts import today

    show_document(compose_list(policy_and_baselines(config)[1].profiles, today()), "text")


@command.command()
@click.argument("benchmark", default="*", shell_complete=complete_benchmark)
@config_option
def show(benchmark: str, config: str | None) -> None:
    """Show the values of a baseline by session, and where they came from."""
    from perfgate.cli.present import show as show_document
    from perfgate.pipeline.baselines.refresh import policy_and_baselines
    from perfgate.pipeline.baselines.show import compose_show, pick

    show_document(compose_show(pick(policy_and_baselines(config)[1].profiles, benchmark)), "text")


@command.command()
@click.argument("ref", default="HEAD")
@config_option
def diff(ref: str, config: str | None) -> None:
    """Show how the baselines differ from those of a git commit."""
    from perfgate.cli.present import show as show_document
    from perfgate.pipeline.baselines.show import compose_moves
    from perfgate.pipeline.baselines.show import diff as difference

    show_document(compose_moves(difference(config, ref)), "text")


@command.command()
@click.argument("paths", nargs=-1)
@config_option
@click.option("--out", metavar="FILE", help="The file to write (default: of the configuration).")
@click.option("--cluster-field", default="", metavar="FIELD", help="Field that says which samples belong together.")
@click.option("--field", "fields", multiple=True, metavar="FIELD", help="Keep these fields only; repeatable.")
@click.option(
    "--least-rows",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="Rows behind each level and each step of numbers that is written.",
)
def drift(
    *,
    paths: tuple[str, ...],
    config: str | None,
    out: str | None,
    cluster_field: str,
    fields: tuple[str, ...],
    least_rows: int,
) -> None:
    """Write the summary of input samples that `perfgate drift` compares with.

    PATHS are files of samples, folders or globs (default: `samples` of [drift]). The
    summary holds no sample; what it hides is printed. Commit the file afterwards.
    """
    from perfgate.pipeline.drift.references import write

    written = write(paths, config=config, out=out, cluster_field=cluster_field, fields=fields, least_rows=least_rows)
    say_all(written.notes)
    for line in written.lines:
        say(line)
    say(f"wrote {written.path}" if written.is_changed else f"unchanged {written.path}")
    if written.is_changed:
        say(f"Commit it: git add {written.path}")
