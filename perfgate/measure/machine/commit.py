"""The commit that is being measured: from the CI system, else read from the repository's own files."""

from __future__ import annotations

import os.path

from perfgate.measure.machine.files import read_start
from perfgate.measure.variables import Variables, say_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS = "PERFGATE_COMMIT"
COMMIT_VARIABLES = (
    _OURS,  # whoever measures two commits in one job knows better than the job
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "GIT_COMMIT",
    "BUILD_SOURCEVERSION",
    "CIRCLE_SHA1",
    "BUILDKITE_COMMIT",
    "TRAVIS_COMMIT",
)
"""Variables that hold the commit, the surest first."""
_HEX = frozenset("0123456789abcdef")
_PACKED_LIMIT = 4 << 20  # bytes of packed-refs, some 60,000 references; more is not worth the wait
_LONGEST_CHAIN = 5  # a symbolic reference may name another one, as git itself bounds it


def read_commit(variables: Variables) -> str | None:
    """Return the full hash that ``PERFGATE_COMMIT`` gives; None when it gives none."""
    value = variables.environ.get(_OURS, "").strip().lower()
    if not value or _is_hash(value):
        return value or None
    variables.report(f"{_OURS}={value[:40]!a} is not the full hash of a commit and is ignored")
    return None


def find_commit(environ: Mapping[str, str], folder: str) -> str | None:
    """Return the full commit hash, or None when it is unknown.

    A ``PERFGATE_COMMIT`` that is no hash is said once on stderr, and ignored.

    Args:
        environ: the environment to ask first.
        folder: where to look for ``.git``, then in the folders above it.
    """
    if stated := read_commit(Variables(environ, say_once)):
        return stated
    for name in COMMIT_VARIABLES[1:]:
        value = environ.get(name, "").strip().lower()
        if _is_hash(value):
            return value
    git_folder = _find_git_folder(folder)
    return None if git_folder is None else _resolve(git_folder, "HEAD")


def _is_hash(text: str) -> bool:
    return len(text) in {40, 64} and _HEX.issuperset(text)


def _find_git_folder(folder: str) -> str | None:
    while True:
        if read_start(f"{folder}/.git/HEAD"):
            return f"{folder}/.git"
        pointer = read_start(f"{folder}/.git")
        if pointer.startswith("gitdir:"):  # a worktree or a submodule
            return _join(folder, pointer[len("gitdir:") :].strip())
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _resolve(git_folder: str, name: str) -> str | None:
    common = _join(git_folder, read_start(f"{git_folder}/commondir").strip())
    for _ in range(_LONGEST_CHAIN):
        text = read_start(f"{git_folder}/{name}") or read_start(f"{common}/{name}")
        text = text.strip() or _find_packed(common, name)
        if not text.startswith("ref:"):
            return text if _is_hash(text) else None
        name = text[len("ref:") :].strip()
        if not name.startswith("refs/") or ".." in name:  # never read outside the repository
            return None
    return None


def _find_packed(common: str, name: str) -> str:
    for line in read_start(f"{common}/packed-refs", _PACKED_LIMIT).splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return ""


def _join(folder: str, path: str) -> str:
    return os.path.join(folder, path)
