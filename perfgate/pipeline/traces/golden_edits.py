"""What a change under review does to its golden files, where the CI system names its base and the clone has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.core.gate_changes import GateChange
from perfgate.pipeline.reference.change import BY_THE_CHANGE, find_base_commit
from perfgate.pipeline.reference.commit import settings_of
from perfgate.pipeline.reference.gate_changes import NONE, Edits, react_to
from perfgate.pipeline.traces.golden_files import FOLDER, LARGEST
from perfgate.store import golden as store
from perfgate.store.git import Commit, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.gate.golden import Golden


def find_edits(folder: str, given: str | None, golden: Sequence[Golden]) -> Edits:
    """Return which golden files are not those of the base; nothing when it is unknown, or has none.

    Args:
        folder: of the golden files in the working tree.
        given: the folder that was given by hand; None: the base's own configuration says where its files are.
        golden: what the folder holds.

    Raises:
        CannotDecideError: a deed of the change prevents the comparison.
    """
    try:
        base = find_base_commit()
        if not base:
            return NONE
        reference = settings_of(base)
        was = given if given is not None else os.path.join(reference.root, FOLDER)
        before = _golden_of(Commit(base, "."), os.path.relpath(was))
    except CannotDecideError as caught:
        if caught.diagnostics[0].slug in BY_THE_CHANGE:
            raise
        return NONE
    after = {os.path.join(os.path.relpath(folder), store.file_name(one.root)): one for one in golden}
    changes = [
        GateChange(
            kind="golden",
            edit="changed" if path in before and path in after else "added" if path in after else "removed",
            path=path,
            name="",
            machine_class="",
            moves=(),
        )
        for path in sorted({*before, *after} if before else ())
        if before.get(path) != after.get(path)
    ]
    judged = f"judged by its own, not by those of {shown(base)}"
    return react_to(tuple(changes), reference.policy.baseline_changes, judged)


def _golden_of(commit: Commit, folder: str) -> dict[str, Golden | None]:
    """Return the golden files of a commit by their path from the working directory; None: one is not valid."""
    found: dict[str, Golden | None] = {}
    for name, content in commit.files(folder, limit=LARGEST):
        if store.is_read(name) and name != store.DURATIONS:
            path = os.path.join(folder, name)
            try:
                found[path] = store.decode(content, path)
            except CannotDecideError:
                found[path] = None
    return found
