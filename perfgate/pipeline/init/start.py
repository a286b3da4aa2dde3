"""Init: a commented configuration, the baselines' folder and a line for .gitignore. Nothing is overwritten."""

from __future__ import annotations

import contextlib
import json
import os
import re
from importlib import metadata, resources
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from perfgate import config
from perfgate.core.errors import cannot_decide
from perfgate.core.policy import NO_BASELINES
from perfgate.core.text.origin import REPOSITORY, is_known
from perfgate.pipeline.init.files import append_lines, make_file, read_lines
from perfgate.pipeline.init.merging import set_up_merging
from perfgate.pipeline.init.parts import Plan, suite_name
from perfgate.pipeline.init.workflows import github, gitlab

PLACES = ("laptop", "github", "gitlab", "other")
"""Where the gate may run."""

_HERE = "perfgate.pipeline.init"
_IGNORED = "outputs/"
_BASELINES = "baselines"

_EDIT = "edit the lines with `# the command to measure`, and what your program needs"
_MEASURE = "perfgate run -n 10 -- python your_program.py"
_INCLUDE = "add to .gitlab-ci.yml: `include: [{local: perfgate.gitlab-ci.yml}]`; without it the job never runs"
_NO_BASELINE = "commit the files; the next {0} request is compared with its base, without a baseline"
_NEXT = {
    ("github", "hosted"): (_EDIT, _NO_BASELINE.format("pull")),
    ("github", "own"): (_EDIT, "run perf-baseline on three days, commit the baselines/ that it hands out each time"),
    ("gitlab", "hosted"): (_INCLUDE, _EDIT, _NO_BASELINE.format("merge")),
    ("gitlab", "own"): (
        _INCLUDE,
        _EDIT,
        "on three days, in a job on the runner that will gate, then download baselines/ and commit it:",
        f"  {_MEASURE}",
        '  perfgate baseline refresh --reason "another day"',
        "then each merge request is checked against the baselines of its base",
    ),
    ("laptop", ""): (
        f"{_MEASURE}   # measure",
        "perfgate baseline refresh                      # then: git add baselines perfgate.toml",
        "perfgate check                                 # after a change, measured again",
    ),
    ("other", ""): (
        f"{_MEASURE}   # in the job, on the runner that will gate",
        "perfgate baseline refresh                      # in the job; download baselines/ and commit it",
        "perfgate check --baseline-ref origin/main      # for each change, measured again; name your target branch",
    ),
}
_SUITE = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*", re.ASCII)
_BRANCH = re.compile(r"[A-Za-z0-9][\w-]*([./][A-Za-z0-9_][\w-]*)*", re.ASCII)
_FILE = re.compile(r"\.?[A-Za-z0-9][\w.-]*(/\.?[A-Za-z0-9][\w.-]*)*", re.ASCII)
_LIST = ".github/perfgate.txt"
_LONGEST_LIST = 2**20
_LONGEST_LABEL = 50
_SUITE_HINT = (
    "name a folder from here, such as services/api; each part begins with a-z, A-Z or 0-9, and may hold . _ - as well"
)
_ADDRESS = f"put the address of your repository of perfgate in the place of {REPOSITORY} in the workflows"
_OTHER = "{0}: not what these options write; move it away and run this again, or take over what it lacks"
_WEEKLY = "perf-history then runs each Monday, or when you start it: the history, and creep since the newest tag"
_SHADOWED = "{0} at the root does not hold in a suite that has its own: copy there what it needs"


class Started(Struct, frozen=True, kw_only=True):
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
        CannotDecideError: a file cannot be written, a suite's folder cannot be one, there can be no shards,
            or the configuration that is there is not valid.
    """
    plan = plan or Plan()
    suites = tuple(s.removeprefix("./").rstrip("/") or s for s in plan.suites)  # as the shell completes them
    plan = replace(plan, suites=suites, install=install_line())
    _check_shards(place, plan)
    _check_suites(folder, plan)
    workflows = {"github": github, "gitlab": gitlab}.get(place, lambda _: {})(plan)
    for suite in plan.suites or ("",):
        if there := _find_configuration(os.path.join(folder, suite), inherits=not plan.suites):
            config.load(there)  # what is wrong with it is said before anything is written
    made: list[str] = []
    kept: list[str] = []
    others = [n for n, content in workflows.items() if _holds_other(os.path.join(folder, n), content)]
    try:
        above = config.find(folder)[1] if plan.suites else ""
        for suite in plan.suites or ("",):
            _configure(os.path.join(folder, suite), made, kept, inherits=not plan.suites)
            _make_baselines(os.path.join(folder, suite, _BASELINES), made, kept)
        _ignore_outputs(os.path.join(folder, ".gitignore"), made, kept, below=bool(plan.suites))
        set_up_merging(folder, [_baselines_of(folder, suite) for suite in plan.suites or ("",)], made, kept)
        for name, content in workflows.items():
            _make(os.path.join(folder, name), content, made, kept)
    except OSError as caught:
        hint = "run it in the root of a project that you may write to"
        message = f"cannot be written ({caught.strerror})"
        if made:
            message += f"; written before, and kept: {', '.join(made)}"
        raise cannot_decide("init-unwritable", message, place=folder, hint=hint) from None
    commands = (*map(_OTHER.format, others), *_next_steps(place, plan, has_workflows=bool(workflows)))
    if above:
        commands = (_SHADOWED.format(above), *commands)
    return Started(made=tuple(made), kept=tuple(kept), commands=commands)


def _next_steps(place: str, plan: Plan, *, has_workflows: bool) -> tuple[str, ...]:
    """Return what to do next."""
    commands = _NEXT[place, plan.runner if place in {"github", "gitlab"} else ""]
    if plan.refresh and place == "github":
        let = "create pull requests" if plan.proposes else "push there"
        what = "proposes" if plan.proposes else "adds"
        first = (
            f"each push to {plan.refresh} then {what} a session by itself: let github-actions {let} (docs/github.md)"
        )
        commands = (_EDIT, first)
    if plan.keeps_watch and place == "github":
        commands = (*commands, _WEEKLY)
    if has_workflows and REPOSITORY in plan.install and not is_known():
        commands = (_ADDRESS, *commands)
    return commands


def _holds_other(path: str, content: str) -> bool:
    """Does a file stand there that holds something else?"""
    with contextlib.suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as file:
        return file.read() != content
    return os.path.lexists(path)


def install_line() -> str:
    """Return the line that installs this very version again.

    It names the commit where the installed package was built from a repository, else the tag of the version in the
    repository of the project.
    """
    try:
        found = metadata.distribution("perfgate")
    except metadata.PackageNotFoundError:  # run from a clone
        return Plan().install
    try:
        origin = json.loads(found.read_text("direct_url.json") or "{}")
        commit = origin.get("vcs_info", {}).get("commit_id", "")
        address = urlsplit(str(origin.get("url", "")))
    except (ValueError, AttributeError):
        return Plan().install
    plain = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
    if not re.fullmatch("[0-9a-f]{40}", str(commit)) or not re.fullmatch(r"https://[\w.:-]+/[\w./~-]+", plain):
        return Plan().install
    return f'python -m pip install "perfgate @ git+{plain}@{commit}"'


def with_refresh(plan: Plan, place: str, branch: str | None, form: str | None = None) -> Plan:
    """Return the plan that keeps baselines fresh on a branch; None: without.

    Args:
        plan: the rest.
        place: where the gate will run.
        branch: each push to it adds a session.
        form: ``commit`` or ``pull-request``; None: it was not said, a commit.

    Raises:
        CannotDecideError: no workflow could do it, or the name could mean something else in one.
    """
    if branch is None and form is not None:
        message = "says how a session is recorded, and no workflow records any"
        raise cannot_decide("usage", message, place="--refresh-as", hint="add --refresh BRANCH, such as main")
    if branch is None:
        return plan
    hint = "leave it out, or add --ci github --runner own"
    if place != "github":
        message = "the workflow that keeps baselines fresh is written for GitHub only"
    elif plan.runner == "hosted":
        message = "hosted machines differ, so that old and new are measured in one job, without baselines"
    elif not _BRANCH.fullmatch(branch):
        message = "such a branch cannot be named in a workflow, where some characters are a pattern or need quoting"
        hint = "name a branch such as main or release/1.x; its parts hold a-z, A-Z, 0-9, _ and -"
    else:
        return replace(plan, refresh=branch, proposes=form == "pull-request")
    raise cannot_decide("usage", message, place="--refresh", hint=hint)


def with_requirements(plan: Plan, place: str, path: str | None, folder: str = ".") -> Plan:
    """Return the plan whose job that comments installs from a list with hashes; None: without.

    Args:
        plan: the rest.
        place: where the gate will run.
        path: of the list, from the project's root.
        folder: the project's root.

    Raises:
        CannotDecideError: no such job is written, or the file is no such list.
    """
    if path is None:
        return plan
    hint = f"write it first (docs/security.md): pip-compile --generate-hashes --output-file {_LIST} FILE.in"
    if place != "github" or not plan.forks:
        message, hint = "only the workflow that comments for forks installs from it", "leave it out, or add --ci github"
    elif not _FILE.fullmatch(path):
        message = "it would need quoting in a workflow, or leads out of the project"
        hint = f"name a file from here, such as {_LIST}"
    elif not _pins_by_hash(os.path.join(folder, path)):
        message = f'"{path}" is no list that pins perfgate by version and hashes'
    else:
        return replace(plan, requirements=path)
    raise cannot_decide("usage", message, place="--requirements", hint=hint)


def with_label(plan: Plan, place: str, label: str | None) -> Plan:
    """Return the plan that measures only pull requests which carry a label; None: each one is measured.

    Args:
        plan: the rest.
        place: where the gate will run.
        label: its name, as GitHub shows it.

    Raises:
        CannotDecideError: no workflow could do it, or GitHub has no label of this name.
    """
    if label is None:
        return plan
    if place != "github":
        message, hint = "labels start a workflow on GitHub only", "leave it out, or add --ci github"
    elif not label or label != label.strip() or len(label) > _LONGEST_LABEL or not label.isprintable():
        message = f"a label of GitHub has 1 to {_LONGEST_LABEL} printable characters, and no blank at its ends"
        hint = "name a label as the page of the labels shows it, such as bench"
    elif "{{" in label or "}}" in label:
        message, hint = "double braces would end the condition of a workflow", "name a label without them"
    else:
        return replace(plan, label=label)
    raise cannot_decide("usage", message, place="--on-label", hint=hint)


def with_history(plan: Plan, place: str, *, is_asked: bool) -> Plan:
    """Return the plan with the weekly workflow, if it is asked for.

    Raises:
        CannotDecideError: it is written for GitHub only.
    """
    if is_asked and place != "github":
        message, hint = "the weekly workflow is written for GitHub only", "leave it out, or add --ci github"
        raise cannot_decide("usage", message, place="--history", hint=hint)
    return replace(plan, keeps_watch=is_asked)


def _pins_by_hash(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_LONGEST_LIST)
    except OSError:
        return False
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.partition("#")[0].strip()]
    pinned = [line for line in lines if re.match(r"\S+(==| @ https://)", line) and "--hash=sha256:" in line]
    return len(pinned) == len(lines) and any(re.match("perfgate(==| @ )", line) for line in pinned)


def _check_shards(place: str, plan: Plan) -> None:
    """Refuse shards where no workflow would have them.

    Raises:
        CannotDecideError: it is said why, and what to do.
    """
    if not plan.is_sharded():
        return
    if place != "github":
        message, hint = "jobs that measure a part each are written for GitHub only", "leave it out, or add --ci github"
    elif plan.runner == "hosted":
        message = "hosted machines differ, so that old and new are measured in one job, which has no shards"
        hint = "leave it out, or add --runner own"
    elif plan.suites:
        message, hint = "each suite is measured in a job of its own already", "leave out --shards or --suite"
    else:
        return
    raise cannot_decide("usage", message, place="--shards", hint=hint)


def _check_suites(folder: str, plan: Plan) -> None:
    """Refuse folders that cannot be suites.

    Raises:
        CannotDecideError: one is not there, or could mean something else in a workflow.
    """
    for suite in plan.suites:
        if not _SUITE.fullmatch(suite):
            message = f'"{suite}" cannot be a suite: it would need quoting in a workflow, or leads out of the project'
            raise cannot_decide("usage", message, place="--suite", hint=_SUITE_HINT)
        if not os.path.isdir(os.path.join(folder, suite)):
            message = f'"{suite}" is not a folder of this project'
            raise cannot_decide("usage", message, place="--suite", hint="name it from here, such as services/api")
    names = [suite_name(s) for s in plan.suites]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        message = f'two suites would be called "{twice[0]}"'
        raise cannot_decide("usage", message, place="--suite", hint="rename one of the folders")


def _configure(folder: str, made: list[str], kept: list[str], *, inherits: bool) -> None:
    """Write a configuration to start from, unless one is there; with `inherits` one above the folder will do."""
    if there := _find_configuration(folder, inherits=inherits):
        kept.append(os.path.relpath(there))
        return
    starter = resources.files(_HERE).joinpath("starter.toml").read_text(encoding="utf-8")
    _make(os.path.join(folder, config.OWN_FILE), starter, made, kept)


def _find_configuration(folder: str, *, inherits: bool) -> str:
    """Return the configuration that a folder has; empty: none."""
    where, name = config.find(folder)
    return os.path.join(where, name) if name and (inherits or os.path.samefile(where, folder)) else ""


def _make(path: str, content: str, made: list[str], kept: list[str]) -> None:
    """Write a file unless there is one."""
    (made if make_file(path, content) else kept).append(os.path.relpath(path))


def _make_baselines(path: str, made: list[str], kept: list[str]) -> None:
    shown = f"{os.path.relpath(path)}/"
    if os.path.isdir(path):
        kept.append(shown)
        return
    make_file(os.path.join(path, ".gitkeep"), "")
    made.append(shown)


def _baselines_of(folder: str, suite: str) -> str:
    """Return the folder of a suite's baselines, from the project's root, as its configuration names it."""
    where, name = config.find(os.path.join(folder, suite))
    named = config.load(os.path.join(where, name)).baselines if name else _BASELINES
    place = os.path.join(where if name else os.path.join(folder, suite), named)
    return os.path.relpath(place, folder) if named != NO_BASELINES else ""


def _ignore_outputs(path: str, made: list[str], kept: list[str], *, below: bool) -> None:
    """Add ``outputs/`` to .gitignore unless it is there: run summaries are no source.

    Args:
        path: of the file.
        made: gains it when it was added to.
        kept: gains it otherwise.
        below: are there outputs in folders below? Then ``/outputs/`` does not do.
    """
    known = {"outputs"} if below else {"outputs", "/outputs"}
    if any(line.strip().rstrip("/") in known for line in read_lines(path)):
        kept.append(".gitignore")
        return
    append_lines(path, [_IGNORED])
    made.append(".gitignore")
