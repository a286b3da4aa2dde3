"""``perfgate ab``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import check_measuring, measuring_options, report_options, report_targets, tell_verdict

if TYPE_CHECKING:
    from perfgate.core.finding import ExitCode
    from perfgate.render import Format

_ROUNDS = 10


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("argv", metavar="-- CMD…", nargs=-1)
@click.option("--base", metavar="REF", help="Commit to compare with (default: the fork point from the main branch).")
@click.option("--head", metavar="REF", help="Commit that is compared (default: the working tree as it is).")
@click.option("--base-cmd", metavar="CMD", help="Without git: the base's command, in quotes.")
@click.option("--head-cmd", metavar="CMD", help="Without git: the head's command, in quotes.")
@click.option("-n", "--runs", type=click.IntRange(2, 100_000), help="Exactly so many runs a side.")
@click.option(
    "--rounds-max",
    type=click.IntRange(1, 50_000),
    help=f"Stop when it is clear, at the latest after so many rounds of two runs a side (default: {_ROUNDS}).",
)
@measuring_options
@click.option("--setup", multiple=True, metavar="CMD", help="Run once in each side's folder before, in quotes.")
@click.option("--out", metavar="DIR", help="Keep the summaries in DIR/base and DIR/head.")
@click.option("--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Of the coin for the order.")
@click.option("--config", metavar="FILE", help="Configuration file (default: perfgate.toml or pyproject.toml).")
@report_options
@click.pass_context
def command(
    ctx: click.Context, *, argv: tuple[str, ...], base: str | None, head: str | None, base_cmd: str | None,
    head_cmd: str | None, runs: int | None, rounds_max: int | None, warmup: int, benchmark: str | None,
    rows: int | None, timeout: float | None, setup: tuple[str, ...], out: str | None, seed: int, config: str | None,
    reports: tuple[str, ...], report_dir: str | None, form: Format, github: bool | None,
) -> ExitCode:  # fmt: skip
    """Measure two versions of a command in turns, and compare them.

    The base is a commit in a git worktree of its own, the head the working tree.
    Exits 0 when nothing got worse, 1 when something did, 2 when it cannot be decided.
    """
    import os  # noqa: PLC0415 - a name that only this function needs

    from perfgate.cli.present import clear_progress, show_progress  # noqa: PLC0415 - loaded when the command is called
    from perfgate.pipeline.ab.compare import ab  # noqa: PLC0415 - see above
    from perfgate.pipeline.ab.request import Request  # noqa: PLC0415 - see above

    if runs is not None and rounds_max is not None:
        raise click.UsageError("-n and --rounds-max exclude each other", ctx)
    before, after = _words("--base-cmd", base_cmd), _words("--head-cmd", head_cmd)
    if bool(argv) == bool(before) or bool(before) != bool(after):
        raise click.UsageError("give one command behind --, or both --base-cmd and --head-cmd", ctx)
    if before and (base is not None or head is not None):
        raise click.UsageError("--base and --head need one command behind --", ctx)
    for words in (argv,) if argv else (before, after):
        check_measuring(words, benchmark=benchmark, timeout=timeout)
    targets = report_targets(ctx, reports)
    request = Request(
        argv=argv, base_cmd=before, head_cmd=after, base=base, head=head, runs=runs, rounds=rounds_max or _ROUNDS,
        warmup=warmup, setup=tuple(_words("--setup", words) for words in setup), benchmark=benchmark, rows=rows,
        timeout=timeout, out=None if out is None else os.path.abspath(out), seed=seed, config=config,
        options=_options(ctx),
    )  # fmt: skip
    try:
        outcome = ab(request, show_progress)
    finally:
        clear_progress()
    return tell_verdict(outcome.verdict, targets, report_dir=report_dir, form=form, github=github, said=outcome.said)


def _words(flag: str, text: str | None) -> tuple[str, ...]:
    """Return the words of a command in quotes; none when it was not given."""
    import shlex  # noqa: PLC0415 - a name that few functions need

    if text is None:
        return ()
    try:
        words = tuple(shlex.split(text))
    except ValueError as caught:
        raise click.UsageError(f'{flag} "{text}": {str(caught).lower()}') from None
    if not words or "\0" in text:
        raise click.UsageError(f"{flag} names no command")
    return words


def _options(ctx: click.Context) -> tuple[str, ...]:
    """Return the options as they were given, for the report; commits and where reports go are no part of them."""
    words: list[str] = []
    for name, flag in (
        ("base_cmd", "--base-cmd"), ("head_cmd", "--head-cmd"), ("runs", "-n"), ("rounds_max", "--rounds-max"),
        ("warmup", "--warmup"), ("benchmark", "--benchmark"), ("rows", "--rows"), ("timeout", "--timeout"),
        ("seed", "--seed"), ("config", "--config"),
    ):  # fmt: skip
        if ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT or name == "seed":
            words += [flag, str(ctx.params[name])]
    for text in ctx.params["setup"]:
        words += ["--setup", text]
    return tuple(words)
