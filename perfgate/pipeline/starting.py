"""Init: a commented configuration, the baselines' folder and a line for .gitignore. Nothing is overwritten."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources

from perfgate import config
from perfgate.core.errors import cannot_decide

PLACES = ("laptop", "github", "gitlab", "other")
"""Where the gate may run."""

_HERE = "perfgate.pipeline"
_IGNORED = "outputs/"

_NEXT = {
    "laptop": (
        "perfgate run -n 10 -- python your_program.py   # measure",
        "perfgate baseline refresh                      # then: git add baselines perfgate.toml",
        "perfgate check                                 # after a change, measured again",
    ),
    "ci": (
        "perfgate run -n 10 -- python your_program.py   # in the job, on the runner that will gate",
        "perfgate baseline refresh                      # in the job; download baselines/ and commit it",
        "perfgate check --baseline-ref HEAD^1            # in each pull request, after measuring",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What was set up."""

    made: tuple[str, ...]
    """Files and folders that were made or added to."""
    kept: tuple[str, ...]
    """What was there already."""
    commands: tuple[str, ...]
    """What to do next."""


def start(folder: str, *, place: str) -> Started:
    """Set up a project.

    Args:
        folder: the project's root.
        place: where the gate will run, one of `PLACES`.

    Raises:
        CannotDecideError: a file cannot be written, or the configuration that is there is not valid.
    """
    made: list[str] = []
    kept: list[str] = []
    try:
        where, name = config.find(folder)
        if name:
            kept.append(os.path.relpath(os.path.join(where, name)))
        else:
            path = os.path.join(folder, config.OWN_FILE)
            with open(path, "x", encoding="utf-8") as file:
                file.write(resources.files(_HERE).joinpath("starter.toml").read_text(encoding="utf-8"))
            made.append(os.path.relpath(path))
        _make_baselines(os.path.join(folder, "baselines"), made, kept)
        _ignore_outputs(os.path.join(folder, ".gitignore"), made, kept)
    except OSError as caught:
        hint = "run it in the root of a project that you may write to"
        raise cannot_decide(
            "init-unwritable", f"cannot be written ({caught.strerror})", place=folder, hint=hint
        ) from None
    return Started(made=tuple(made), kept=tuple(kept), commands=_NEXT["laptop" if place == "laptop" else "ci"])


def _make_baselines(path: str, made: list[str], kept: list[str]) -> None:
    if os.path.isdir(path):
        kept.append("baselines/")
        return
    os.mkdir(path)
    with open(os.path.join(path, ".gitkeep"), "x", encoding="utf-8"):
        made.append("baselines/")


def _ignore_outputs(path: str, made: list[str], kept: list[str]) -> None:
    """Add ``outputs/`` to .gitignore unless it is there: run summaries are no source."""
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    if any(line.strip().strip("/") == _IGNORED.strip("/") for line in text.splitlines()):
        kept.append(".gitignore")
        return
    with open(path, "a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(("" if not text or text.endswith("\n") else "\n") + _IGNORED + "\n")
    made.append(".gitignore")
