"""The option ``--paths`` of the commands that judge a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Any]


def paths_option(command: Command) -> Command:
    """Give a command the option that names files of which one has to change, as its argument ``globs``."""
    words = "Skip when no changed file matches; !GLOB excludes; repeatable."
    return click.option("--paths", "globs", multiple=True, metavar="GLOB", callback=_check, help=words)(command)


def _check(ctx: click.Context, param: click.Parameter, globs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the globs.

    Raises:
        BadParameter: one is not valid.
    """
    if globs:
        from perfgate.core.errors import plain
        from perfgate.core.text.path_globs import PathGlobs

        for some in (*((glob,) for glob in globs), globs):
            try:
                PathGlobs(some)
            except ValueError as caught:
                what = f'"{plain(some[0])}": ' if len(some) == 1 else ""
                raise click.BadParameter(f"{what}{caught}", ctx, param) from None
    return globs
