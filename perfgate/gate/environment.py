"""In what the environment of the runs differs from that of the baselines: the first suspect beside every red."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfgate.core.finding import EnvironmentChange
from perfgate.core.run import CPU_MODEL, OF_ONE_RUN
from perfgate.core.text.names import list_some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.profile import Profile
    from perfgate.gate.judge import Pair

_COMMAND = "command"
_MOST_MODELS = 3


def compare_environments(pairs: Sequence[Pair]) -> tuple[EnvironmentChange, ...]:
    """Return the facts that both sides state and in which they differ, by name.

    The facts of a side are those of its newest run. The processor is that of every session:
    hosted runners have several models, and one that no session of the baseline had is news.
    Sides that are measured interleaved may be two commands on purpose: that is no difference.

    Args:
        pairs: the benchmarks, both sides.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    for pair in pairs:
        if pair.base and pair.current:
            was, now = _facts(pair.base), _facts(pair.current)
            same = {_COMMAND} if all(s.is_interleaved for s in pair.current.sessions) else set()
            if was != now:
                found.update((f, was[f], now[f]) for f in was if f not in same and now.get(f, was[f]) != was[f])
            found.update(_new_models(pair.base, pair.current))
    return tuple(
        EnvironmentChange(fact=fact, baseline=was, current=now, benchmarks=number)
        for (fact, was, now), number in sorted(found.items())
    )


def _facts(profile: Profile) -> dict[str, str]:
    return {name: value for name, value in profile.environment if name not in OF_ONE_RUN}


def _new_models(base: Profile, current: Profile) -> Iterator[tuple[str, str, str]]:
    """Yield each processor of the current sessions that no session of the baseline had, as far as both are known."""
    known, now = _models(base), _models(current)
    if known and (new := now - known):
        yield from ((CPU_MODEL, list_some(sorted(known), _MOST_MODELS), model) for model in sorted(new))


def _models(profile: Profile) -> set[str]:
    """Return the models of a profile's sessions; a baseline from before they were kept has that of its newest run."""
    stated = {s.cpu_model for s in profile.sessions} | {dict(profile.environment).get(CPU_MODEL, "")}
    return stated - {""}
