"""What a command is called: a benchmark name for people, a digest for machines."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from perfgate.measure.identity import hex_digest

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Interpreter(NamedTuple):
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


class _Prefix(NamedTuple):
    """A program whose arguments are another command."""

    words: tuple[str, ...]
    """What it is called, with the subcommand that it needs."""
    value: frozenset[str] = frozenset()
    """Options followed by a value."""
    module: frozenset[str] = frozenset()
    """Options followed by a Python module to run."""


def _set(options: str) -> frozenset[str]:
    return frozenset(options.split())


_INTERPRETERS = (
    _Interpreter(r"(python|pypy)[0-9.]*", _set("-c"), _set("-m"), _set("-W -X --check-hash-based-pycs")),
    _Interpreter(r"(ba|z|da|k)?sh", _set("-c"), value=_set("-o -O +o +O --rcfile --init-file")),
    _Interpreter(
        r"node(js)?",
        _set("-e -p --eval --print -pe"),
        value=_set("-r -C --require --import --loader --env-file --conditions"),
        clusters=False,
    ),
    _Interpreter(r"ruby[0-9.]*", _set("-e"), value=_set("-I -r -E -C")),
    _Interpreter(r"perl[0-9.]*", _set("-e -E"), value=_set("-I -M")),
    _Interpreter("Rscript", _set("-e"), clusters=False),
    _Interpreter(
        "java",
        module=_set("-jar"),
        value=_set("-cp -classpath --class-path -p --module-path --add-modules"),
        clusters=False,
    ),
)
_PREFIXES = (
    _Prefix(("env",), _set("-u --unset -C --chdir")),
    _Prefix(("nice",), _set("-n --adjustment")),
    _Prefix(("time",), _set("-f --format -o --output")),
    _Prefix(
        ("uv", "run"),
        _set("-p --python --with --with-editable --with-requirements --extra --no-extra --group --no-group")
        | _set("--only-group --package --project --directory --env-file --index --cache-dir --config-file"),
        _set("-m --module"),
    ),
    _Prefix(("poetry", "run"), _set("-C --directory -P --project")),
)
_SCRIPT_ENDING = re.compile(r"(?<=.)\.[A-Za-z]\w{0,4}$")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


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
        rest = _skip_prefix(words[len(prefix.words) :], prefix)
        if not rest:
            break
        if rest[0] in prefix.module and len(rest) > 1:
            return rest[1]
        words = rest
    interpreter = _find_interpreter(words[0])
    target = None if interpreter is None else _find_target(words[1:], interpreter)
    return target or _stem(words[0])


def _find_prefix(words: list[str]) -> _Prefix | None:
    start = [_stem(words[0]), *words[1:2]]
    return next((p for p in _PREFIXES if tuple(start[: len(p.words)]) == p.words), None)


def _skip_prefix(words: list[str], prefix: _Prefix) -> list[str]:
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            return words[position + 1 :]
        if word in prefix.value:
            position += 1
        elif word in prefix.module or not (word.startswith("-") or _ASSIGNMENT.match(word)):
            break
        position += 1
    return words[position:]


def _find_interpreter(program: str) -> _Interpreter | None:
    name = PurePath(program).name.removesuffix(".exe")
    return next((i for i in _INTERPRETERS if re.fullmatch(i.names, name)), None)


def _find_target(words: list[str], interpreter: _Interpreter) -> str | None:
    """Return the name of the script or module that an interpreter is to run, if its arguments name one."""
    position = 0
    while position < len(words):
        word = words[position]
        option, attached = _split_option(word, interpreter)
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


def _split_option(word: str, interpreter: _Interpreter) -> tuple[str, str]:
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
