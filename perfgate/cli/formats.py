"""``perfgate formats``."""

from __future__ import annotations

import click

from perfgate.cli.output import echo, say


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(*, as_json: bool) -> None:
    """List the tools whose files are read, and the command that makes the best file."""
    import json
    import textwrap

    from perfgate.formats.detect import formats

    known = formats()
    if as_json:
        rows = [
            {"name": f.name, "tool": f.tool, "gives": f.provides, "best": f.hint, "asked": f.only_on_request}
            for f in known
        ]
        echo(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", form="json")
        return
    for f in known:
        words = f"{f.name}: {f.provides}{' (only with --from)' if f.only_on_request else ''}"
        say(textwrap.fill(words, 80, subsequent_indent="  "))
        say(f"    {f.hint}")
