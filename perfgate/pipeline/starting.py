"""Init: a commented configuration, the baselines' folder and a line for .gitignore. Nothing is overwritten."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from importlib import metadata, resources
from urllib.parse import urlsplit

from perfgate import __version__, config
from perfgate.core.errors import cannot_decide
from perfgate.pipeline.workflow_parts import Plan, suite_name
from perfgate.pipeline.workflows import github, gitlab

PLACES = ("laptop", "github", "gitlab", "other")
"""Where the gate may run."""

_HERE = "perfgate.pipeline"
_IGNORED = "outputs/"

_NEXT = {
    "hosted": (
        "edit the line with `# the command to measure`, and what your program needs",
        "commit the files; the next pull request is compared with its base, without a baseline",
    ),
    "own": (
        "edit the lines with `# the command to measure`, and what your program needs",
        "run perf-baseline on three days, commit the baselines/ that it hands out each time",
    ),
    "laptop": (
        "perfgate run -n 10 -- python your_program.py   # measure",
        "perfgate baseline refresh                      # then: git add baselines perfgate.toml",
        "perfgate check                                 # after a change, measured again",
    ),
    "ci": (
        "perfgate run -n 10 -- python your_program.py   # in the job, on the runner that will gate",
        "perfgate baseline refresh                      # in the job; download baselines/ and commit it",
        "perfgate check --baseline-ref auto              # in each pull request, after measuring",
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


def start(folder: str, *, place: str, plan: Plan | None = None) -> Started:
    """Set up a project.

    Args:
        folder: the project's root.
        place: where the gate will run, one of `PLACES`.
        plan: the workflows that GitHub or GitLab get; None: those of the defaults.

    Raises:
        CannotDecideError: a file cannot be written, a suite's folder cannot be one, or the configuration
            that is there is not valid.
    """
    plan = replace(plan or Plan(), install=install_line())
    _check_suites(folder, plan)
    workflows = {"github": github, "gitlab": gitlab}.get(place, lambda _: {})(plan)
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
        for name, content in workflows.items():
            _make(os.path.join(folder, name), content, made, kept)
    except OSError as caught:
        hint = "run it in the root of a project that you may write to"
        raise cannot_decide(
            "init-unwritable", f"cannot be written ({caught.strerror})", place=folder, hint=hint
        ) from None
    told = plan.runner if place == "github" or (place == "gitlab" and plan.runner == "hosted") else "ci"
    return Started(made=tuple(made), kept=tuple(kept), commands=_NEXT["laptop" if place == "laptop" else told])


def install_line() -> str:
    """Return the line that installs this very version again, as the installed package's own metadata tells it."""
    try:
        found = metadata.distribution("perfgate")
    except metadata.PackageNotFoundError:  # run from a clone
        return _pinned(__version__)
    try:
        told = json.loads(found.read_text("direct_url.json") or "{}")
        commit = told.get("vcs_info", {}).get("commit_id", "")
        address = urlsplit(str(told.get("url", "")))
    except (ValueError, AttributeError):
        return _pinned(found.version)
    plain = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
    if not re.fullmatch("[0-9a-f]{40}", str(commit)) or not re.fullmatch(r"https://[\w.:-]+/[\w./~-]+", plain):
        return _pinned(found.version)
    return f'python -m pip install "perfgate @ git+{plain}@{commit}"'


def _pinned(version: str) -> str:
    return f"python -m pip install perfgate=={version}"


def _check_suites(folder: str, plan: Plan) -> None:
    """Refuse folders that cannot be suites.

    Raises:
        CannotDecideError: one is not there, or could mean something else in a workflow.
    """
    for suite in plan.suites:
        is_plain = re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*", suite)
        if not is_plain or not os.path.isdir(os.path.join(folder, suite)):
            message = f'"{suite}" is not a folder of this project'
            raise cannot_decide("usage", message, place="--suite", hint="name it from here, such as services/api")
    names = [suite_name(s) for s in plan.suites]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        message = f'two suites would be called "{twice[0]}"'
        raise cannot_decide("usage", message, place="--suite", hint="rename one of the folders")


def _make(path: str, content: str, made: list[str], kept: list[str]) -> None:
    """Write a file unless there is one."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    shown = os.path.relpath(path)
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        kept.append(shown)
    else:
        made.append(shown)


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
