"""Git's filters: programs that its settings name, which it runs for the files that a repository's attributes name."""

from __future__ import annotations

import os
import re

from msgspec import Struct

from perfgate.core.errors import cannot_decide
from perfgate.store.git import git

_KEY = re.compile(r"filter\.(.*)\.(clean|smudge|process)", re.DOTALL)  # a name may be empty: `filter=`
_LFS = re.compile(r"git[- ]lfs ((?:clean|smudge|filter-process)(?: --skip)?(?: -- %f)?)")
"""Git LFS's own commands, which most of the repositories that use a filter need."""
_STARTED_BY_LFS = re.compile(
    r"lfs\.(.*\.)?(standalonetransferagent|customtransfer\..*\.path|extension\..*\.(clean|smudge))",
    re.DOTALL | re.IGNORECASE,
)
"""Settings that name programs which Git LFS starts."""


class Filters(Struct, frozen=True, kw_only=True):
    """The filters that are switched off."""

    names: frozenset[str]
    """Theirs; empty: there is none."""
    settings: tuple[str, ...]
    """Of git, by which it runs none of them."""

    def find_filtered(self, folder: str) -> list[str]:
        """Return the files of a worktree that git would have run one of them for."""
        if not self.names:
            return []
        files = git(folder, ["ls-files", "-z"], hint="")
        words = git(folder, ["check-attr", "-z", "--stdin", "filter"], hint="", asked=files).split(b"\0")
        return [
            os.fsdecode(file)
            for file, value in zip(words[::3], words[2::3], strict=False)
            if os.fsdecode(value) in self.names
        ]


def filters_off(folder: str, *, is_lfs_off: bool = False) -> Filters:
    """Return how to switch off all filters that git's settings hold, but those of Git LFS.

    Git LFS is started as the program ``git-lfs``: what ``git lfs`` starts may be an alias.

    Args:
        folder: the working tree that git will work in; settings may hold for that one only (``includeIf``).
        is_lfs_off: switch off those of Git LFS, too.

    Raises:
        CannotDecideError: git cannot be asked, or a filter has a name that cannot be switched off.
    """
    listed = git(folder, ["config", "-z", "--get-regexp", r"^(filter|lfs)\."], hint="", accepted=(0, 1))
    pairs = [os.fsdecode(entry).partition("\n") for entry in listed.split(b"\0") if entry]
    is_lfs_plain = not is_lfs_off and not any(value and _STARTED_BY_LFS.fullmatch(key) for key, _, value in pairs)
    names, settings = set(), []
    for key, _, value in pairs:
        match = _KEY.fullmatch(key)
        own = _LFS.fullmatch(value) if is_lfs_plain else None
        if match and own:
            settings.append((match[1], f"{match[2]}=git-lfs {own[1]}"))
        elif match and value:
            names.add(match[1])
    settings += [(name, kind) for name in sorted(names) for kind in ("clean=", "smudge=", "process=", "required=false")]
    odd = next((name for name, _ in settings if "=" in name), None)  # `git -c` ends the key at the first "="
    if odd is not None:
        message = f'the filter "{odd}" of git\'s settings cannot be switched off'
        raise cannot_decide("worktree-failed", message, hint="remove it: git config --edit")
    return Filters(names=frozenset(names), settings=tuple(f"filter.{name}.{rest}" for name, rest in settings))
