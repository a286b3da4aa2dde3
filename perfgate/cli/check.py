"""``perfgate check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from perfgate.core.finding import ExitCode
    from perfgate.render import Format

REPORT_DIR = "perfgate-report"


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--baseline", metavar="DIR|FILE", help="Baselines: a folder, a profile file or plain percentiles.")
@click.option("--baseline-ref", metavar="REF", help="Read baselines and configuration from a git commit.")
@click.option("--current", metavar="FILE", help="Current profiles or plain percentiles, in place of runs.")
@click.option("--config", metavar="FILE", help="Configuration file (default: perfgate.toml or pyproject.toml).")
@click.option("--machine-class", default="", metavar="NAME", help="Class of this machine (default: the runs' own).")
@click.option("--sessions", type=click.Choice(["newest", "all"]), default="newest", help="Which sessions to judge.")
@click.option(
    "--confirm", multiple=True, metavar="REPORT", help="report.json of an earlier fresh session, judged again with it."
)
@click.option("--report", "reports", multiple=True, metavar="FILE", help="Also write a report (.md, .json, .txt).")
@click.option("--report-dir", metavar="DIR", help=f"Write report.json and report.md there (in CI: {REPORT_DIR}).")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="On stdout.")
@click.pass_context
def command(
    ctx: click.Context, *, paths: tuple[str, ...], baseline: str | None, baseline_ref: str | None, current: str | None,
    config: str | None, machine_class: str, sessions: str, confirm: tuple[str, ...], reports: tuple[str, ...],
    report_dir: str | None, form: Format,
) -> ExitCode:  # fmt: skip
    """Compare runs with the baselines.

    PATHS are run files, folders or globs (default: `runs` of the configuration).
    Exits 0 when every gated row was measured and holds, 1 when one got worse,
    2 when it cannot be decided.
    """
    from perfgate.cli.showing import show  # noqa: PLC0415 - only now are the libraries worth their start-up
    from perfgate.core.errors import CannotDecideError  # noqa: PLC0415 - see above
    from perfgate.measure import facts  # noqa: PLC0415 - see above
    from perfgate.pipeline.check import Request, cause, check  # noqa: PLC0415 - see above
    from perfgate.report.compose import compose  # noqa: PLC0415 - see above

    if baseline is not None and baseline_ref is not None:
        raise click.UsageError("--baseline and --baseline-ref exclude each other", ctx)
    if current is not None and paths:
        raise click.UsageError("--current and PATHS exclude each other", ctx)
    targets = _targets(ctx, reports)
    verdict = check(
        Request(
            paths=paths, baseline=baseline, baseline_ref=baseline_ref, current=current, config=config,
            machine_class=machine_class, every_session=sessions == "all", confirm=confirm, reproduce=_reproduce(ctx),
        )
    )  # fmt: skip
    document = compose(verdict)
    folder = report_dir or (REPORT_DIR if facts.in_ci() and not reports else None)
    if folder:
        targets += [(f"{folder}/report.json", "json"), (f"{folder}/report.md", "markdown")]
    faults = list(cause(verdict))
    faults += show(document, form, targets, named_last=f"{folder}/report.md" if folder else "")
    if faults:
        raise CannotDecideError(faults)
    return verdict.exit_code


def _targets(ctx: click.Context, reports: tuple[str, ...]) -> list[tuple[str, Format]]:
    """Return where to write which rendering; JSON first, since every other derives from it."""
    import os  # noqa: PLC0415 - a name that only this function needs

    from perfgate.render import SUFFIXES  # noqa: PLC0415 - see above

    targets: list[tuple[str, Format]] = []
    for path in reports:
        suffix = os.path.splitext(path)[1].lower()
        form = SUFFIXES.get(suffix, "markdown" if os.path.exists(path) and not os.path.isfile(path) else None)
        if form is None:
            raise click.UsageError(f'--report "{path}": the name must end in {", ".join(SUFFIXES)}', ctx)
        targets.append((path, form))
    return sorted(targets, key=lambda t: t[1] != "json")


def _reproduce(ctx: click.Context) -> str:
    """Return the command as it was given, for the report; where reports go is no part of it."""
    import shlex  # noqa: PLC0415 - a name that only this function needs

    words = ["perfgate", "check"]
    for name, flag in (
        ("baseline", "--baseline"), ("baseline_ref", "--baseline-ref"), ("current", "--current"),
        ("config", "--config"), ("machine_class", "--machine-class"),
    ):  # fmt: skip
        if ctx.params[name]:
            words += [flag, ctx.params[name]]
    if ctx.params["sessions"] != "newest":
        words += ["--sessions", ctx.params["sessions"]]
    for report in ctx.params["confirm"]:
        words += ["--confirm", report]
    return shlex.join([*words, *ctx.params["paths"]])
