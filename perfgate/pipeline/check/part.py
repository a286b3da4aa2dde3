"""A check of some benchmarks or budgets only: it says what it left out, and never misses what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, Diagnostic, error, note
from perfgate.core.policy import matches
from perfgate.core.profile import title
from perfgate.core.text.near_names import hint_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.collect import Collection, Key
    from perfgate.core.policy import Policy
    from perfgate.core.profile import Profile
    from perfgate.pipeline.inputs import BaselineSet

_MOST_NAMES = 5


def keep_collected(globs: Sequence[str], collection: Collection) -> Collection:
    """Return a collection without the benchmarks that no glob names; all of it when there are no globs."""
    if not globs:
        return collection
    return replace(
        collection,
        profiles=keep_profiles(globs, collection.profiles),
        seen=tuple(s for s in collection.seen if _is_named(globs, s.key)),
    )


def keep_baselines(globs: Sequence[str], side: BaselineSet) -> BaselineSet:
    """Return baselines without the benchmarks that no glob names."""
    return replace(side, profiles=keep_profiles(globs, side.profiles))


def keep_profiles(globs: Sequence[str], profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Return the profiles that a glob names; all of them when there are no globs."""
    return tuple(p for p in profiles if not globs or _is_named(globs, p.key))


def keep_budgets(names: Sequence[str], policy: Policy) -> tuple[Policy, list[Diagnostic]]:
    """Return a policy with the budgets of these names alone, and a note about the others; all when there are none.

    Raises:
        CannotDecideError: no budget has one of the names.
    """
    if not names:
        return policy, []
    known = sorted(b.name for b in policy.budgets if b.name)
    unnamed = 'give budgets a name: name = "latency"'
    if unknown := [n for n in names if n not in known]:
        faults = ((f'there is no budget "{n}"', hint_among(n, known, where_none=unnamed)) for n in unknown)
        raise CannotDecideError([error("budget-unknown", f, place="--budget", hint=hint) for f, hint in faults])
    kept = tuple(b for b in policy.budgets if b.name in names)
    left = len(policy.budgets) - len(kept)
    message = f"--budget left out {left:,} of {len(policy.budgets):,} budgets"
    left_out = note("budgets-left-out", message, hint="check without --budget where all sources are given")
    return replace(policy, budgets=kept), [left_out] if left else []


def describe_part(globs: Sequence[str], everything: Iterable[Key]) -> list[Diagnostic]:
    """Return the note about the benchmarks that are left out; nothing when none is.

    Args:
        globs: the benchmarks that were asked for; empty: all.
        everything: the benchmarks of the baselines and of the runs.

    Raises:
        CannotDecideError: a glob names no benchmark.
    """
    keys = set(everything)
    names = sorted(title(*key) for key in keys)
    unknown = [g for g in globs if not any(_is_named([g], key) for key in keys)]
    if unknown:
        measure = "measure first: perfgate run -n 10 -- CMD"
        faults = ((f'there is no benchmark "{g}"', hint_among(g, names, where_none=measure)) for g in unknown)
        raise CannotDecideError([error("benchmark-unknown", f, place="--benchmark", hint=hint) for f, hint in faults])
    left = sorted(title(*key) for key in keys if globs and not _is_named(globs, key))
    if not left:
        return []
    more = f" and {len(left) - _MOST_NAMES:,} more" if len(left) > _MOST_NAMES else ""
    listed = ", ".join(left[:_MOST_NAMES]) + more
    message = f"--benchmark left out {len(left):,} of {len(keys):,} benchmarks: {listed}"
    return [note("benchmarks-left-out", message, hint="check without --benchmark before merging")]


def _is_named(globs: Sequence[str], key: Key) -> bool:
    return any(matches(g, key[0], title(*key)) for g in globs)
