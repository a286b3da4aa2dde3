"""``perfgate report``."""

from __future__ import annotations

import os
import sys
from shlex import quote
from typing import TYPE_CHECKING

import click

from perfgate.cli.options import format_options, look_options

if TYPE_CHECKING:
    from perfgate.cli.options import Look
    from perfgate.core.finding import ExitCode
    from perfgate.render import Format


@click.command()
@click.argument("path", metavar="REPORT_JSON")
@format_options
@look_options
@click.option("--exit-code", is_flag=True, help="Exit as the check did: 0, 1 or 2.")
def command(path: str, form: Format, *, look: Look, exit_code: bool) -> ExitCode | None:
    """Render a report again in another format.

    `perfgate check --report report.json` writes REPORT_JSON.

    Exits 0 whatever the verdict in it, unless --exit-code asks for the verdict's,
    the worst where several checks of a job left theirs beside it.
    """
    from perfgate.cli.output import style_of
    from perfgate.cli.present import show
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.report_io import read_report
    from perfgate.pipeline.report_origin import read_report_of_job
    from perfgate.pipeline.verdicts import cause

    document = read_report_of_job(path) if exit_code else read_report(path)
    more = f"perfgate report {quote(path)} --top all"
    verdict = document.verdict if exit_code else None
    faults = cause(verdict) if verdict else ()
    show(document, form, style=style_of(look, sys.stdout, os.environ, names_faults=not faults, more=more))
    if faults:
        raise CannotDecideError(faults)
    return verdict.exit_code if verdict else None
