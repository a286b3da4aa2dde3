"""Git's filters: programs that its settings name, which it runs for the files that a repository's attributes name."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from perfgate.core.errors import cannot_decide
from perfgate.store.git import git

_KEY = re.compile(r"filter\.(.+)\.(clean|smudge|process)", re.DOTALL)
_LFS = re.compile(r"git[- ]lfs (clean|smudge|filter-process)( --skip)?( -- %f)?")
"""Git LFS's own commands, which most of the repositories that use a filter need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
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


def filters_off(folder: str) -> Filters:
    """Return how to switch off all filters that git's settings hold, but those of Git LFS.

    Args:
        folder: in the repository.

    Raises:
        CannotDecideError: git cannot be asked, or a filter has a name that cannot be switched off.
    """
    listed = git(folder, ["config", "-z", "--get-regexp", r"^filter\."], hint="", accepted=(0, 1))
    names = set()
    for entry in listed.split(b"\0"):
        key, _, value = os.fsdecode(entry).partition("\n")
        match = _KEY.fullmatch(key)
        if match and value and not _LFS.fullmatch(value):
            names.add(match[1])
    kinds = ("clean=", "smudge=", "process=", "required=false")
    settings = tuple(f"filter.{name}.{kind}" for name in sorted(names) for kind in kinds)
    odd = next((name for name in sorted(names) if "=" in name), None)  # `git -c` ends the key at the first "="
    if odd is not None:
        message = f'the filter "{odd}" of git\'s settings cannot be switched off'
        raise cannot_decide("worktree-failed", message, hint="remove it: git config --edit")
    return Filters(names=frozenset(names), settings=settings)
