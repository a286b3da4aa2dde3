"""Merge: a baseline that two branches changed, as git's merge driver or after a conflict."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from perfgate import config as configuration
from perfgate.core.atomic import write_whole
from perfgate.core.comparability import find_flaws
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error
from perfgate.formats.parsing.files import read_bounded
from perfgate.pipeline import inputs
from perfgate.store.baselines import LARGEST
from perfgate.store.codec import decode_baseline, encode_baseline
from perfgate.store.git import git
from perfgate.store.merge import merge

if TYPE_CHECKING:
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile

_SLUG = "merge-conflict"
_HINT = "keep one side, git add it, then add what it lacks: perfgate baseline refresh"
_IN_REPOSITORY = "run it in the git repository of the baselines"
_MOST_CONFLICTS = 127  # git merge-file counts them in its exit code, up to this


def merge_files(base: str, ours: str, theirs: str, *, name: str) -> None:
    """Merge three files as git's merge driver gives them, and write the outcome to `ours`.

    Where only a person can decide, `ours` gets the marks of git's ordinary merge.

    Args:
        base: the version that both share; an empty file where both added the baseline.
        ours: one side.
        theirs: the other side.
        name: path of the baseline, for messages.

    Raises:
        CannotDecideError: a file is not valid, or the sides cannot be merged.
    """
    try:
        versions = [read_bounded(path, limit=LARGEST, slug="baseline-unreadable") for path in (base, ours, theirs)]
        merged = _merged(versions[0] or None, versions[1], versions[2], name)
    except CannotDecideError:
        marks = ["merge-file", "-L", "ours", "-L", "base", "-L", "theirs", "--", ours, base, theirs]
        with contextlib.suppress(CannotDecideError):  # what cannot be merged at all stays as it is
            git(".", marks, hint=_IN_REPOSITORY, accepted=range(_MOST_CONFLICTS + 1))
        raise
    _write(ours, merged)


def merge_conflicts(config: str | None) -> tuple[list[str], list[Diagnostic]]:
    """Merge the baselines that a merge of git left in conflict, and return which were written, and what is left.

    Args:
        config: configuration file; None: look for one.

    Raises:
        CannotDecideError: git cannot be asked, or a file cannot be written.
    """
    settings = inputs.read_settings(config)
    folder = os.path.join(settings.root, settings.policy.baselines)
    above = folder if os.path.isdir(folder) else settings.root or "."
    listed = git(above, ["ls-files", "-u", "-z"], hint=_IN_REPOSITORY)
    stages: dict[str, dict[str, str]] = {}
    for line in filter(None, os.fsdecode(listed).split("\0")):
        facts, _, path = line.partition("\t")
        _, oid, stage = facts.split(" ")
        if path.endswith(".json"):
            stages.setdefault(os.path.normpath(os.path.join(above, path)), {})[stage] = oid
    written, problems = [], list[Diagnostic]()
    for path, versions in sorted(stages.items()):
        try:
            _write(path, _merged_stages(above, versions, path))
            written.append(path)
        except CannotDecideError as caught:
            problems += caught.diagnostics
    return written, problems


def _merged_stages(folder: str, stages: dict[str, str], path: str) -> bytes:
    """Return the outcome for one file from the versions in git's index: 1 base, 2 ours, 3 theirs."""
    if "2" not in stages or "3" not in stages:
        raise cannot_decide(
            _SLUG, "one side removed the file, the other one changed it", place=path, hint="git rm it, or git add it"
        )
    versions = {stage: _blob(folder, oid, path) for stage, oid in stages.items()}
    return _merged(versions.get("1"), versions["2"], versions["3"], path)


def _blob(folder: str, oid: str, path: str) -> bytes:
    size = git(folder, ["cat-file", "-s", oid], hint=_IN_REPOSITORY)
    if int(size) > LARGEST:
        raise cannot_decide("baseline-unreadable", f"is larger than {LARGEST:,} bytes", place=path, hint=_HINT)
    return git(folder, ["cat-file", "blob", oid], hint=_IN_REPOSITORY)


def _merged(base: bytes | None, ours: bytes, theirs: bytes, path: str) -> bytes:
    """Return the bytes of the merged baseline.

    Raises:
        CannotDecideError: a version is not valid, or the sides cannot be merged.
    """
    named = ((base, "base"), (ours, "ours"), (theirs, "theirs"))
    versions = [None if content is None else decode_baseline(content, f"{path} ({side})")[0] for content, side in named]
    outcome: Profile | str = "a side is missing"
    if versions[1] is not None and versions[2] is not None:
        outcome = merge(versions[0], versions[1], versions[2])
    if isinstance(outcome, str):
        raise cannot_decide(_SLUG, outcome, place=path, hint=_HINT)
    if flaws := find_flaws(outcome, _policy()):
        raise CannotDecideError([error(_SLUG, flaw.message, place=path, hint=_HINT) for flaw in flaws])
    return encode_baseline(outcome)


def _policy() -> Policy:
    """Return the configuration; the built-in one where a merge left it in conflict."""
    try:
        return inputs.read_settings(None).policy
    except CannotDecideError:
        return configuration.BUILT_IN


def _write(path: str, content: bytes) -> None:
    try:
        write_whole(path, content, durable=False)
    except OSError as caught:
        message = f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide("baseline-unwritable", message, place=path, hint="check the disk and permissions") from None
