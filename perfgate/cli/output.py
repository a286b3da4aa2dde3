"""The one door to stdout and stderr: in CI, nothing that data contain is a command to the runner that reads it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from perfgate.core.errors import cannot_decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from perfgate.cli.options import Look
    from perfgate.core.errors import Diagnostic
    from perfgate.render import Format
    from perfgate.render.terminal.style import Style


def say(line: str, *, err: bool = False) -> None:
    """Print a line for people; nothing when nobody can read it."""
    if err or sys.stdout is not None:
        echo(f"{line}\n", err=err)


def say_all(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics to stderr, each with its hint."""
    for diagnostic in diagnostics:
        for line in diagnostic.lines():
            say(line, err=True)


def style_of(
    look: Look | None, stream: TextIO | None, environ: Mapping[str, str], *, names_faults: bool = True, more: str = ""
) -> Style:
    """Return how a report is drawn on a stream: what the user said, else what the environment and the stream say.

    Args:
        look: as the user said; None: nothing.
        stream: stdout; None: it is closed.
        environ: see `perfgate.render.terminal.style.has_color`; ``COLUMNS`` is the width, and ``PERFGATE_ASCII``
            unless empty or 0 asks for ASCII.
        names_faults: does the report name the faults?
        more: command that lists the values that are not shown; empty: none.
    """
    from perfgate.cli.options import Look
    from perfgate.render.terminal.style import MOST_ROWS, NARROWEST, PIPED, WIDEST, Style, can_show, has_color

    look = look or Look()
    width = look.width
    is_terminal = stream is not None and stream.isatty()
    if width is None:
        stated = environ.get("COLUMNS", "")
        is_stated = stated.isdecimal() and 0 < int(stated) <= WIDEST
        width = int(stated) if is_stated else _width_of_terminal(PIPED) if is_terminal else PIPED
    return Style(
        width=min(max(width, NARROWEST), WIDEST),
        has_color=has_color(look.color, environ, is_terminal=is_terminal),
        is_ascii=environ.get("PERFGATE_ASCII", "") not in {"", "0"}
        or not can_show(stream.encoding if stream else None),
        is_verbose=look.is_verbose,
        is_quiet=look.is_quiet,
        rows=MOST_ROWS if look.top is None else look.top,
        shows_faults=names_faults,
        more=more,
    )


def _width_of_terminal(fallback: int) -> int:
    """Return how many columns the terminal has that the process started with; a pseudo-terminal may state none."""
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or fallback if sys.__stdout__ else fallback
    except (AttributeError, ValueError, OSError):  # closed, detached, or no terminal
        return fallback


def echo(text: str, *, form: Format = "text", err: bool = False) -> None:
    """Print a text that may hold names from data.

    In CI what a runner would take for a command is written otherwise, as the format allows:
    GitHub Actions reads lines that begin with ``::``, and Azure Pipelines ``##vso[`` anywhere.

    Args:
        text: lines, each with its end.
        form: its format, one of `perfgate.render.registry.RENDERERS`.
        err: to stderr.
    """
    from perfgate.measure.machine.ci import name_ci
    from perfgate.publish.actions import PEOPLE, defuse
    from perfgate.render.registry import renderer_of

    if name_ci(os.environ) is not None:
        text = defuse(text, renderer_of(form).runner_escape or PEOPLE)
    stream = sys.stderr if err else sys.stdout
    if form != "text" and stream is not None and hasattr(stream, "buffer"):
        # a page names the hashes of what it holds, and a file is UTF-8: another encoding of the terminal breaks both
        stream.flush()
        click.echo(text.encode("utf-8", "replace"), nl=False, err=err)
        return
    write(text, err=err)


def write(text: str, *, err: bool = False) -> None:
    """Print a text as it is: commands of our own, and what stands between them.

    It is printed as UTF-8 whatever the terminal's locale; what it cannot show becomes a question mark.

    Raises:
        CannotDecideError: stdout was closed by the caller; nobody reads it, so that the reports have to do.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        if err:
            return
        raise cannot_decide("output-closed", "stdout is closed", hint="let it go to a file: > FILE")
    encoding = stream.encoding or "utf-8"
    # colour was decided before: click would take it away wherever no terminal reads, whatever --color says
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False, err=err, color=True)
