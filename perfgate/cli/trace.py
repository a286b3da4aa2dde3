"""``perfgate trace``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.output import echo, say_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.core.traces.spans import Trace

_FORMATS = ("text", "json", "chrome", "prometheus", "svg")


@click.command()
@click.argument("files", nargs=-1)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="What to write.")
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of stdout.")
def command(*, files: tuple[str, ...], form: str, output: str | None) -> None:
    """Show traces: the tree of the slowest one, and how much time each stage took.

    FILES are OTLP JSON files, folders or globs (default: artifacts/traces). The
    format chrome is for chrome://tracing and Perfetto, svg is a flame graph.
    """
    from perfgate.pipeline.report_io import write_output
    from perfgate.pipeline.traces.trace import find_files, read, remarks

    found = read(find_files(files))
    text = _render(form)(found.complete)
    if output is not None:
        write_output(output, text.encode(), slug="trace-unwritable")
    elif form in ("json", "chrome"):
        echo(text, form="json")
    elif form == "text":
        echo(text)
    else:
        # These two are XML and an exposition, which reports are written in, too: names are escaped in the same way.
        echo(text, form="junit" if form == "svg" else "openmetrics")
    say_all(remarks(found))


def _render(form: str) -> Callable[[Sequence[Trace]], str]:
    """Return the renderer of a format; it is loaded when it is asked for."""
    from importlib import import_module

    module = import_module(f"perfgate.render.traces.{'text' if form == 'json' else form}")
    renderer: Callable[[Sequence[Trace]], str] = module.render_json if form == "json" else module.render
    return renderer
