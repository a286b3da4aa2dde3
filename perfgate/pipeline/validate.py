"""Use case ``perfgate validate``: is everything sound that a check would read? Reports all faults at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate import config
from perfgate.core.comparability import find_flaws
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for
from perfgate.core.rollout.drift import PREFIX, REFERENCE
from perfgate.core.text.strict_json import load_json
from perfgate.formats.parsing.files import MISSING, read_bounded
from perfgate.gate.budgets import check_budgets
from perfgate.gate.rules import check_rules
from perfgate.pipeline import inputs
from perfgate.pipeline.drift import references
from perfgate.pipeline.report_io import read_verdict
from perfgate.report.codec import SCHEMA as REPORT
from perfgate.report.words import count
from perfgate.store import baselines as store
from perfgate.store import waivers
from perfgate.store.codec import RESTORE_OR_AGAIN, file_name, version_of
from perfgate.store.refresh import REPLACE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile

_MISFITS = frozenset({"rule-unit", "rule-sign", "budget-unit", "budget-sign", "budget-impossible"})
"""Faults of rules that baselines alone prove; a rule that matches nothing may be meant for what is measured next."""
_HINTS = {
    "source-differs": f"measure again by one method, then start the baseline anew: {REPLACE}",
    "counted-elsewhere": f"measure again with one interpreter, then start the baseline anew: {REPLACE}",
    "kinds-differ": f"measure again in one form, then start the baseline anew: {REPLACE}",
    "sessions-disagree": f'start the baseline anew: {REPLACE}; or set workload = "rate"',
}
"""Slug of a baseline that no check can judge -> hint; the others have one that fits a check as well."""
_KNOWN = "name a configuration, a folder of baselines, or a file of either"


def validate(paths: Sequence[str]) -> tuple[str, ...]:
    """Return a line for each thing that was found sound.

    Args:
        paths: configurations, projects, folders of baselines or files in them; empty: the
            configuration that governs the working directory, and its baselines and waivers.

    Raises:
        CannotDecideError: something is not sound, or there is nothing to look at; every fault is reported.
    """
    looked = _Looked()
    if not paths:
        looked.at(_here)
    for path in paths:
        looked.at(_look, os.path.normpath(path))
    if not looked.sound and not looked.problems:
        message = "there is no configuration, no baseline and no waiver"
        looked.problems.append(error("validate-nothing", message, hint="set up: perfgate init"))
    if looked.problems:
        raise CannotDecideError(dict.fromkeys(looked.problems))
    return tuple(dict.fromkeys(looked.sound))


class _Looked:
    """What was looked at so far."""

    def __init__(self) -> None:
        self.sound: list[str] = []
        self.problems: list[Diagnostic] = []

    def at(self, look: Callable[..., None], *where: str) -> None:
        """Look at one thing; an error of its own is kept for the end."""
        try:
            look(self, *where)
        except CannotDecideError as caught:
            self.problems += caught.diagnostics


def _look(looked: _Looked, path: str) -> None:
    """Look at whatever a path names."""
    if os.path.isdir(path):
        folder, name = config.find(path)
        look = _project if name and os.path.samefile(folder, path) else _folder
    elif path.endswith(".toml"):
        look = _waivers if os.path.basename(path) == waivers.NAME else _configuration
    else:
        look = _file
    look(looked, path)


def _here(looked: _Looked) -> None:
    folder, name = config.find(os.getcwd())
    root = inputs.shown(folder)
    if name:
        _configuration(looked, os.path.join(root, name))
    else:
        _baselines(looked, os.path.join(root, config.BUILT_IN.baselines), config.BUILT_IN)


def _project(looked: _Looked, path: str) -> None:
    _configuration(looked, os.path.normpath(os.path.join(path, config.find(path)[1])))


def _configuration(looked: _Looked, path: str) -> None:
    """Look at a configuration and the baselines that it names; where it is not valid, at those in the usual folder."""
    policy = config.BUILT_IN
    try:
        policy = config.load(path)
        looked.sound.append(path)
    except CannotDecideError as caught:
        looked.problems += caught.diagnostics
    _baselines(looked, os.path.join(os.path.dirname(path), policy.baselines), policy)


def _baselines(looked: _Looked, folder: str, policy: Policy) -> None:
    """Look at a folder of baselines, the waivers beside them, and whether rules and budgets fit them."""
    side = inputs.from_folder(folder)
    looked.problems += side.problems
    for p in side.profiles:
        _twice(looked, p, folder)
        _judgeable(looked, p, folder, _policy_of(folder) if policy is config.BUILT_IN else policy)
    if side.profiles:
        faults = [*check_rules(policy, side.profiles), *check_budgets(side.profiles, policy, frozenset())[1]]
        looked.problems += [d for d in faults if d.slug in _MISFITS]
    contents = [count(len(side.profiles), "baseline")] if side.profiles else []
    contents += [count(len(side.waivers), "waiver")] if side.waivers else []
    contents += [count(len(side.removals), "removed benchmark")] if side.removals else []
    if contents:
        looked.sound.append(f"{folder} ({', '.join(contents)})")
    path = os.path.join(folder, REFERENCE)
    if policy.drift.reference:
        path = os.path.join(os.path.dirname(policy.source), policy.drift.reference)
    if policy.drift.samples or os.path.lexists(path):
        looked.at(_inputs, path)


def _inputs(looked: _Looked, path: str) -> None:
    """Look at the reference of the inputs."""
    references.load(path)
    looked.sound.append(path)


def _folder(looked: _Looked, path: str) -> None:
    """Look at a folder of baselines, or at one class of machine in it."""
    own = sorted(n for n in os.listdir(path) if n.endswith(".json") and not n.startswith("."))
    for name in own:
        looked.at(_file, os.path.join(path, name))
    if own:
        looked.problems += _unread(path)
    else:
        _baselines(looked, path, config.BUILT_IN)


def _waivers(looked: _Looked, path: str) -> None:
    found = waivers.parse(read_bounded(path, limit=waivers.LARGEST, slug="waivers-invalid"), path)
    looked.sound.append(f"{path} ({count(len(found.waivers), 'waiver')})")


def _file(looked: _Looked, path: str) -> None:
    """Look at a baseline where it lies, or at a file of profiles, of percentiles or of a report."""
    if not path.endswith(".json"):
        message = "is no file that perfgate validates" if os.path.lexists(path) else MISSING
        raise cannot_decide("validate-unknown", message, place=path, hint=_KNOWN)
    content = read_bounded(path, limit=store.LARGEST, slug="baseline-unreadable")
    version = version_of(content)
    if version.startswith("perfgate/baseline/"):
        above, name = os.path.split(os.path.abspath(path))
        folder = inputs.shown(os.path.dirname(above)) or os.curdir
        found = store.parse(folder, [(f"{os.path.basename(above)}/{name}", content)])
        looked.problems += found.problems
        for p in found.profiles:
            _twice(looked, p, folder)
            _judgeable(looked, p, folder, _policy_of(folder))
    elif version.startswith(PREFIX):
        references.load(path)
    elif version == REPORT:
        read_verdict(path)
    else:
        inputs.from_path(path)
    looked.sound.append(path)


def _twice(looked: _Looked, profile: Profile, folder: str) -> None:
    """Look for what stands twice in a baseline: keys, as a merge by hand leaves them, and runs."""
    path = os.path.join(folder, profile.machine_class, file_name(*profile.key))
    looked.at(_strictly, path)
    runs = [r for s in profile.sessions for r in s.runs]
    if len(set(runs)) < len(runs):
        message = f'runs of "{title(*profile.key)}" stand in two sessions, and would count twice'
        looked.problems.append(error("baseline-run-twice", message, place=path, hint=RESTORE_OR_AGAIN))


def _judgeable(looked: _Looked, profile: Profile, folder: str, policy: Policy) -> None:
    """Look for what makes every check of a baseline end without a verdict."""
    path = os.path.join(folder, profile.machine_class, file_name(*profile.key))
    for flaw in find_flaws(profile, policy):
        looked.problems.append(flaw.as_error(path, _HINTS.get(flaw.slug) or hint_for(flaw.slug).replace("`", "")))


def _policy_of(folder: str) -> Policy:
    """Return the configuration that governs a folder, the defaults where there is none that is valid."""
    try:
        above, name = config.find(folder)
        return config.load(os.path.join(above, name)) if name else config.BUILT_IN
    except CannotDecideError:
        return config.BUILT_IN


def _strictly(_: _Looked, path: str) -> None:
    """Read a baseline as strictly as JSON allows: a check would take the last of two equal keys."""
    content = read_bounded(path, limit=store.LARGEST, slug="baseline-unreadable")
    load_json(content, path, "baseline-invalid", RESTORE_OR_AGAIN)


def _unread(folder: str) -> list[Diagnostic]:
    """Return a fault for each JSON file below the folder of a machine class that lies where no check reads it."""
    found = []
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            is_read = place == folder and name.endswith(".json") and not name.startswith(".")
            if name.lower().endswith(".json") and not is_read:
                message = "is not read by any check: only <machine class>/<name>.json is"
                hint = "move it there"
                found.append(error("baseline-unread", message, place=os.path.join(place, name), hint=hint))
    return found
