"""perfgate's own decision about a pull request, in process: what `perfgate check` says, without files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sides import IN_TURNS, profile_of

from perfgate.core.finding import WHOLE_SUITE, Status
from perfgate.core.metrics import ELAPSED
from perfgate.core.policy import Policy
from perfgate.core.text.units import parse_change
from perfgate.gate.judge import Pair, judge

if TYPE_CHECKING:
    from draws import PullRequest

    from perfgate.core.metrics import Metric


SUITE = -1
"""In place of a row's number: what all benchmarks did together."""


@dataclass(frozen=True)
class Outcome:
    """What a check said of the time's p50, by number of the row, or `SUITE`."""

    failed: frozenset[int]
    suspected: frozenset[int]

    @property
    def is_clean(self) -> bool:
        """Is there nothing that another session could confirm or refute?"""
        return not self.failed and not self.suspected


def outcomes(
    request: PullRequest, threshold: str, *, in_turns: bool, metric: Metric = ELAPSED, machine: str = ""
) -> list[Outcome]:
    """Return what the first session says, and what it says with each further one, while something is in doubt.

    Args:
        request: what was measured; its rows hold as many current sessions as may be asked for.
        threshold: accepted worsening of p50.
        in_turns: were both sides measured in one session?
        metric: what was measured.
        machine: id of the one machine that measured everything; empty: others of the class.
    """
    policy = Policy(source="", threshold=parse_change(threshold))
    said: list[Outcome] = []
    for sessions in range(1, len(request.rows[0][1]) + 1):
        said.append(_judged(request, policy, sessions, in_turns=in_turns, measured=(metric, machine)))
        if said[-1].is_clean:
            break
    return said


def after(said: list[Outcome], confirmations: int) -> Outcome:
    """Return the last word when so many further sessions are allowed."""
    return said[min(confirmations, len(said) - 1)]


def name_of(row: int) -> str:
    """Return the name of a row's benchmark."""
    return f"bench{row:02d}"


def _judged(
    request: PullRequest, policy: Policy, sessions: int, *, in_turns: bool, measured: tuple[Metric, str]
) -> Outcome:
    pairs = []
    for row, (base, current) in enumerate(request.rows):
        before, now = ({IN_TURNS: base[0]}, {IN_TURNS: current[0]}) if in_turns else (
            {f"base-{i}": values for i, values in enumerate(base)},
            {f"now-{i}": values for i, values in enumerate(current[:sessions])},
        )  # fmt: skip
        name = name_of(row)
        sides = profile_of(name, before, 0, *measured), profile_of(name, now, len(base), *measured)
        pairs.append(Pair(base=sides[0], current=sides[1]))
    findings = [f for f in judge(pairs, policy).findings if f.statistic == "p50"]
    rows = {WHOLE_SUITE: SUITE, **{name_of(row): row for row in range(len(request.rows))}}
    by_status = {
        status: frozenset(rows[f.benchmark] for f in findings if f.status is status)
        for status in (Status.REGRESSED, Status.SUSPECTED)
    }
    return Outcome(by_status[Status.REGRESSED], by_status[Status.SUSPECTED])
