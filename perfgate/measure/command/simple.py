"""The programs that a command line runs in the end, seen through launchers, shells and interpreters."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from perfgate.measure.command.name import (
    ASSIGNMENT,
    PREFIXES,
    Interpreter,
    Prefix,
    find_interpreter,
    option_set,
    skip_prefix,
    split_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DEEPEST = 8  # shells within shells
_LONGEST = 1 << 16  # characters of one shell text: a command line of a person is shorter

# Known here only: a command must keep the default name that it had, and `name` knows fewer launchers.
_LAUNCHERS = (
    *PREFIXES,
    Prefix(("timeout",), option_set("-k --kill-after -s --signal"), operands=1),
    Prefix(("taskset",), option_set("-c --cpu-list"), operands=0),
    Prefix(("chrt",), operands=1),
    Prefix(("ionice",), option_set("-c --class -n --classdata")),
    Prefix(("stdbuf",), option_set("-i -o -e")),
    Prefix(("numactl",), option_set("-N -m -C --cpunodebind --membind --physcpubind")),
    Prefix(("sudo",), option_set("-u --user -g --group")),
    Prefix(("xvfb-run",), option_set("-n -s -e --server-num --server-args")),
    Prefix(("perf", "stat"), option_set("-e -r -o --event --repeat --output")),
    Prefix(("coverage", "run"), option_set("--source --rcfile --data-file --include --omit"), option_set("-m")),
    Prefix(("conda", "run"), option_set("-n --name -p --prefix --cwd")),
    Prefix(("mamba", "run"), option_set("-n --name -p --prefix --cwd")),
    Prefix(("uv", "tool", "run"), option_set("--from --with -p --python")),
    Prefix(("uvx",), option_set("--from --with -p --python")),
    *(
        Prefix(tuple(words.split(" ")))
        for words in (
            "nohup", "setsid", "setarch", "exec", "command", "then", "do", "else", "!", "{", "valgrind",
            "hatch run", "pdm run", "pipenv run", "rye run", "pixi run", "pipx run", "npx", "bunx",
            "npm exec", "pnpm exec", "pnpm dlx", "pnpm", "yarn run", "yarn",
        )
    ),
)  # fmt: skip
_SHELL = re.compile(r"(ba|z|da|k)?sh")
_ENDS = re.compile(r"[;&|()\n]+")
_REDIRECTION = re.compile(r"[<>&|]*[<>][<>&|]*")


def simple_commands(argv: Sequence[str], depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the programs that a command runs, each with its arguments, as far as the command line shows them.

    ``env A=b python -m pytest -q`` yields ``pytest -q``; ``sh -c "make && go test"`` yields ``make`` and
    ``go test``. Programs are called by their file names, Python modules by the module's name.

    Args:
        argv: the command, at least one word.
        depth: number of shells around it.
    """
    words = _skip_launchers(list(argv))
    if not words:
        return
    program = PurePath(words[0]).name.removesuffix(".exe") or words[0]
    interpreter = find_interpreter(words[0])
    if interpreter is None:
        yield (program, *words[1:])
        return
    kind, rest = _find_target(words[1:], interpreter)
    if kind == "code":
        if rest and _SHELL.fullmatch(program) and depth < _DEEPEST:
            for command in _split(rest[0][:_LONGEST]):
                yield from simple_commands(command, depth + 1)
    elif rest:
        yield (PurePath(rest[0]).name, *rest[1:])


def started_files(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the paths of the files that a command starts: its program, and the script or module of an interpreter.

    A program without a slash is searched elsewhere and is no path; ``-m a.b`` names ``a/b.py`` and
    ``a/b/__main__.py``. The files behind them are arguments, and text for a shell names none.

    Args:
        argv: the command, at least one word.
    """
    words = _skip_launchers(list(argv))
    programs = [word for word in dict.fromkeys([argv[0], *words[:1]]) if "/" in word or word.endswith(".py")]
    interpreter = find_interpreter(words[0]) if words else None
    if interpreter is None:
        return tuple(programs)
    kind, rest = _find_target(words[1:], interpreter)
    if kind != "file" or not rest:
        return tuple(programs)
    if _runs_module(words[: len(words) - len(rest) + 1], interpreter):
        module = rest[0].replace(".", "/")
        return (*programs, f"{module}.py", f"{module}/__main__.py")
    return (*programs, rest[0])


def _runs_module(words: list[str], interpreter: Interpreter) -> bool:
    """Do the words up to an interpreter's target name a Python module? A file of Java's is a path."""
    options = (split_option(word, interpreter)[0] for word in words[1:])
    return "-m" in interpreter.module and "-m" in options


def _find_target(words: list[str], interpreter: Interpreter) -> tuple[str, list[str]]:
    """Return what an interpreter runs, ``code`` or ``file`` (a script or module), and it with its arguments."""
    position = 0
    while position < len(words):
        word = words[position]
        option, attached = split_option(word, interpreter)
        following = [attached, *words[position + 1 :]] if attached else words[position + 1 :]
        if option in interpreter.code:
            return "code", following
        if option in interpreter.module:
            return "file", following
        if option in interpreter.value:
            position += 0 if attached else 1
        elif not word.startswith(("-", "+")):
            return "file", words[position:]
        position += 1
    return "file", []


def _skip_launchers(words: list[str]) -> list[str]:
    """Return a command without the launchers in front of it; a Python module they are to run stands first."""
    while words:
        if ASSIGNMENT.match(words[0]):
            words = words[1:]
            continue
        start = [PurePath(words[0]).name, *words[1:3]]
        launcher = next((p for p in _LAUNCHERS if tuple(start[: len(p.words)]) == p.words), None)
        if launcher is None:
            break
        words = skip_prefix(words[len(launcher.words) :], launcher)
        if words and words[0] in launcher.module:
            return words[1:]
    return words


def _split(text: str) -> Iterator[list[str]]:
    """Yield the simple commands of a text for a shell, without redirections."""
    lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # an open quote: the shell will refuse it; nothing is hidden by a rough reading
        tokens = text.split()
    command: list[str] = []
    is_target = False
    for token in (*tokens, ";"):
        if is_target:
            is_target = False
        elif _REDIRECTION.fullmatch(token):
            is_target = True
        elif not _ENDS.fullmatch(token):
            command.append(token)
        elif command:
            yield command
            command = []
