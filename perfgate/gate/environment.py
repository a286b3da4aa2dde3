"""In what the environment of the runs differs from that of the baselines: the first suspect beside every red."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfgate.core.finding import EnvironmentChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.profile import Profile
    from perfgate.gate.judge import Pair

_OF_ONE_RUN = frozenset({"machine"})  # names the booted machine: it differs in every CI job


def compare_environments(pairs: Sequence[Pair]) -> tuple[EnvironmentChange, ...]:
    """Return the facts that both sides state and in which they differ, by name.

    The facts of a side are those of its newest run.

    Args:
        pairs: the benchmarks, both sides.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    for pair in pairs:
        if pair.base and pair.current:
            now = _facts(pair.current)
            found.update((name, was, now[name]) for name, was in _facts(pair.base).items() if now.get(name, was) != was)
    return tuple(
        EnvironmentChange(fact=fact, baseline=was, current=now, benchmarks=number)
        for (fact, was, now), number in sorted(found.items())
    )


def _facts(profile: Profile) -> dict[str, str]:
    return {name: value for name, value in profile.environment if name not in _OF_ONE_RUN}
