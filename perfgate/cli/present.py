"""Where each rendering goes: files first, then stdout, so that a closed pipe loses no report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.core.errors import CannotDecideError, Diagnostic, error
from perfgate.pipeline.outputs import write_output
from perfgate.render import Format, render
from perfgate.render.registry import renderer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.finding import Verdict
    from perfgate.report.document import Document


def show(
    document: Document, form: Format, targets: Sequence[tuple[str, Format]] = (), *, named_last: str = "",
    in_actions: bool = False,
) -> list[Diagnostic]:  # fmt: skip
    """Write a document to files and to stdout.

    Args:
        document: what to show.
        form: the format on stdout.
        targets: files, each with its format.
        named_last: a file to name after everything else; empty: none.
        in_actions: keep the runner from taking what a name says for a command.

    Returns:
        A fault for each file that could not be written.
    """
    faults: list[Diagnostic] = []
    for path, its_form in targets:
        try:
            write_output(path, render(document, its_form).encode("utf-8", "replace"), slug="report-unwritable")
        except CannotDecideError as caught:
            faults.extend(caught.diagnostics)
    text = render(document, form)
    echo(_harmless(text, form) if in_actions else text)
    if named_last and not faults:
        click.echo(f"report: {named_last}", err=form != "text")
    return faults


def echo(text: str) -> None:
    """Print a text as UTF-8 whatever the terminal's locale; what it cannot show becomes a question mark."""
    if sys.stdout is None:  # closed by the caller: nobody reads it, so that the reports have to do
        raise CannotDecideError(
            [error("output-closed", "stdout is closed", hint="open it, or write with --report FILE")]
        )
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)


def _harmless(text: str, form: Format) -> str:
    """Return a text on stdout in which the runner finds no command."""
    from perfgate.publish.actions import new_token, quiet  # noqa: PLC0415 - only in Actions

    escape = renderer_of(form).runner_escape
    if escape is None:
        return quiet(text, new_token())
    # What a program or GitHub reads has to stay what it is: no line of it begins with ::, and the older form of a
    # command, which may stand anywhere, can be written otherwise.
    return text.replace("##[", escape)


def tell_actions(
    verdict: Verdict, document: Document, environ: Mapping[str, str], report_dir: str, *, to_stderr: bool
) -> None:
    """Say a verdict in the annotations, the summary and the outputs of a step; nothing of it can fail the step.

    Args:
        verdict: what was found.
        document: its report.
        environ: names the files of the step.
        report_dir: folder of the reports; empty: none.
        to_stderr: keep stdout for the report; the runner listens to both.
    """
    from perfgate.cli.in_actions import commands, write_files  # noqa: PLC0415 - only in Actions

    click.echo(commands(verdict, environ), nl=False, err=to_stderr)
    for fault in write_files(verdict, document, environ, report_dir):
        for line in fault.lines():
            click.echo(line, err=True)


def show_progress(done: int, total: int) -> None:
    """Draw the progress bar, on a terminal only."""
    if sys.stderr.isatty():
        width = 30
        bar = "#" * (width * done // total)
        sys.stderr.write(f"\r\033[Kmeasuring [{bar:<{width}}] {done}/{total}")
        sys.stderr.flush()


def clear_progress() -> None:
    """Remove the progress bar."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
