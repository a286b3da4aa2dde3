"""``perfgate formats``."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(*, as_json: bool) -> None:
    """List the tools whose files are read, and the command that makes the best file."""
    import json
    import textwrap

    from perfgate.formats.detect import formats

    known = formats()
    if as_json:
        told = [{"name": f.name, "tool": f.tool, "gives": f.gives, "best": f.cure, "asked": f.is_asked} for f in known]
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for f in known:
        words = f"{f.name}: {f.gives}{' (only with --from)' if f.is_asked else ''}"
        click.echo(textwrap.fill(words, 80, subsequent_indent="  "))
        click.echo(f"    {f.cure}")
