"""Several looks at runs that are still being measured: each spends a part of the level."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.core.finding import Finding, Status
from perfgate.gate.judge import Judgement, judge, severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.policy import Policy
    from perfgate.gate.judge import Pair, Place

_PARTS = (0.4, 0.6, 0.8, 1.0)  # of the rounds; an earlier look could hardly decide, a denser row of them gains nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the runs so far."""

    rounds: int
    """After how many rounds it is taken, >= 1."""
    share: float | None
    """Part of each row's level that it may spend, 0.0 < share < 1.0; None: it is the only look."""


def looks_of(rounds: int) -> tuple[Look, ...]:
    """Return the looks at a measuring of at most so many rounds: at 40, 60, 80 and 100 % of them.

    The shares are the differences of t², t being the part of the rounds that is done. They
    add up to one, so that all looks together fail an unchanged row no more often than a
    single look would: a union bound, whatever the looks have to do with each other.

    Args:
        rounds: the most rounds that are measured, >= 1.

    Source:
        Kim and DeMets (1987), "Design and Analysis of Group Sequential Tests Based on the Type I
        Error Spending Rate Function", Biometrika 74(1), 149-154: the spending function t².
    """
    ends = sorted({math.ceil(rounds * part) for part in _PARTS})
    if len(ends) == 1:
        return (Look(rounds=rounds, share=None),)
    done = [0, *ends]
    return tuple(
        Look(rounds=end, share=(end**2 - before**2) / rounds**2) for before, end in zip(done, ends, strict=False)
    )


def judge_look(pairs: Sequence[Pair], policy: Policy, look: Look, failed: Mapping[Place, Finding]) -> Judgement:
    """Return the judgement of one look.

    What failed at an earlier look stays failed, with the values that it failed on: its level
    was spent then. What seemed hopeless at an earlier look is judged again.

    Args:
        pairs: the benchmarks, with the runs so far.
        policy: what is gated and how strictly.
        look: which look it is.
        failed: the findings that failed at earlier looks, by row.
    """
    judgement = judge(pairs, policy, look.share)
    findings = [failed.get(place_of(f), f) for f in judgement.findings]
    return replace(judgement, findings=tuple(sorted(findings, key=severity)), open=judgement.open - frozenset(failed))


def failures_of(judgement: Judgement) -> dict[Place, Finding]:
    """Return the same-session findings that failed, by row."""
    return {place_of(f): f for f in judgement.findings if f.status is Status.REGRESSED and f.method == "same-session"}


def place_of(finding: Finding) -> Place:
    """Return which row a finding is about."""
    return finding.benchmark, finding.labels, finding.machine_class, finding.metric, finding.statistic
