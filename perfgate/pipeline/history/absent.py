"""Commits at the steps of a history that a clone lacks: of a branch that was rewritten, or never fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import note
from perfgate.core.text.names import list_some
from perfgate.report.history.steps import find_steps
from perfgate.store.git import FETCH_HISTORY, git, is_shallow, shown
from perfgate.store.git_start import is_hash

if TYPE_CHECKING:
    from perfgate.report.history.found import Found


def note_absent(found: Found, folder: str) -> Found:
    """Return a history with a note that names the commits around its steps that git does not know.

    A shallow clone has a note of its own, which says how to get them.

    Args:
        found: a history.
        folder: in the repository.
    """
    commits = dict.fromkeys(c for step in find_steps(found) for c in step.mark.likely if is_hash(c))
    if not commits or is_shallow(folder):
        return found
    asked = "".join(f"{commit}\n" for commit in commits).encode()
    answer = git(folder, ["cat-file", "--batch-check"], hint=FETCH_HISTORY, asked=asked).decode("ascii", "replace")
    absent = [line.partition(" ")[0] for line in answer.splitlines() if line.endswith(" missing")]
    if not absent:
        return found
    message = f"commits at steps are not, or no longer, in this clone: {list_some(list(map(shown, absent)))}"
    hint = "if the branch was rewritten, see what was committed then: git log --first-parent --since DAY --until DAY"
    remark = note("history-commits-absent", message, hint=f"{hint}; or git fetch, if they are of another branch")
    return replace(found, notes=(*found.notes, remark))
