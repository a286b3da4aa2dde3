"""Interim analyses of a group-sequential test: each spends part of alpha."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.finding import Finding, Status
from perfgate.gate.judge import Judgement, judge, severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.finding import RowKey
    from perfgate.core.policy import Policy
    from perfgate.gate.judge import Pair

_PARTS = (0.4, 0.6, 0.8, 1.0)  # of the rounds; an earlier analysis could hardly decide, and more of them gain nothing

_FIRST = 3  # rounds; four runs a side, of two, prove nothing at 1 %, and a stop there leaves much undetected


class InterimAnalysis(Struct, frozen=True, kw_only=True):
    """One analysis of the runs so far."""

    rounds: int
    """After how many rounds it is taken, >= 1."""
    share: float | None
    """Part of each row's alpha that it may spend, 0.0 < share < 1.0; None: it is the only analysis."""


def plan_analyses(rounds: int) -> tuple[InterimAnalysis, ...]:
    """Return the analyses of a measurement of at most so many rounds: at 40, 60, 80 and 100 %, from three rounds on.

    The shares are the differences of t², t being the part of the rounds that is done. They
    add up to one, so that all analyses together fail an unchanged row no more often than a
    single one would: a union bound, whatever the analyses have to do with each other.

    Args:
        rounds: the most rounds that are measured, >= 1.

    Source:
        Kim and DeMets (1987), "Design and Analysis of Group Sequential Tests Based on the Type I
        Error Spending Rate Function", Biometrika 74(1), 149-154: the spending function t².
    """
    ends = sorted({min(max(math.ceil(rounds * part), _FIRST), rounds) for part in _PARTS})
    if len(ends) == 1:
        return (InterimAnalysis(rounds=rounds, share=None),)
    done = [0, *ends]
    return tuple(
        InterimAnalysis(rounds=end, share=(end**2 - before**2) / rounds**2)
        for before, end in zip(done, ends, strict=False)
    )


def judge_analysis(
    pairs: Sequence[Pair], policy: Policy, analysis: InterimAnalysis, failed: Mapping[RowKey, Finding]
) -> Judgement:
    """Return the judgement of one analysis.

    What failed at an earlier analysis stays failed, with the values that it failed on: its alpha
    was spent then. What seemed futile at an earlier analysis is judged again.

    Args:
        pairs: the benchmarks, with the runs so far.
        policy: what is gated and how strictly.
        analysis: which analysis it is.
        failed: the findings that failed at earlier analyses, by row.
    """
    judgement = judge(pairs, policy, analysis.share)
    findings = [failed.get(f.key, f) for f in judgement.findings]
    return replace(
        judgement,
        findings=tuple(sorted(findings, key=severity)),
        rows_still_open=judgement.rows_still_open - frozenset(failed),
    )


def failures_of(judgement: Judgement) -> dict[RowKey, Finding]:
    """Return the same-session findings that failed, by row."""
    return {f.key: f for f in judgement.findings if f.status is Status.REGRESSED and f.method == "same-session"}
