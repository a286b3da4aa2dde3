"""Where each rendering goes: files first, then stdout, so that a closed pipe loses no report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.core.errors import CannotDecideError, Diagnostic, error
from perfgate.pipeline.outputs import write_output
from perfgate.render import Format, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.document import Document


def show(
    document: Document, form: Format, targets: Sequence[tuple[str, Format]] = (), *, named_last: str = ""
) -> list[Diagnostic]:
    """Write a document to files and to stdout.

    Args:
        document: what to show.
        form: the format on stdout.
        targets: files, each with its format.
        named_last: a file to name after everything else; empty: none.

    Returns:
        A fault for each file that could not be written.
    """
    faults: list[Diagnostic] = []
    for path, its_form in targets:
        try:
            write_output(path, render(document, its_form).encode("utf-8", "replace"), slug="report-unwritable")
        except CannotDecideError as caught:
            faults.extend(caught.diagnostics)
    echo(render(document, form))
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
