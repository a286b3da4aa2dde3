"""Lists of parameters, `-L NAME a,b`: one command is measured for each combination of their values.

A combination is the labels of its runs. The command that was typed, with its placeholders, stays the command of all of
them, so that only the labels distinguish them.
"""

from __future__ import annotations

import itertools
import math
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.profile import title
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perfgate.core.run import Labels, Run
    from perfgate.pipeline.measuring.hooks import Hooks, Words

MOST = 50
"""Combinations that are measured at the most: each is a group of its own, and shares the accepted false alarms."""
_LONGEST = 500  # characters of a name or a value, as of any label
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLACEHOLDER = re.compile(rf"\{{({_NAME.pattern})\}}")
_PIECE = re.compile(r"\\[,\\]|[^,]|,", re.DOTALL)


class ParameterList(Struct, frozen=True, kw_only=True):
    """A parameter and its values."""

    name: str
    """Stands in commands as ``{name}``, and is the name of the label."""
    values: tuple[str, ...]
    """At least one, each once, in the order in which they were given."""


def parse_lists(given: Iterable[tuple[str, str]]) -> tuple[ParameterList, ...]:
    r"""Return lists of parameters as they were typed: a name, and values with commas between; ``\,`` is a comma.

    Raises:
        ValueError: a name or a value is not valid or stands twice, or there are too many combinations.
    """
    lists = tuple(ParameterList(name=name, values=_split(name, text)) for name, text in given)
    if (name := _twice(one.name for one in lists)) is not None:
        raise ValueError(f"-L {name} is given twice; hint: write all values into one list: -L {name} a,b")
    if (number := math.prod(len(one.values) for one in lists)) > MOST:
        message = f"-L makes {number:,} combinations, and at most {MOST} are measured"
        raise ValueError(f"{message}; hint: shorten a list, or call perfgate once for each part of it")
    return lists


def _split(name: str, text: str) -> tuple[str, ...]:
    """Return the values of a list.

    Raises:
        ValueError: the name or a value is not valid, or a value stands twice.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        message = f'-L "{name[:40]}": the name of a parameter has letters, digits, _ and - only'
        own, is_joined, listed = name.partition("=")
        if is_joined and _NAME.fullmatch(own) and listed.isprintable():
            typed = shlex.quote(listed[:40]) if listed else "a,b"
            message += f"; hint: write a blank between the name and its values: -L {own[:40]} {typed}"
        raise ValueError(message)
    values = [""]
    for piece in _PIECE.findall(text):
        if piece == ",":
            values.append("")
        else:
            values[-1] += piece[-1]
    shown = f'-L {name} "{text[:80]}"'
    for number, value in enumerate(values, start=1):
        if not value.strip() or text == "--":  # the word that ends the options
            what = f"value {number} is empty" if len(values) > 1 else "it has no value"
            raise ValueError(f"{shown}: {what}; hint: write values with commas between: -L {name} a,b")
        if len(value) > _LONGEST or not value.isprintable():
            raise ValueError(f"{shown}: value {number} must have 1 to {_LONGEST} printable characters")
    if (twice := _twice(values)) is not None:
        raise ValueError(f'{shown}: the value "{twice}" stands twice')
    return tuple(values)


def _twice(texts: Iterable[str]) -> str | None:
    """Return a text that is there more than once; None: there is none."""
    return next((text for text, times in Counter(texts).items() if times > 1), None)


def combine(lists: Iterable[ParameterList]) -> tuple[Labels, ...]:
    """Return each combination of the values as labels, the last list fastest; without lists the one without labels."""
    pairs = [[(one.name, value) for value in one.values] for one in lists]
    return tuple(tuple(sorted(labels)) for labels in itertools.product(*pairs))


def put_in(words: Sequence[str], labels: Labels) -> Words:
    """Return words with values in place of their placeholders: each stays one word, and no value is replaced again."""
    values = dict(labels)
    return tuple(_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), word) for word in words)


def words_of(words: Sequence[str], lists: Sequence[ParameterList]) -> Words:
    """Return the words of a command with the values of every combination, each once."""
    return tuple(dict.fromkeys(word for labels in combine(lists) for word in put_in(words, labels)))


def find_unused(lists: Iterable[ParameterList], commands: Iterable[Sequence[str]]) -> str | None:
    """Return the name of a parameter that stands in none of some commands; None: each stands in one."""
    named = {name for words in commands for name in _PLACEHOLDER.findall("\0".join(words))}
    return next((one.name for one in lists if one.name not in named), None)


def spread_hooks(hooks: Hooks, lists: Sequence[ParameterList]) -> Hooks:
    """Return hooks whose set-up and clean-up are run once for each combination of the parameters that they name."""
    return replace(hooks, setup=tuple(_spread(hooks.setup, lists)), cleanup=tuple(_spread(hooks.cleanup, lists)))


def _spread(commands: Iterable[Words], lists: Sequence[ParameterList]) -> Iterator[Words]:
    for words in commands:
        own = [one for one in lists if find_unused([one], [words]) is None]
        yield from (put_in(words, labels) for labels in combine(own))


def hooks_of(hooks: Hooks, labels: Labels) -> Hooks:
    """Return hooks whose commands before and after a run are those of a combination."""
    prepare, conclude = (tuple(put_in(words, labels) for words in kind) for kind in (hooks.prepare, hooks.conclude))
    return replace(hooks, prepare=prepare, conclude=conclude)


def describe(labels: Labels) -> str:
    """Return a combination in words, such as ``kind=x, size=big``; empty without labels."""
    return list_some([f"{name}={value}" for name, value in labels], len(labels))


def join_labels(benchmark: str, own: Mapping[str, str], labels: Labels) -> dict[str, str]:
    """Return the labels that a program or a tool gave to a benchmark, with those of a combination.

    Raises:
        CannotDecideError: one of its own has the name of a parameter, and another value.
    """
    for name, value in labels:
        if own.get(name, value) != value:
            place = title(benchmark, tuple(sorted(own.items())))
            message = f'it has a label "{name}" of its own, and -L {name} gives it the value "{value}"'
            hint = f"rename the parameter: -L NAME, and {{NAME}} in place of {{{name}}}"
            raise cannot_decide("label-clash", message, place=place, hint=hint)
    return {**own, **dict(labels)}


def add_labels(run: Run, labels: Labels) -> Run:
    """Return a run that also has the labels of a combination, as `join_labels` adds them."""
    return replace(run, labels=tuple(sorted(join_labels(run.benchmark, dict(run.labels), labels).items())))


def name_values(failure: CannotDecideError, labels: Labels) -> CannotDecideError:
    """Return a failure that names the combination in which it happened."""
    if not labels:
        return failure
    faults = (d._replace(message=f"{d.message} (with {describe(labels)})") for d in failure.diagnostics)
    return CannotDecideError(faults, output=failure.output)
