"""``perfgate golden refresh|check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate.cli.output import echo, say, say_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.core.finding import ExitCode
    from perfgate.gate.golden import Comparison
    from perfgate.pipeline.traces.golden import Checked

_WIDTH = 80
"""Characters of a line for people, unless a path alone is longer."""


@click.group(no_args_is_help=False)
def command() -> None:
    """Keep the structure of traces, and fail when it changes."""


@command.command()
@click.argument("files", nargs=-1)
@click.option("--out", metavar="DIR", help="Folder of golden files (default: artifacts/golden).")
@click.option(
    "--attribute", "attributes", multiple=True, metavar="NAME", help="A span attribute that belongs to the structure."
)
def refresh(*, files: tuple[str, ...], out: str | None, attributes: tuple[str, ...]) -> None:
    """Write the structure of traces as golden files, one for each name of a root span.

    FILES are OTLP JSON files, folders or globs (default: artifacts/traces). Names,
    nesting and calls are kept, and the attributes that --attribute names; times are not.
    """
    from perfgate.core.errors import plain
    from perfgate.pipeline.traces.golden import refresh as write
    from perfgate.report.words import count

    done = write(files, out=out, attributes=attributes)
    say_all(done.remarks)
    states = [(path, f"{count(these, 'structure')} of {count(of, 'trace')}") for path, these, of in done.written]
    states += [(path, "unchanged") for path in done.unchanged]
    states += [(path, "kept") for path in done.left]
    for place, state in ((plain(path), state) for path, state in states):
        say(f"{place}: {state}" if len(f"{place}: {state}") <= _WIDTH else f"{place}:\n  {state}")
    if done.left:
        say("No trace begins with the root of a file that was kept.")
        say("If that is intended, remove it with git rm.")


@command.command()
@click.argument("files", nargs=-1)
@click.option("--golden", "folder", metavar="DIR", help="Folder of golden files (default: artifacts/golden).")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="On stdout.")
def check(*, files: tuple[str, ...], folder: str | None, form: str) -> ExitCode:
    """Compare the structure of traces with the golden files: exit 0, 1 or 2.

    FILES are OTLP JSON files, folders or globs (default: artifacts/traces). Exits 1
    when a structure appears that the golden files do not have, 2 when there is
    nothing to compare, or no complete trace of a root that has a golden file.
    """
    from perfgate.core.errors import CannotDecideError
    from perfgate.core.finding import ExitCode as Code
    from perfgate.core.text.canonical import dumps
    from perfgate.pipeline.traces.golden import check as compare

    done = compare(files, folder=folder)
    if not done.faults:
        say_all(done.first)
    if form == "json":
        echo(dumps(_to_data(done)), form="json")
    else:
        for line in _lines(done.comparison):
            say(line)
    if done.faults:
        raise CannotDecideError((*done.faults, *done.first, *done.remarks))
    say_all(done.remarks)
    if not done.comparison.changes:
        return Code.PASS
    for line in done.advice:
        say(line, err=form == "json")
    return Code.REGRESSION


def _lines(found: Comparison) -> Iterator[str]:
    from perfgate.core.errors import plain
    from perfgate.report.words import count

    for change in found.changes:
        yield plain(f"{change.root}: changed in {change.traces:,} of {count(change.of, 'trace')}, as {change.trace_id}")
        for words in change.words:
            yield plain(f"  {words}")
    if found.undescribed:
        yield f"{found.undescribed:,} of {count(len(found.changes), 'change')} not described: too many, or too large"
    for root, traces in found.same:
        yield plain(f"{root}: the same in {count(traces, 'trace')}")
    for root in found.new:
        yield plain(f"{root}: new, without a golden file; perfgate golden refresh keeps it")
    for root in found.missing:
        yield plain(f"{root}: no complete trace")


def _to_data(done: Checked) -> dict[str, object]:
    found = done.comparison
    return {
        "edited": [{"file": change.path, "edit": change.edit} for change in done.edited],
        "changed": [
            {"root": c.root, "traces": c.traces, "of": c.of, "trace_id": c.trace_id, "changes": list(c.words)}
            for c in found.changes
        ],
        "same": [{"root": root, "traces": traces} for root, traces in found.same],
        "new": list(found.new),
        "missing": list(found.missing),
        "undescribed": found.undescribed,
    }
