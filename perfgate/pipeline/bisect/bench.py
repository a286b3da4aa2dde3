"""Measures commits for a search, two at a time, as `perfgate ab` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.bisection import Skipped, Trial
from perfgate.core.errors import CannotDecideError, error
from perfgate.core.profile import title
from perfgate.gate.bisect.search import LACKS, Compared, find_sides, policy_for
from perfgate.pipeline.ab.rounds import SideFailedError, compare
from perfgate.pipeline.ab.sides import SHOWN
from perfgate.pipeline.bisect.builds import LACKS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.core.bisection import Bisection, Ends, Value
    from perfgate.core.errors import Diagnostic
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.ab.rounds import Measured
    from perfgate.pipeline.ab.standing import Standing
    from perfgate.pipeline.bisect.builds import Builds
    from perfgate.pipeline.inputs import Settings

_ENDS = frozenset({"command-failed", "command-not-found", "setup-failed", LACKS_FOLDER})
"""Faults of an end of the range that another commit may not have; the others are those of the call."""
_OF_COMMIT = _ENDS | {
    "prepare-failed",
    "conclude-failed",
    "results-missing",
    "results-invalid",
    "results-twice",
    "format-unread",
    "format-unknown",
    "run-invalid",
    "no-runs",
    "nothing-counted",
    "counter-failed",
    "count-incomplete",
    "region-missing",
    "folder-removed",
    "benchmark-unsteady",
}
"""Faults for which a commit between the ends is skipped; any other is one of the machine, and ends the search."""


class CommitBench:
    """Measures commits in worktrees of their own."""

    def __init__(
        self,
        builds: Builds,
        bisection: Bisection,
        request: Request,
        settings: Settings,
        on_progress: Callable[[Standing], None],
    ) -> None:
        """Measure nothing yet.

        Args:
            builds: make the worktrees.
            bisection: names the ends.
            request: how two commits are compared.
            settings: by which the ends are judged.
            on_progress: called before each run with how far a comparison is.
        """
        self._builds, self._request, self._settings, self._on_progress = builds, request, settings, on_progress
        self._good, self._bad = bisection.good, bisection.commits[-1]
        self._seed = request.seed + len(bisection.trials)
        self._warm: set[tuple[str, str]] = set()  # commits that ran as a side, which has caches of its own
        self.notes: dict[Diagnostic, None] = {}
        """What a reader should know of the measuring, each once."""
        self.runs = 0
        """Runs of both sides that were made, warm-up runs left out."""
        self.names: dict[str, tuple[str, ...]] = {}
        """Benchmarks of the newest head, each with its metrics."""

    def compare(self, base: str, head: str, ends: Ends | None) -> Compared | Skipped:
        """Compare two commits, as `perfgate.gate.bisect.search.Bench.compare` says it.

        Raises:
            CannotDecideError: an end of the range cannot be measured.
        """
        settings = self._settings
        only = self._request.only
        if ends is not None:
            settings = replace(settings, policy=policy_for(settings.policy, ends))
            only = title(*ends.value.key), ends.value.metric
        measured = self._measure(base, head, settings, replace(self._request, only=only))
        if isinstance(measured, Skipped):
            return measured
        return Compared(findings=measured.judgement.findings, pairs=measured.pairs)

    def measure(self, good: str, commit: str, value: Value, runs: int) -> Trial | Skipped:
        """Measure a commit, as `perfgate.gate.bisect.search.Bench.trial` says it.

        Raises:
            CannotDecideError: the good commit cannot be measured any more.
        """
        only = title(*value.key), value.metric
        measured = self._measure(good, commit, self._settings, replace(self._request, runs=runs, only=only))
        if isinstance(measured, Skipped):
            return measured
        sides = find_sides(measured.pairs, value)
        if isinstance(sides, str):
            return Skipped(commit=good if sides == "base" else commit, reason=LACKS)
        return Trial(base=good, commit=commit, was=sides[0], now=sides[1])

    def _measure(self, base: str, head: str, settings: Settings, request: Request) -> Measured | Skipped:
        """Measure two commits; a commit between the ends that fails is skipped."""
        self._seed += 1
        roles = {(base, "base"), (head, "head")}
        request = replace(request, base=base, head=head, seed=self._seed, warmup=request.warmup)
        if roles <= self._warm:
            request = replace(request, warmup=0)
        sides = None
        try:
            sides = self._builds.pair(base, head, settings, {self._good})
            measured = compare(sides, request, self._on_progress)
            sides.guard.require_measured()
        except SideFailedError as failure:
            return self._without(base if failure.side == "base" else head, failure)
        except CannotDecideError as failure:
            if sides is not None:
                raise
            return self._without(head if self._builds.has(base) else base, failure)
        self.runs += 2 * measured.runs
        self.names = {title(*p.key): tuple(m.metric.name for m in p.metrics) for p in measured.selection.profiles}
        if measured.problems:
            raise CannotDecideError(measured.problems)
        if measured.sides.base is None:
            missing = measured.sides.notes[-1].message.partition(":")[0].removeprefix("the base ")
            return self._without(base, CannotDecideError([error("command-failed", f"it {missing}")]))
        self._warm |= roles
        self.notes |= dict.fromkeys(measured.taken_notes)
        return measured

    def _without(self, commit: str, failure: CannotDecideError) -> Skipped:
        """Return a commit that is skipped.

        Raises:
            CannotDecideError: it is an end of the range.
        """
        (first, *_) = failure.diagnostics
        reason = first.fact.replace(" of the head", "").replace(" of the base", "")
        is_end = commit in {self._good, self._bad}
        if first.slug not in (_ENDS if is_end else _OF_COMMIT):
            raise failure
        if is_end:
            name, flag = ("good", "--good") if commit == self._good else ("bad", "--bad")
            message = f"the {name} commit {commit[:SHOWN]} cannot be measured: {reason}"
            hint = f"name one that can: {flag} COMMIT; or build it there: --setup CMD"
            raise CannotDecideError([error("bisect-end", message, hint=hint)], output=failure.output) from failure
        return Skipped(commit=commit, reason=reason)
