"""Does a change introduce the gate? Only if it adds one, and the commit that it is compared with has none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate import config
from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.names import list_some
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs
from perfgate.store.git import git
from perfgate.store.lost import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.pipeline.inputs import Settings
    from perfgate.store.git import Commit

_SLUG = "no-baseline"
_MOST_READ = 200
"""Files named pyproject.toml that are read: more of them that name us, all without a table, are no project's."""
_ADD = "commit them in this change: perfgate baseline refresh, then git add; or run the check in the gate's folder"
_NO_REF = "check without --baseline-ref in this pull request, which has to be reviewed as the gate itself"


def require_first_gate(ref: str, commit: Commit, tree: Settings, *, is_given: bool) -> None:
    """Return when the working tree adds a gate, and the commit, in which none was found for it, has none to replace.

    A check in the wrong folder, or in a project without any gate, would be green for ever.
    A gate of the commit in a folder below, or one that this change moves elsewhere, is
    the gate of the project, too: nobody judged whether the new one lets more pass. Gates of
    other folders stay where they are while one more is introduced beside them.

    Args:
        ref: names the commit.
        commit: seen from any folder.
        tree: the configuration of the working tree, and the folder of its gate.
        is_given: was the configuration given by hand? One folder may then hold several.

    Raises:
        CannotDecideError: it does not.
    """
    place = f"{ref}:{inputs.shown(tree.root or '.') or '.'}"
    gates = _gates_in(commit)
    if not _is_added(tree):
        message = "there is no baseline to compare with: neither this commit nor the change holds a gate here"
        hint = f"{ref} holds a gate in {list_some([*gates], 2)}: run the check there" if gates else _ADD
        raise cannot_decide(_SLUG, message, place=place, hint=hint)
    up = "/".join([".."] * commit.prefix.count("/"))
    here = os.path.relpath(os.path.realpath(tree.root or "."), os.path.realpath(up or "."))
    below = [] if is_given else [root for root in gates if here == "." or f"{root}/".startswith(f"{here}/")]
    moved = [root for root, files in gates.items() if not any(stands(up, f) for f in files)]
    if below or moved:
        what = "moves the gate of" if moved else "introduces a gate above that of"
        message = f"there is no baseline to compare with: this change {what} {list_some(moved or below, 2)}"
        raise cannot_decide(_SLUG, message, place=place, hint=_NO_REF)


def stands(top: str, path: str) -> bool:
    """Is there something at a path of the working tree? What a link on the way leads to stands elsewhere."""
    folder = os.path.join(os.path.realpath(top or "."), os.path.dirname(path))
    return os.path.realpath(folder) == os.path.normpath(folder) and os.path.lexists(os.path.join(top, path))


def _is_added(tree: Settings) -> bool:
    """Does the working tree hold a configuration or baselines? In CI only what git lists is part of the change."""
    folder = os.path.join(tree.root, tree.policy.baselines)
    held = inputs.from_folder(folder)
    files = [tree.policy.source] if tree.policy.source != config.BUILT_IN.source else []
    files += [folder] if held.profiles or held.problems else []
    if not files or not facts.in_ci():
        return bool(files)
    listing = ["--literal-pathspecs", "ls-files", "-z", "--cached", "--", *files]
    return bool(git(".", listing, hint="run it in the repository"))


def _gates_in(commit: Commit) -> dict[str, list[str]]:
    """Return the gates of a commit in whatever folder: the folder, and the files by which it is one."""
    gates: dict[str, list[str]] = {}
    for path in (*configurations_in(commit), *commit.containing(MARK, "*.json")):
        is_baseline = path.endswith(".json")
        root = "/".join(path.split("/")[:-2]) if is_baseline else os.path.dirname(path)
        above = next((g for g in gates if is_baseline and (not g or f"{root}/".startswith(f"{g}/"))), root)
        gates.setdefault(above, []).append(path)
    return {root or ".": files for root, files in gates.items()}


def configurations_in(commit: Commit) -> Iterator[str]:
    """Yield the configuration files of a commit, ascending by kind."""
    for _, _, path in commit.objects():
        if os.path.basename(path) == config.OWN_FILE:
            yield path
    *_, top = commit.upward()
    for path in commit.containing("perfgate", f"*{config.SHARED_FILE}")[:_MOST_READ]:
        try:
            content = top.read(path, limit=config.LARGEST)
            if content and config.has_table(config.decode(content, path), path):
                yield path
        except CannotDecideError:  # one that cannot be read as ours is nobody's gate
            continue
