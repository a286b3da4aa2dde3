"""The two sides of an A/B comparison: the folder, the commit and the command of each, set up once."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, note, warning
from perfgate.measure.command.simple import started_files
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs
from perfgate.pipeline.ab.guard import Guard
from perfgate.pipeline.ab.isolation import find_links, same_code, shared
from perfgate.pipeline.measuring.parameters import words_of
from perfgate.pipeline.measuring.profiling import profiling_off
from perfgate.pipeline.measuring.refusals import CommandFailedError
from perfgate.pipeline.measuring.run import environ_with
from perfgate.pipeline.reference.commit import policy_of
from perfgate.pipeline.reference.paths import Change, find_skipped
from perfgate.store.checkouts.tree import LOCAL_VARIABLES, Tree
from perfgate.store.checkouts.worktrees import WorktreeDir, open_worktree_dir
from perfgate.store.git import Commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.finding import Skipped
    from perfgate.core.gate_changes import GateChange
    from perfgate.core.policy import Removal, Waiver
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.inputs import Settings

_PATHS_DIFFER = note(
    "counts-paths",
    "the head lies in another folder than the base, and a program that works with paths counts more in a longer one",
    hint="commit the changes: both sides are then counted in folders of one length",
)
SHOWN = 12
"""Digits of a commit's hash that are shown."""
_ELSEWHERE = "run it in a folder that both sides have"
_MAKE_IT = "make it on both sides: --setup CMD; or name it by its absolute path, if both may share it"
_NO_FILE = re.compile(
    r"(?i)no such file|not found|can(no|')t open|(cannot|could not) (open|find)|unable to access|failed to spawn"
)
"""What shells, interpreters and launchers write about a file that is not there, beside its name."""
_NO_MODULE = "No module named"
_AGAIN = '--setup "git submodule update --init --recursive"'


class Side(Struct, frozen=True, kw_only=True):
    """One of the two versions or commands that are measured interleaved."""

    name: Literal["base", "head"]
    """Which one."""
    argv: tuple[str, ...]
    """Its command."""
    folder: str | None = None
    """Where the command runs; None: in this process's working folder."""
    commit: str | None = None
    """Full hash; None: whatever is found there."""
    root: str | None = None
    """Root of the worktree that was made for it; None: none was."""

    def variables(self) -> tuple[tuple[str, str | None], ...]:
        """Return the environment variables that its programs get in addition; None removes one."""
        variables: list[tuple[str, str | None]] = [("PERFGATE_SIDE", self.name)]
        if self.commit is not None:
            variables += [(name, None) for name in LOCAL_VARIABLES]
        if self.folder is not None:
            variables.append(("PWD", self.folder))
        return tuple(variables)


class Sides(Struct, frozen=True, kw_only=True):
    """Both sides, ready to be measured."""

    base: Side | None
    """None: it lacks the folder that the head is measured in."""
    head: Side
    source: str
    """What the base is, in words."""
    commits: tuple[str, ...]
    """Full hash of the base; empty when two commands are compared."""
    settings: Settings
    """The configuration that both are judged by."""
    tree: Tree | None
    """The user's working tree; None: two commands are compared."""
    worktree_dir: WorktreeDir
    """The temporary folder."""
    notes: tuple[Diagnostic, ...]
    """Notes for the report."""
    pinned: tuple[str, ...]
    """Options that name the same commits again."""
    guard: Guard
    """Notices when the files of either side change."""
    edits: tuple[GateChange, ...] = ()
    """Changes that the head makes to the configuration of its base."""
    waivers: tuple[Waiver, ...] = ()
    """Waivers of the base."""
    skipped: Skipped | None = None
    """Why nothing has to be measured; None: it has to. Otherwise nothing is checked out or set up."""
    removals: tuple[Removal, ...] = ()
    """Benchmarks that either side states to be removed."""
    left: list[Diagnostic] = field(default_factory=list)
    """Warnings of clean-up commands, known at the end."""


@contextlib.contextmanager
def prepare(request: Request) -> Iterator[Sides]:
    """Yield both sides, set up unless nothing has to be measured; their worktrees are removed afterwards.

    Raises:
        CannotDecideError: a side cannot be made or set up.
    """
    tree = Tree() if request.argv else None
    with open_worktree_dir(tree) as worktree_dir:
        sides = _of_commands(request, worktree_dir) if tree is None else _of_repository(request, tree, worktree_dir)
        if sides.skipped is not None:
            yield sides
            return
        for side in (sides.base, sides.head):
            if side is not None and tree is not None:  # two commands have no commits
                sides.guard.take(side.name, tree, root=side.root, commit=side.commit or "")
        try:
            yield _set_up_both(sides, request)
        finally:
            for side in (sides.base, sides.head):
                if side is not None:
                    sides.left.extend(clean_up(side, request))


def _set_up_both(sides: Sides, request: Request) -> Sides:
    """Return the sides after their set-up, the head first; one without a base that lacks the program.

    Raises:
        CannotDecideError: a set-up failed, or that of the head changed the base.
    """
    if request.hooks.setup:
        sides.guard.before_setup()
    set_up(sides.head, request)
    sides.guard.after_setup()
    if sides.base is not None:
        try:
            set_up(sides.base, request)
        except CannotDecideError as failure:
            sides = without_base(sides, failure)
            sides.guard.forget("base")
    changed = [d for name in ("base", "head") if request.hooks.setup for d in sides.guard.accept(name)]
    return replace(sides, notes=(*sides.notes, *profiling_off(), *changed, *notes_on_links(sides), *_submodules(sides)))


def _of_commands(request: Request, worktree_dir: WorktreeDir) -> Sides:
    """Return two commands in the same folder as sides."""
    settings = inputs.read_settings(request.config)
    reviewed = inputs.waivers_in(os.path.join(settings.root, settings.policy.baselines))
    return Sides(
        base=Side(name="base", argv=request.base_cmd),
        head=Side(name="head", argv=request.head_cmd),
        source=f"the command {shlex.join(request.base_cmd)}",
        commits=(),
        settings=settings,
        tree=None,
        worktree_dir=worktree_dir,
        notes=(same_code("one command"),) if request.base_cmd == request.head_cmd else (),
        pinned=(),
        guard=Guard(),
        waivers=reviewed.waivers,
        removals=reviewed.removals,
    )


def _of_repository(request: Request, tree: Tree, worktree_dir: WorktreeDir) -> Sides:
    """Return two versions of a repository as sides."""
    notes: list[Diagnostic] = []
    head = Commit(request.head, ".").id if request.head is not None else tree.head()
    changed, untracked = tree.changes() if request.head is None else (0, 0)
    if request.base is not None:
        base, source = Commit(request.base, ".").id, request.base
    else:
        base, source = tree.default_base()
        is_of_files = bool(request.globs and untracked) and not facts.in_ci()  # there a job left them
        if base == head and not changed and not is_of_files:
            message = "the head has nothing that its base lacks: they are the same commit"
            hint = (
                "change the code first; or name an older commit: --base COMMIT; or compare it with itself: --base HEAD"
            )
            raise cannot_decide("no-base", message, place=base[:SHOWN], hint=hint)
    if base == head and not changed and not untracked:
        notes.append(same_code(f"the commit {base[:SHOWN]}"))
    if changed or untracked:
        message = f"the head is the working tree, with {changed} uncommitted and {untracked} untracked files"
        notes.append(note("head-dirty", message, hint="commit them, or name a commit: --head REF"))
        notes += [_PATHS_DIFFER] if request.is_counted else []
    named = head[:SHOWN] if request.head is not None or (request.is_counted and not changed + untracked) else None
    gate = policy_of(base, head if named else None, given=request.config, is_trusted=not facts.in_ci())
    if gate.edits.problems:
        raise CannotDecideError(gate.edits.problems)
    notes += [*gate.edits.notes, *shared(words_of(request.argv, request.parameters), tree)]
    change = Change(tree=tree, base=base, head=None if request.head is None else head)
    sides = Sides(
        base=Side(name="base", argv=request.argv, commit=base),
        head=Side(name="head", argv=request.argv, commit=head),
        source=source,
        commits=(base,),
        settings=gate.settings,
        tree=tree,
        worktree_dir=worktree_dir,
        notes=tuple(notes),
        pinned=("--base", base[:SHOWN], *(("--head", named) if named else ())),
        guard=Guard(),
        edits=gate.edits.changes,
        waivers=gate.baselines.waivers,
        removals=gate.edits.removed.removals,
        skipped=find_skipped(request.globs, change, gate.settings, given=request.config),
    )
    return sides if sides.skipped is not None else _place_both(sides, request, tree, named)


def _place_both(sides: Sides, request: Request, tree: Tree, named: str | None) -> Sides:
    """Return the sides with their folders: the base in a worktree, and the head likewise where its commit is named.

    Raises:
        CannotDecideError: a worktree cannot be made, or the head lacks the working directory.
    """
    worktree_dir, base = sides.worktree_dir, sides.commits[0]
    if named is not None:
        placed = place_in_worktree(sides.head, request, tree, worktree_dir)
        if placed is None:
            message = f"the head lacks the folder {tree.prefix}"
            raise cannot_decide("worktree-failed", message, place=named, hint=_ELSEWHERE)
        sides = replace(sides, head=placed)
    placed = place_in_worktree(Side(name="base", argv=request.argv, commit=base), request, tree, worktree_dir)
    return _drop_base(sides, ["."], [f"the folder {tree.prefix}"]) if placed is None else replace(sides, base=placed)


def place_in_worktree(
    side: Side, request: Request, tree: Tree, worktree_dir: WorktreeDir, name: str = ""
) -> Side | None:
    """Return the side in a worktree of its commit; None when that lacks the working directory.

    Args:
        side: with its commit.
        request: has the set-up.
        tree: the user's.
        worktree_dir: where the worktree is made.
        name: of its folder; empty: that of the side.

    Raises:
        CannotDecideError: the folder is a link there, which could lead anywhere.
    """
    root = worktree_dir.checkout(name or side.name, side.commit or "", is_set_up=bool(request.hooks.setup))
    folder = root
    for part in filter(None, tree.prefix.split("/")):
        folder = os.path.join(folder, part)
        if os.path.islink(folder):
            message = f"{os.path.relpath(folder, root)} is a symbolic link there"
            raise cannot_decide("worktree-failed", message, place=(side.commit or "")[:SHOWN], hint=_ELSEWHERE)
        if not os.path.isdir(folder):
            return None
    return replace(side, root=root, folder=folder)


def without_base(sides: Sides, failure: CannotDecideError, *, argv: Sequence[str] = (), what: str = "") -> Sides:
    """Return the sides without a base that lacks the program or script that is started, and failed for want of it.

    Args:
        sides: both.
        failure: the failure of the base.
        argv: the command that is started; empty: that of the head.
        what: the combination of parameters that is in it, for the note; empty: there are none.

    Raises:
        CannotDecideError: the base lacks nothing that is started, or failed for another cause; or it lacks only
            files that git does not hold, so that the base cannot be judged.
    """
    if sides.tree is None or sides.base is None:
        raise failure
    head_folder, base_folder = sides.head.folder or "", sides.base.folder or ""
    missing = [
        path
        for path in started_files(argv or sides.head.argv)
        if os.path.lexists(os.path.join(head_folder, path)) and not os.path.lexists(os.path.join(base_folder, path))
    ]
    if not missing or not _is_for_want_of(failure, missing):
        raise failure
    return _drop_base(sides, missing, missing, failure.output, what=what)


def _is_for_want_of(failure: CannotDecideError, paths: Sequence[str]) -> bool:
    """Did a command fail because one of the files is missing? Whatever else is wrong with the base is no news.

    A shell and the system say so by an exit code, interpreters by a line that names the file or the module.
    """
    if isinstance(failure, CommandFailedError) and not failure.is_started:
        return True
    names = {os.path.basename(os.path.dirname(p) if p.endswith("/__main__.py") else p) for p in paths}
    modules = {path.split("/")[0].removesuffix(".py") for path in paths}
    return any(
        any(name in line for name in (names if _NO_FILE.search(line) else modules))
        for line in failure.output
        if _NO_FILE.search(line) or _NO_MODULE in line
    )


def _drop_base(
    sides: Sides, paths: Sequence[str], names: Sequence[str], output: tuple[str, ...] = (), *, what: str = ""
) -> Sides:
    """Return the sides without the base, which lacks something that is part of the head.

    Args:
        sides: both.
        paths: the missing paths, relative to the head's folder.
        names: the same, as the message names them.
        output: last lines of the output of the base's command.
        what: the combination of parameters that is in the command, for the note.

    Raises:
        CannotDecideError: it is not part of the head's version either: git does not hold it.
    """
    tree, base = sides.tree, sides.base
    if tree is None or base is None:  # pragma: no cover - only a version can lack something
        raise ValueError("there are no versions")
    lacked = ", ".join(names)
    if not any(tree.is_part(sides.head.folder or ".", path) for path in paths):
        raise cannot_decide(
            "base-untracked",
            f"the base cannot be measured without {lacked}, which git does not hold",
            place=(base.commit or "")[:SHOWN],
            hint=_AGAIN if base.root and tree.submodules(base.root) else _MAKE_IT,
            output=output,
        )
    message = f"the base lacks {lacked}: only the head was measured{what}"
    return replace(sides, base=None, notes=(*sides.notes, note("base-lacks", message)))


def set_up(side: Side, request: Request) -> None:
    """Run the set-up commands in the folder of a side.

    Raises:
        CannotDecideError: one failed; the end of its output belongs to the error.
    """
    env = environ_with(dict(side.variables()))
    request.hooks.run("setup", f" of the {side.name}", slug="setup-failed", folder=side.folder, env=env)


def clean_up(side: Side, request: Request) -> list[Diagnostic]:
    """Run the clean-up commands in the folder of a side, and return a warning when one failed."""
    env = environ_with(dict(side.variables()))
    return request.hooks.clean_up(f" of the {side.name}", folder=side.folder, env=env)


def notes_on_links(sides: Sides) -> list[Diagnostic]:
    """Return warnings on links between the folders of the sides.

    Raises:
        CannotDecideError: both sides would measure the same code.
    """
    if sides.tree is None:
        return []
    roots = [side.root for side in (sides.base, sides.head) if side is not None and side.root is not None]
    tops = [os.path.realpath(sides.tree.top), *roots]
    return [d for root in roots for d in find_links(root, [top for top in tops if top != root], sides.tree)]


def _submodules(sides: Sides) -> list[Diagnostic]:
    """Return a warning for submodules that only the head has: git puts none into a worktree."""
    if sides.tree is None or sides.base is None or sides.base.root is None:
        return []
    top = sides.head.root or sides.tree.top
    absent = [
        path
        for path in sides.tree.submodules(sides.base.root)
        if not _holds_any(os.path.join(sides.base.root, path)) and _holds_any(os.path.join(top, path))
    ]
    if not absent:
        return []
    message = f"submodules are empty in the base: {', '.join(absent)}"
    return [warning("submodules-absent", message, hint=f"if it needs them: {_AGAIN}")]


def _holds_any(folder: str) -> bool:
    return os.path.isdir(folder) and bool(os.listdir(folder))
