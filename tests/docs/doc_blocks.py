"""Reads the fenced blocks of the documentation, and runs its console blocks as a reader would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from programs import write_programs

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if p.relative_to(DOCS).parts[0] != "examples")

RUN_PAGES = [*PAGES, ROOT / "README.md"]

_FENCE = re.compile(r"(?:^<!-- block: (\S+) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<'?(\w+)'?")
_EXIT = re.compile(r"^\[exit (\d)\]$")
_TIMEOUT = 120.0


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    kind: str
    info: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass
class Step:
    """One command of a console block, and the output that the page shows below it."""

    command: str
    exit_code: int = 0
    shown: list[str] = field(default_factory=list)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in order.

    What a test has to know of a block stands in a comment above it, ``<!-- block: INFO -->``: behind the language of
    the fence it would break the page on the site. ``file:NAME`` says that the reader saves the block under that name,
    ``needs:PROGRAM`` that the block is run only where there is such a program.
    """
    text = page.read_text(encoding="utf-8")
    return [Block(page, text.count("\n", 0, m.start(2)) + 1, m[2], m[1] or "", m[3]) for m in _FENCE.finditer(text)]


def given(page: Path) -> dict[str, Path]:
    """Return the files that a page takes for there: name -> the real file, from ``<!-- given: NAME = FILE -->``."""
    told = re.findall(r"^<!-- given: (\S+) = (\S+) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: ROOT / "tests" / "formats" / "data" / file for name, file in told}


def steps(block: Block) -> list[Step]:
    """Return the commands of a console block.

    A command starts with ``$ ``. It goes on while lines end in a backslash, and to the
    end mark of a heredoc, whose lines may begin with ``> ``. All other lines are output
    that the page promises. Each command must exit with 0, or with what ``[exit N]``
    below its output says.
    """
    found: list[Step] = []
    lines = iter(block.text.splitlines())
    for line in lines:
        if not line.startswith("$ "):
            assert found, f"{block.place}: the block does not begin with a command"
            stated = _EXIT.match(line)
            if stated:
                found[-1].exit_code = int(stated[1])
            else:
                found[-1].shown.append(line)
            continue
        command = [line[2:]]
        while command[-1].endswith("\\"):
            command.append(next(lines))
        mark = _HEREDOC.search(line)
        while mark and command[-1] != mark[1]:
            command.append(re.sub("^> ?", "", next(lines)))
        found.append(Step("\n".join(command)))
    return found


def fits(shown: list[str], printed: str) -> bool:
    """Is the printed text what the page shows?

    ``...`` stands for any text within a line, alone on a line for any lines; runs of
    spaces count as one, since columns are as wide as their numbers.
    """
    parts = []
    for line in shown:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            words = re.escape(" ".join(line.split())).replace(r"\.\.\.", ".*?")
            parts.append(f"{words} *\n")
    flat = "".join(" ".join(line.split()) + "\n" for line in printed.splitlines())
    return re.fullmatch("".join(parts), flat) is not None


def bare_environment(home: Path) -> dict[str, str]:
    """Return an environment without CI, with this checkout's perfgate and this interpreter on PATH."""
    tools = write_programs(home / "bin")
    git = Path(shutil.which("git") or "/usr/bin/git").parent
    return {
        "PATH": os.pathsep.join([str(tools), str(git), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Reader",
        "GIT_AUTHOR_EMAIL": "reader@example.org",
        "GIT_COMMITTER_NAME": "Reader",
        "GIT_COMMITTER_EMAIL": "reader@example.org",
    }


def run(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Return the exit code and the output of a command, both streams as a terminal shows them."""
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, encoding="utf-8", check=False, timeout=_TIMEOUT,
    )  # fmt: skip
    return done.returncode, done.stdout
