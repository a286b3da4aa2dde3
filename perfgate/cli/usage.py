"""What is wrong with a command line, in words: fact first, then the command that helps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from perfgate.core.text.near_names import find_near

if TYPE_CHECKING:
    from collections.abc import Sequence

_THRESHOLD = '[defaults] with threshold = "+5%"'
_PLACES = {"threshold": _THRESHOLD, "fail-under": _THRESHOLD, "budget-limit": '[[budget]] with limit = "< 100ms"'}
"""Options that other tools have -> what is written into perfgate.toml in their place."""
_WHOLE = "a whole number"
_SEVERAL = re.compile(r"requires (\d+) arguments")
_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)


def describe_misuse(caught: click.ClickException, arguments: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong, and what to type.

    Args:
        caught: what click raised.
        arguments: the command line.
    """
    context = getattr(caught, "ctx", None)
    first = "".join(arguments[:1])
    command = context.command_path if context else f"perfgate {first}" if first.isalpha() else "perfgate"
    hint = f"{command} --help"
    if isinstance(caught, click.NoSuchOption):
        return _describe_option(caught, hint)
    if isinstance(caught, click.BadOptionUsage):
        if several := _SEVERAL.search(caught.message):  # -L is the only such option
            return f"{caught.option_name} needs {several[1]} values", f"write {caught.option_name} NAME a,b; {hint}"
        return f"{caught.option_name} needs a value", hint
    if isinstance(caught, click.MissingParameter):
        return _describe_missing(caught, command), hint
    if isinstance(caught, click.BadParameter) and caught.param is not None:
        return f"{_name(caught.param)}: {_describe_value(caught)}", hint
    if _lacks_command(caught):
        return "no command given", hint
    fact, _, better = one_line(caught.format_message()).rstrip(".").partition("; hint: ")
    if found := _EXTRA.fullmatch(fact):
        fact = f'{command} takes no argument "{found[1]}"'
    return fact, better or hint


def help_of(caught: click.ClickException) -> list[str]:
    """Return the help, a line each, where only a command is missing; else nothing."""
    context = getattr(caught, "ctx", None)
    return context.get_help().splitlines() if context and _lacks_command(caught) else []


def _lacks_command(caught: click.ClickException) -> bool:
    return isinstance(caught, click.UsageError) and caught.message.rstrip(".") == "Missing command"


def _describe_option(caught: click.NoSuchOption, hint: str) -> tuple[str, str]:
    fact = f"no option {one_line(caught.option_name)}"
    word = caught.option_name.lstrip("-").partition("=")[0]
    if near := find_near(caught.option_name, caught.possibilities or (), cutoff=0.7):
        return f"{fact}; did you mean {near}?", hint
    if near := find_near(word, _PLACES, cutoff=0.75):
        return fact, f"in perfgate.toml: {_PLACES[near]}"
    return fact, hint


def _describe_missing(caught: click.MissingParameter, command: str) -> str:
    param = caught.param
    if isinstance(param, click.Option):
        return f"{param.opts[-1]} is missing"
    if param is not None and isinstance(param.type, click.Choice):
        return f"{command} needs one of {', '.join(map(str, param.type.choices))}"
    name = param.make_metavar(caught.ctx) if param is not None and caught.ctx else "an argument"
    return f"{command} needs {name.strip('[].… ')}"


def _describe_value(caught: click.BadParameter) -> str:
    """Return what is wrong with the value of an option; ranges are written out."""
    kind = caught.param.type if caught.param else None
    found = one_line(caught.message.rstrip("."))
    if isinstance(kind, click.IntRange | click.FloatRange):
        shown = found.partition(" is not ")[0].strip("'")
        what = _WHOLE if isinstance(kind, click.IntRange) else "a number"
        return f'"{shown}" is not {what}{_range(kind)}'
    if isinstance(kind, click.Choice):
        shown = found.partition(" is not ")[0].strip("'")
        which = "" if len(kind.choices) == 1 else "one of "
        return f'"{shown}" is not {which}{", ".join(map(str, kind.choices))}'
    return found


def _range(kind: click.IntRange | click.FloatRange) -> str:
    least, most = (None if end is None else f"{int(end) if end == int(end) else end}" for end in (kind.min, kind.max))
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f" above {least}" if kind.min_open else f" of {least} or more"
    return "" if most is None else f" up to {most}"


def _name(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name


def one_line(text: str) -> str:
    """Return a text on one line that is safe for a terminal, cut to a length that is read."""
    return "".join(c if c.isprintable() else " " for c in text)[:500]
