"""Is the folder that a check or comparison works in the one that its commit knows by that name?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.measure.machine import facts
from perfgate.store.git import blob_hash, git

if TYPE_CHECKING:
    from perfgate.store.git import Commit

_LINK = "120000"
_OUTSIDE = "run it in the repository that holds the submodule"
_KEEP = "keep the folder; or let those who own the gate review and merge it despite this check"


def require_same_folder(commit: Commit, given: str | None) -> None:
    """Return when no symbolic link of the working tree leads here that stands for something else in the commit.

    Git and the system name a working folder without the links on the way to it. Where a
    change replaces the folder of the gate by a link, `cd` into the same name would end
    in another folder, and there in another gate, or in none.

    Args:
        commit: whose gate is asked for, seen from the folder that it is looked for in.
        given: a configuration file given by hand; None: it is looked for in the working folder.

    Raises:
        CannotDecideError: one does; or, in CI, the folder lies in a submodule, whose repository the change names.
    """
    here = os.path.realpath(os.path.dirname(given or ""))
    if facts.in_ci() and git(here, ["rev-parse", "--show-superproject-working-tree"], hint="").strip():
        message = "the folder lies in a submodule: the change chooses its repository, and so the gate in it"
        raise cannot_decide("folder-replaced", message, place=commit.prefix or ".", hint=_OUTSIDE)
    top = os.path.normpath(os.path.join(here, *[os.pardir] * commit.prefix.count("/")))
    known: dict[str, str] = {}
    for mode, oid, path in commit.objects():
        if mode == _LINK:
            known[path] = oid
        while (path := os.path.dirname(path)) and path not in known:
            known[path] = ""
    for path, oid in known.items():
        full = os.path.join(top, path)
        if not os.path.islink(full) or not f"{here}/".startswith(f"{os.path.realpath(full).rstrip('/')}/"):
            continue
        target = os.readlink(full)
        if not oid or blob_hash(os.fsencode(target), oid) != oid:
            message = f"this change makes {path} a symbolic link to {target}, which {commit.shown} does not have"
            raise cannot_decide("folder-replaced", f"{message}: the gate was moved", place=path, hint=_KEEP)
