"""``perfgate report``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.options import format_options

if TYPE_CHECKING:
    from perfgate.core.finding import ExitCode
    from perfgate.render import Format


@click.command()
@click.argument("path", metavar="REPORT_JSON")
@format_options
@click.option("--exit-code", is_flag=True, help="Exit as the check did: 0, 1 or 2.")
def command(path: str, form: Format, *, exit_code: bool) -> ExitCode | None:
    """Render a report again in another format.

    Exits 0 whatever the verdict in it, unless --exit-code asks for the verdict's,
    the worst where several checks of a job left theirs beside it.
    """
    from perfgate.cli.present import show
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.report_io import read_report
    from perfgate.pipeline.report_origin import read_report_of_job
    from perfgate.pipeline.verdicts import cause

    document = read_report_of_job(path) if exit_code else read_report(path)
    show(document, form)
    if not exit_code or document.verdict is None:
        return None
    if faults := cause(document.verdict):
        raise CannotDecideError(faults)
    return document.verdict.exit_code
