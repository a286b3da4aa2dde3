"""``perfgate check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import check_day, reading_options, report_options, report_targets, tell_verdict

if TYPE_CHECKING:
    from perfgate.core.finding import ExitCode
    from perfgate.formats.options import ForeignOptions
    from perfgate.render import Format


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--baseline", metavar="DIR|FILE", help="Baselines: a folder, a profile file or plain percentiles.")
@click.option(
    "--baseline-ref", metavar="REF", help="Read baselines and configuration from a git commit; auto: from the event."
)
@click.option("--current", metavar="FILE", help="Current profiles or plain percentiles, in place of runs.")
@click.option("--config", metavar="FILE", help="Configuration file (default: perfgate.toml or pyproject.toml).")
@click.option("--machine-class", default="", metavar="NAME", help="Class of this machine (default: the runs' own).")
@click.option("--sessions", type=click.Choice(["newest", "all"]), default="newest", help="Which sessions to judge.")
@click.option(
    "--confirm", multiple=True, metavar="REPORT", help="report.json of an earlier fresh session, judged again with it."
)
@click.option(
    "--expect-shards", type=click.IntRange(1, 9999), metavar="N", help="How many shards must have measured, each once."
)
@click.option("--today", default="", metavar="DATE", help="The day by which waivers end (default: today, UTC).")
@reading_options
@report_options
@click.pass_context
def command(
    ctx: click.Context, *, paths: tuple[str, ...], baseline: str | None, baseline_ref: str | None, current: str | None,
    config: str | None, machine_class: str, sessions: str, confirm: tuple[str, ...], expect_shards: int | None,
    today: str, foreign: ForeignOptions, reports: tuple[str, ...], report_dir: str | None, form: Format,
    github: bool | None,
) -> ExitCode:  # fmt: skip
    """Compare runs with the baselines.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Exits 0 when every gated row was measured and holds, 1 when one got worse,
    2 when it cannot be decided.
    """
    from perfgate.pipeline.check.check import Request, check  # noqa: PLC0415 - only now are the libraries worth their start-up

    if baseline is not None and baseline_ref is not None:
        raise click.UsageError("--baseline and --baseline-ref exclude each other", ctx)
    if current is not None and paths:
        raise click.UsageError("--current and PATHS exclude each other", ctx)
    if current is not None and expect_shards is not None:
        raise click.UsageError("--expect-shards takes the profile files of the shards as PATHS, not --current", ctx)
    check_day(ctx, today)
    targets = report_targets(ctx, reports)
    verdict = check(
        Request(
            paths=paths, baseline=baseline, baseline_ref=baseline_ref, current=current, config=config,
            machine_class=machine_class, every_session=sessions == "all", confirm=confirm,
            expect_shards=expect_shards, today=today, foreign=foreign, reproduce=_reproduce(ctx, foreign),
        )
    )  # fmt: skip
    return tell_verdict(verdict, targets, report_dir=report_dir, form=form, github=github)


def _reproduce(ctx: click.Context, foreign: ForeignOptions) -> str:
    """Return the command as it was given, for the report; where reports go is no part of it."""
    import shlex  # noqa: PLC0415 - a name that only this function needs

    words = ["perfgate", "check"]
    for name, flag in (
        ("baseline", "--baseline"), ("baseline_ref", "--baseline-ref"), ("current", "--current"),
        ("config", "--config"), ("machine_class", "--machine-class"), ("today", "--today"),
    ):  # fmt: skip
        if ctx.params[name]:
            words += [flag, ctx.params[name]]
    if ctx.params["sessions"] != "newest":
        words += ["--sessions", ctx.params["sessions"]]
    if ctx.params["expect_shards"] is not None:
        words += ["--expect-shards", str(ctx.params["expect_shards"])]
    for report in ctx.params["confirm"]:
        words += ["--confirm", report]
    return shlex.join([*words, *foreign.words(), *ctx.params["paths"]])
