"""What to do after `perfgate run`: the next command, and a warning where the first run was much slower."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, warning
from perfgate.core.metrics import ELAPSED
from perfgate.core.policy import NO_BASELINES
from perfgate.core.profile import Profile, title
from perfgate.core.text.units import describe_time
from perfgate.pipeline import inputs
from perfgate.stats.quantiles import MAD_TO_SIGMA, mad, median

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FEWEST = 5
"""Runs below which one of them is no exception."""
_SLOWER = 1.10
"""How many times the median of the others the first run takes at least."""
_DEVIATIONS = 10.0
"""Standard deviations, by the MAD of the others, that it lies above their median: noise is never so far."""
_ENOUGH = 3
"""Warm-up runs that are advised where one was not enough."""


def find_next(out: str | None) -> str:
    """Return the command that comes after a measurement: the check, or the baseline that it needs.

    Args:
        out: folder of the summaries that was given by hand; None: the one in which `check` looks.

    Raises:
        CannotDecideError: the configuration is not valid.
    """
    settings = inputs.read_settings(None)
    policy = settings.policy
    where = "" if out is None else f" {shlex.quote(out)}"
    is_judged = policy.baselines == NO_BASELINES or bool(policy.budgets)
    if is_judged or any(_baselines_in(os.path.join(settings.root, policy.baselines))):
        return f"perfgate check{where}"
    return f"perfgate baseline refresh{where}"


def warn_of_time_up(done: int, runs: int, max_time: float | None) -> list[Diagnostic]:
    """Return a warning when the time was up before all runs were made.

    Args:
        done: measured runs that were made.
        runs: that were wanted.
        max_time: seconds; None: there was no limit.
    """
    if max_time is None or done >= runs:
        return []
    message = f"{done:,} of {runs:,} runs were made within {describe_time(max_time)}"
    return [warning("time-up", message, hint="give it more time: --max-time; or measure less in a run")]


def _baselines_in(folder: str) -> Iterator[bool]:
    """Yield for each folder whether it holds a baseline."""
    for _, _, names in os.walk(folder):
        yield any(name.endswith(".json") for name in names)


def warn_of_slow_first(profiles: Iterable[Profile], warmup: int) -> list[Diagnostic]:
    """Return a warning for each benchmark whose first measured run took much longer than all others.

    Args:
        profiles: of one call of `perfgate run`.
        warmup: runs that were discarded before it, >= 0.
    """
    warnings = []
    advised = _ENOUGH if warmup < _ENOUGH else 2 * warmup
    for profile in profiles:
        metric = profile.metric(ELAPSED.name)
        for sample in metric.samples if metric else ():
            first, *others = sample.values
            if len(others) < _FEWEST - 1:
                continue
            center = median(others)
            limit = max(_SLOWER * center, center + _DEVIATIONS * MAD_TO_SIGMA * mad(others), *others)
            if first > limit and center:
                message = f"the first run was {first / center - 1:.0%} slower than the others"
                hint = f"caches were cold: use --warmup {advised}"
                warnings.append(warning("slow-first-run", message, place=title(*profile.key), hint=hint))
    return warnings
