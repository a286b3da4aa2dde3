"""What a command is called: a benchmark name for people, a digest for machines."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.identity import hex_digest

if TYPE_CHECKING:
    from collections.abc import Sequence


class Interpreter(NamedTuple):
    """How a program that runs other programs reads its command line."""

    names: str
    """A regular expression for what it is called."""
    code: frozenset[str] = frozenset()
    """Options followed by program text."""
    module: frozenset[str] = frozenset()
    """Options followed by the name of what is run."""
    value: frozenset[str] = frozenset()
    """Options followed by something else."""
    clusters: bool = True
    """Short options may stand together (``-Im``), their value right behind them (``-Wignore``)."""


class Prefix(NamedTuple):
    """A program whose arguments are another command."""

    words: tuple[str, ...]
    """What it is called, with the subcommand that it needs."""
    value: frozenset[str] = frozenset()
    """Options followed by a value."""
    module: frozenset[str] = frozenset()
    """Options followed by a Python module to run."""
    operands: int = 0
    """Words of its own before the command."""


def option_set(options: str) -> frozenset[str]:
    """Return the options of a list with blanks between them."""
    return frozenset(options.split())


_INTERPRETERS = (
    Interpreter(
        r"(python|pypy)[0-9.]*", option_set("-c"), option_set("-m"), option_set("-W -X --check-hash-based-pycs")
    ),
    Interpreter(r"(ba|z|da|k)?sh", option_set("-c"), value=option_set("-o -O +o +O --rcfile --init-file")),
    Interpreter(
        r"node(js)?",
        option_set("-e -p --eval --print -pe"),
        value=option_set("-r -C --require --import --loader --env-file --conditions"),
        clusters=False,
    ),
    Interpreter(r"ruby[0-9.]*", option_set("-e"), value=option_set("-I -r -E -C")),
    Interpreter(r"perl[0-9.]*", option_set("-e -E"), value=option_set("-I -M")),
    Interpreter("Rscript", option_set("-e"), clusters=False),
    Interpreter(
        "java",
        module=option_set("-jar"),
        value=option_set("-cp -classpath --class-path -p --module-path --add-modules"),
        clusters=False,
    ),
)
PREFIXES = (
    Prefix(("env",), option_set("-u --unset -C --chdir")),
    Prefix(("nice",), option_set("-n --adjustment")),
    Prefix(("time",), option_set("-f --format -o --output")),
    Prefix(
        ("uv", "run"),
        option_set("-p --python --with --with-editable --with-requirements --extra --no-extra --group --no-group")
        | option_set("--only-group --package --project --directory --env-file --index --cache-dir --config-file"),
        option_set("-m --module"),
    ),
    Prefix(("poetry", "run"), option_set("-C --directory -P --project")),
)
_SCRIPT_ENDING = re.compile(r"(?<=.)\.[A-Za-z]\w{0,4}$")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
"""A word that sets a variable for the command behind it."""


def command_digest(argv: Sequence[str]) -> str:
    """Return 12 hex digits that are the same for the same command and arguments only."""
    return hex_digest("\0".join(argv).encode("utf-8", "surrogateescape"))[:12]


def default_benchmark_name(argv: Sequence[str]) -> str:
    """Return what to call a command that nobody named: its script, module or program.

    ``python job.py`` is ``job``, ``python -m pkg.mod`` is ``pkg.mod``, ``./bench.sh --x`` is
    ``bench``; ``env``, ``nice``, ``time``, ``uv run`` and ``poetry run`` are looked through.

    Args:
        argv: the command and its arguments, at least one.
    """
    words = list(argv)
    while prefix := _find_prefix(words):
        rest = skip_prefix(words[len(prefix.words) :], prefix)
        if not rest:
            break
        if rest[0] in prefix.module and len(rest) > 1:
            return rest[1]
        words = rest
    interpreter = find_interpreter(words[0])
    target = None if interpreter is None else _find_target(words[1:], interpreter)
    return target or _stem(words[0])


def _find_prefix(words: list[str]) -> Prefix | None:
    start = [_stem(words[0]), *words[1:2]]
    return next((p for p in PREFIXES if tuple(start[: len(p.words)]) == p.words), None)


def skip_prefix(words: list[str], prefix: Prefix) -> list[str]:
    """Return the command that a launcher starts, or the option that names a module, and what follows.

    Args:
        words: the launcher's arguments.
        prefix: the launcher.
    """
    position = own = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            return words[position + 1 :]
        if word in prefix.value:
            position += 1
        elif word in prefix.module:
            break
        elif not (word.startswith("-") or ASSIGNMENT.match(word)):
            if own == prefix.operands:
                break
            own += 1
        position += 1
    return words[position:]


def find_interpreter(program: str) -> Interpreter | None:
    """Return how an interpreter reads its command line; None: the program is none that is known."""
    name = PurePath(program).name.removesuffix(".exe")
    return next((i for i in _INTERPRETERS if re.fullmatch(i.names, name)), None)


def _find_target(words: list[str], interpreter: Interpreter) -> str | None:
    """Return the name of the script or module that an interpreter is to run, if its arguments name one."""
    position = 0
    while position < len(words):
        word = words[position]
        option, attached = split_option(word, interpreter)
        following = attached or "".join(words[position + 1 : position + 2])
        if word == "-" or option in interpreter.code:
            return None  # program text has no name
        if option in interpreter.module:
            return _stem(following) if option == "-jar" else following
        if option in interpreter.value:
            position += 0 if attached else 1
        elif word == "--":
            return _stem(following)
        elif not word.startswith(("-", "+")):
            return word if "java" in interpreter.names else _stem(word)
        position += 1
    return None


def split_option(word: str, interpreter: Interpreter) -> tuple[str, str]:
    """Return the option of a word that takes a value, and the value if it is in the same word.

    ``-Im`` is ``-m`` with the value still to come, ``-Wignore`` is ``-W`` with ``ignore``.
    """
    if word.startswith("--") or not word.startswith("-") or not interpreter.clusters:
        return word, ""
    for place, letter in enumerate(word[1:], start=2):
        if f"-{letter}" in interpreter.code | interpreter.module | interpreter.value:
            return f"-{letter}", word[place:]
    return word, ""


def _stem(program: str) -> str:
    name = PurePath(program).name or program
    return _SCRIPT_ENDING.sub("", name)
