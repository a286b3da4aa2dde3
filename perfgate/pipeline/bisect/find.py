"""Use case `perfgate bisect`: from two commits to the one between them that made a value worse."""

from __future__ import annotations

import json
import shlex
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.bisection import Bisection, Ends, Skipped, Trial
from perfgate.core.errors import error, note
from perfgate.core.finding import Status
from perfgate.core.policy import Rule
from perfgate.core.statistic import P50
from perfgate.core.text.canonical import short_hash
from perfgate.gate.bisect.search import REMAINING, posterior_of, search
from perfgate.pipeline import inputs
from perfgate.pipeline.ab.isolation import shared
from perfgate.pipeline.ab.sides import SHOWN
from perfgate.pipeline.bisect import state
from perfgate.pipeline.bisect.bench import CommitBench
from perfgate.pipeline.bisect.builds import Builds
from perfgate.pipeline.measuring.fixed_time import refuse_by_arguments
from perfgate.report.bisection import Found, describe_finding, shown_change
from perfgate.report.words import count
from perfgate.store.checkouts.commits import describe, find_range
from perfgate.store.checkouts.tree import Tree
from perfgate.store.checkouts.worktrees import open_worktree_dir
from perfgate.store.git import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from perfgate.core.bisection import Described, Result
    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.pipeline.ab.standing import Standing
    from perfgate.pipeline.bisect.request import BisectRequest

_MOST_DESCRIBED = 200
"""Commits whose subjects are shown or written, at the most."""


def bisect(request: BisectRequest, on_progress: Callable[[Standing], None], on_step: Callable[[str], None]) -> Found:
    """Return the commit that made a value worse, as far as it was found.

    Args:
        request: what is searched, and how.
        on_progress: called before each run with how far a comparison is.
        on_step: called with each step of the search, a line for people.

    Raises:
        CannotDecideError: the commits do not form a range, or one of its ends cannot be measured.
    """
    began = time.monotonic()
    measuring = request.measuring
    if not measuring.is_whole and not measuring.results:
        refuse_by_arguments(measuring.argv, measuring.verb)
    tree = Tree()
    settings = inputs.read_settings(measuring.config)
    settings = replace(settings, policy=_gating(settings.policy, request.metric))
    good, bad = Commit(request.good, ".").id, Commit(request.bad, ".").id
    between = find_range(".", good, bad)
    start = Bisection(good=good, commits=between.commits, measuring=_digest_of(request, tree.prefix))
    so_far = start
    if request.state is not None:
        so_far = state.read(request.state, start)
        state.write(request.state, so_far)  # before anything is measured that could not be kept
    on_step(f"{count(len(between.commits), 'commit')} after {good[:SHOWN]}, up to {bad[:SHOWN]}")

    def keep(now: Bisection, event: Ends | Trial | Skipped) -> None:
        if request.state is not None:
            state.write(request.state, now)
        on_step(_describe(now, event))

    def may_go_on(now: Bisection) -> bool:
        spent = time.monotonic() - began
        ends = len(now.ends.good) + len(now.ends.bad) if now.ends else 0
        return ends + now.runs < request.most_runs and (measuring.max_time is None or spent < measuring.max_time)

    with open_worktree_dir(tree) as worktree_dir:
        builds = Builds(tree, worktree_dir, measuring)
        bench = CommitBench(builds, so_far, replace(measuring, max_time=None), settings, on_progress)
        try:
            result = search(so_far, bench, may_go_on=may_go_on, keep=keep)
        finally:
            builds.close()
    notes = [*_notes_on_tree(tree, request), *shared(measuring.argv, tree), *bench.notes, *builds.notes]
    return Found(
        result=result,
        described=_describe_commits(result),
        merged=between.merged(result.first[0]) if result.kind == "found" else "",
        builds=len(builds.made),
        runs=bench.runs,
        notes=tuple(dict.fromkeys(notes)),
        problem=_problem(request, result, bench.names),
    )


def _gating(policy: Policy, metric: str | None) -> Policy:
    """Return the policy that gates a metric, whatever level its rules give it; None: as it is."""
    if metric is None:
        return policy
    rules = (replace(rule, level="fail") for rule in policy.rules)
    return replace(policy, rules=(*rules, Rule(origin="--metric", metric=metric, level="fail")))


def _digest_of(request: BisectRequest, folder: str) -> str:
    """Return what stands for the way it is measured, in which folder of the repository."""
    measuring, hooks = request.measuring, request.measuring.hooks
    settings = [
        [folder, *measuring.argv],
        [hooks.setup, hooks.prepare, hooks.conclude],
        [
            measuring.results,
            measuring.counts,
            measuring.is_whole,
            measuring.rows,
            repr((measuring.foreign, measuring.parameters)),
        ],
        [measuring.only, request.metric],
    ]
    return short_hash(json.dumps(settings))


def _describe(now: Bisection, event: Ends | Trial | Skipped) -> str:
    """Return a step of a search, a line for people."""
    if isinstance(event, Skipped):
        return f"{event.commit[:SHOWN]}  skipped: {event.reason}"
    ends = now.ends
    if isinstance(event, Ends) or ends is None:
        change = shown_change(event.good, event.bad) if isinstance(event, Ends) else ""
        return f"{now.commits[-1][:SHOWN]}  {change}, worse for certain"
    line = f"{event.commit[:SHOWN]}  {shown_change(event.was, event.now)}"
    if event.confirmed is not None:
        before = "the commit" if now.before(event.commit) == event.base else "the last one that runs"
        return f"{line} against {before} before it, {event.base[:SHOWN]}"
    likely = len(posterior_of(now, ends).remaining(REMAINING))
    return f"{line}, {count(likely, 'commit')} left"


def _notes_on_tree(tree: Tree, request: BisectRequest) -> list[Diagnostic]:
    """Return a note when the working tree holds what is not measured."""
    changed, _ = tree.changes()
    if request.bad != "HEAD" or not changed:
        return []
    message = f"commits are measured, without the {count(changed, 'file')} with uncommitted changes"
    return [note("head-dirty", message, hint="commit them to measure them")]


def _describe_commits(result: Result) -> dict[str, Described]:
    """Return what the commits that are named say of themselves."""
    now = result.bisection
    named = dict.fromkeys((*result.first, *(trial.commit for trial in now.trials), now.good, now.commits[-1]))
    return describe(".", list(named)[:_MOST_DESCRIBED])


def _problem(request: BisectRequest, result: Result, names: Mapping[str, Sequence[str]]) -> Diagnostic | None:
    """Return why a search named no single commit; None: it named one."""
    if result.kind == "found":
        return None
    if result.kind == "same":
        return _same(request, result, names)
    left = count(len(result.first), "commit")
    if result.kind == "undone":
        return _undone(result)
    if result.kind == "group":
        message = f"the first slow commit is one of {len(result.first)}: those between them cannot be measured"
        hint = 'make them run, such as with --setup "CMD", and search again; or read them: git show COMMIT'
        return error("bisect-skipped", message, hint=hint)
    if any(trial.confirmed is False for trial in result.bisection.trials):
        message = f"no likely commit is worse than the one before it for certain; {left} left"
        hint = "quiet the machine, or let the command do more work: small changes drown in noise; or count: --counts"
        return error("bisect-unclear", message, hint=hint)
    message = f"the limit of {request.most_runs:,} runs, or of time, was reached; {left} left"
    more = "give it more: --max-runs, --max-time"
    return error(
        "bisect-unclear", message, hint=f"{more}; or go on from there: the same command" if request.state else more
    )


def _undone(result: Result) -> Diagnostic:
    """Return the error for a commit whose change a later one took back."""
    (commit,) = result.first
    message = f"{commit[:SHOWN]} made {result.part:.1f} times the whole change, and a later commit took a part back"
    hint = "search on after it: --good COMMIT, one after it that is fast again"
    return error("bisect-undone", message, hint=hint)


def _same(request: BisectRequest, result: Result, names: Mapping[str, Sequence[str]]) -> Diagnostic:
    """Return the error for ends that do not differ, or of which nothing that is asked for was measured."""
    if not result.ends:
        benchmark, _ = request.measuring.only
        asked = [f'benchmark "{benchmark}"'] * (benchmark != "*") + [f'metric "{request.metric}"'] * bool(
            request.metric
        )
        message = f"nothing that is measured is the {' and '.join(asked)}"
        fault = error("bisect-no-value", message, hint="name one of these, or leave the option out")
        return fault._replace(details=tuple(f"{name}: {', '.join(metrics)}" for name, metrics in names.items()))
    if any(f.status is Status.REGRESSED and f.statistic == P50 for f in result.ends):
        message = "what is worse is zero on one side: a value that is no measurement, or whose change has no ratio"
        fault = error("bisect-no-difference", message, hint="follow another value: --benchmark, --metric")
        return fault._replace(details=tuple(map(describe_finding, result.ends)))
    message = f"{request.bad} is not worse than {request.good} for certain"
    hint = "name commits further apart; or what got worse: --benchmark, --metric; or count: --counts"
    ungated = next((f.metric for f in result.ends if f.reason == "not-gated" and f.statistic == P50), "")
    if ungated:
        hint = f"follow what got worse: --metric {shlex.quote(ungated)}; or {hint}"
    return error("bisect-no-difference", message, hint=hint)._replace(details=tuple(map(describe_finding, result.ends)))
