"""``perfgate audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import check_day, config_option
from perfgate.render.registry import choices

if TYPE_CHECKING:
    from perfgate.core.errors import DiagnosticLevel
    from perfgate.core.finding import ExitCode
    from perfgate.render import Format

_LEVELS: dict[str, DiagnosticLevel] = {"note": "note", "warning": "warning", "error": "error"}


@click.command()
@click.option("--baseline", metavar="DIR|FILE", help="Baselines to audit (default: the configured folder).")
@config_option
@click.option("--machine-class", default="", metavar="NAME", help="Class of this machine (default: from its facts).")
@click.option(
    "--fail-on",
    type=click.Choice([*_LEVELS, "never"]),
    default="warning",
    show_default=True,
    help="Exit 1 when a finding is of this level, or of a worse one.",
)
@click.option(
    "--anchor",
    default="",
    metavar="REF|N",
    help="Find creep since this commit, or N sessions back (default: last tag).",
)
@click.option("--today", default="", metavar="DATE", help="The day of the audit, such as 2026-01-31 (default: today).")
@click.option("--format", "form", type=click.Choice(choices(verdict=False)), default="text", help="On stdout.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    baseline: str | None,
    config: str | None,
    machine_class: str,
    fail_on: str,
    anchor: str,
    today: str,
    form: Format,
) -> ExitCode:
    """Estimate how far the gate can be trusted, from its baselines alone.

    Reports the false alarms to expect, the smallest detectable change of each value,
    rules that do nothing, baselines that are old or no longer used, and values that
    crept away from the newest tag (--anchor). Exits 0 when clean, 1 with
    findings of the level of --fail-on, 2 when there is nothing to audit.
    """
    from perfgate.cli.present import show
    from perfgate.core.finding import ExitCode as Code
    from perfgate.pipeline.audit import audit

    check_day(ctx, today)
    found, document = audit(baseline=baseline, config=config, machine_class=machine_class, today=today, anchor=anchor)
    show(document, form)
    return Code.REGRESSION if fail_on in _LEVELS and found.has(_LEVELS[fail_on]) else Code.PASS
