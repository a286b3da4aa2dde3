"""Measures both sides of an A/B comparison interleaved, with interim analyses of a group-sequential test."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shlex
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from perfgate.collect import Selection
from perfgate.collect.uncounted import count_spread
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide
from perfgate.core.policy import matches
from perfgate.core.profile import title
from perfgate.core.session_id import SessionId
from perfgate.core.text.units import describe_time
from perfgate.gate.judge import Judgement, Pair
from perfgate.gate.sequential import InterimAnalysis, failures_of, judge_analysis, plan_analyses
from perfgate.measure.command.name import command_digest, default_benchmark_name
from perfgate.measure.command.run import Launcher
from perfgate.measure.identity import new_run_id
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs
from perfgate.pipeline.ab.sides import SHOWN, without_base
from perfgate.pipeline.ab.standing import Standing, worst_gated
from perfgate.pipeline.measuring.counting import MOST_RUNS, InstructionCounts
from perfgate.pipeline.measuring.parameters import combine, describe, put_in
from perfgate.pipeline.measuring.results import ResultFiles
from perfgate.pipeline.measuring.run import MeasuringJob, measure_once, put_into, same_id
from perfgate.pipeline.measuring.tracing import variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.core.finding import Finding, RowKey
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels
    from perfgate.pipeline.ab.request import Request
    from perfgate.pipeline.ab.sides import Side, Sides
    from perfgate.pipeline.measuring.run import Take

_SIDES_A_ROUND = 2  # ABBA: two runs of each side
_FEWEST_SHOWN = 2  # runs of each side below which no estimate is shown
_FEWEST_DECIDING = 5  # runs of each side below which no rank test is significant at 1 %
_ALIKE = 1e-4  # spread of two counts of one side from which on a third shows nothing
_GROWTH = 1.25  # by which the runs grow before the estimate is made anew: all of them together stay in proportion


class Measured(Struct, frozen=True, kw_only=True):
    """What was measured of both sides."""

    sides: Sides
    """Both; the base is None when it turned out to lack the benchmark."""
    pairs: tuple[Pair, ...]
    """The benchmarks, both sides as far as they were measured."""
    selection: Selection
    """What was measured of the head."""
    judgement: Judgement
    """Of the last interim analysis, with the findings that failed at earlier ones."""
    problems: tuple[Diagnostic, ...]
    """Why runs could not be collected."""
    runs: int
    """Runs of each side."""
    most: int
    """Runs of each side that would have been made at the most."""
    taken_notes: tuple[Diagnostic, ...] = ()
    """Remarks on what was judged in place of time and memory."""


class SideFailedError(CannotDecideError):
    """A run of one side failed."""

    def __init__(self, failure: CannotDecideError, side: str) -> None:
        """Take the failure and the name of the side."""
        super().__init__(failure.diagnostics, output=failure.output)
        self.side = side
        """``base`` or ``head``."""


def _random_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret; the order must be reproducible


def order_sides(seed: int) -> Iterator[str]:
    """Yield the side to run next, without end: rounds of ABBA or BAAB in random order.

    A linear drift affects both sides of a round alike; the random order prevents periodic
    noise from affecting one side only.

    Args:
        seed: of the random order; the same seed gives the same order.
    """
    rng = _random_of(seed)
    while True:
        first, second = ("base", "head") if rng.random() < 0.5 else ("head", "base")  # noqa: PLR2004 - a fair coin
        yield from (first, second, second, first)


def compare(sides: Sides, request: Request, on_progress: Callable[[Standing], None]) -> Measured:
    """Measure both sides interleaved and judge them.

    Args:
        sides: both, set up.
        request: how often, and how.
        on_progress: called before each run, and at the end, with how far it is.

    Raises:
        CannotDecideError: a run failed, and not because the base lacks something that the head adds.
    """
    with Launcher() as launcher:  # the same one for both sides: nothing of it can differ between them
        return _compare(sides, request, launcher, on_progress)


def _compare(sides: Sides, request: Request, launcher: Launcher, on_progress: Callable[[Standing], None]) -> Measured:
    """Measure both sides interleaved and judge them, as `compare` does."""
    analyses = (
        plan_analyses(request.rounds)
        if request.runs is None
        else (InterimAnalysis(rounds=-(-request.runs // _SIDES_A_ROUND), share=None),)
    )
    most = request.runs or request.rounds * _SIDES_A_ROUND
    bench = _Bench(sides, request, launcher, most, on_progress)
    bench.analysis, bench.may_stop_early = analyses[0], len(analyses) > 1
    bench.warm_up()
    order = order_sides(request.seed)
    failed: dict[RowKey, Finding] = {}
    done = 0
    for analysis, runs in _analyses(analyses, most, request):
        bench.analysis = analysis
        bench.expect(min(MOST_RUNS, most) if analysis in {_FIRST_COUNTS, _MORE_COUNTS} else most)
        done = bench.measure(order, done, runs)
        base, head = bench.collect("base"), bench.collect("head")
        pairs = bench.pair(base[0], head[0])
        judgement = judge_analysis(pairs, bench.sides.settings.policy, analysis, failed)
        problems = (*base[1], *head[1])
        failed |= failures_of(judgement)
        bench.note_analysis(judgement)
        is_clear = not judgement.rows_still_open and (analysis is not _FIRST_COUNTS or _agree(pairs))
        if problems or done < runs or is_clear:
            break
    bench.report(is_over=True)
    return Measured(
        sides=bench.sides,
        pairs=pairs,
        selection=head[0],
        judgement=judgement,
        problems=problems,
        runs=done,
        most=most,
        taken_notes=bench.close_taken(),
    )


_FIRST_COUNTS, _MORE_COUNTS = (InterimAnalysis(rounds=1, share=1e-9) for _ in range(2))
"""Looks at counts: they decide about those that hardly vary, and leave all alpha to the later ones for the others."""


def _analyses(
    analyses: Sequence[InterimAnalysis], most: int, request: Request
) -> Iterator[tuple[InterimAnalysis, int]]:
    """Yield each analysis, and after how many runs of each side it is taken.

    Counts of the same code agree, so that two runs of each side decide, and a third where these differ a little;
    only counts that vary go on as times do.
    """
    if request.counts and request.runs is None:
        yield _FIRST_COUNTS, MOST_RUNS - 1
        yield _MORE_COUNTS, MOST_RUNS
    for analysis in analyses:
        runs = min(analysis.rounds * _SIDES_A_ROUND, most)
        if not request.counts or request.runs is not None or runs > MOST_RUNS:
            yield analysis, runs


def _agree(pairs: Sequence[Pair]) -> bool:
    """Do the counts of each side agree so well that a third one would show nothing?"""
    sides = (side for pair in pairs for side in (pair.base, pair.current) if side is not None)
    return all(count_spread(side) <= _ALIKE for side in sides)


def _time_up(done: int, most: float) -> CannotDecideError:
    message = f"{done} runs of each side were made within {describe_time(most)}; one value needs {_FEWEST_DECIDING}"
    return cannot_decide("time-up", message, hint="give it more time: --max-time; or measure less in a run")


def _names_of(sides: Sides, request: Request) -> tuple[str, str]:
    """Return what is compared with what, in few words."""
    if sides.tree is None:
        return shlex.join(request.base_cmd), shlex.join(request.head_cmd)
    is_commit = sides.head.root is not None  # also a clean working tree whose instructions are counted
    head = (sides.head.commit or "")[:SHOWN] if is_commit else "working tree"
    return sides.commits[0][:SHOWN], head


class _Bench:
    """Measures both sides."""

    def __init__(
        self,
        sides: Sides,
        request: Request,
        launcher: Launcher,
        most: int,
        on_progress: Callable[[Standing], None],
    ) -> None:
        """Prepare a job for each side, both in one session of their own."""
        self.sides = sides
        """Both, as far as they can be measured."""
        self._request = request
        self._launcher = launcher
        self._on_progress = on_progress
        self._written: dict[str, list[str]] = {"base": [], "head": []}
        self._done = 0
        self._most = most
        self._combinations = list(combine(request.parameters))
        self._order = _random_of(request.seed)
        self._runs = dict.fromkeys(itertools.product(("base", "head"), self._combinations), 0)
        self.analysis = InterimAnalysis(rounds=1, share=None)
        """The analysis that comes next."""
        self.may_stop_early = False
        self._is_decided: bool | None = None
        self._estimate: Finding | None = None
        self._estimated = 0.0  # runs of each side that the estimate is of
        self._proven: set[Labels] = set()  # combinations with which the base ever ran
        self._began = time.monotonic()
        self._round = 0.0  # seconds of the last round
        session = str(SessionId.interleaved(SessionId.parse(facts.session_id()).session, new_run_id()))
        self._names = _names_of(sides, request)
        self._jobs: dict[tuple[str, Labels], MeasuringJob] = {
            (side.name, labels): self._job(side, labels, session)
            for side in (sides.base, sides.head)
            if side is not None
            for labels in self._combinations
        }
        self._watches = {key: job.watch() for key, job in self._jobs.items()}

    def _job(self, side: Side, labels: Labels, session: str) -> MeasuringJob:
        request, policy = self._request, self.sides.settings.policy
        out = request.out if request.out is not None else os.path.join(self.sides.worktree_dir.path, "summaries")
        benchmark = request.benchmark or default_benchmark_name(self.sides.head.argv)
        job = MeasuringJob(
            argv=side.argv,
            benchmark=benchmark,
            rows=request.rows,
            out=os.path.join(out, side.name),
            timeout=request.timeout,
            session=session,
            command=command_digest(side.argv),
            folder=side.folder,
            commit=side.commit,
            variables=(*variables_of(policy.trace), *side.variables(), *self._bytecode(side)),
            is_whole=request.is_whole,
            hooks=request.hooks,
            verb=request.verb,
        )
        return put_into(job, labels, policy, self._taker(side, benchmark))

    def _taker(self, side: Side, benchmark: str) -> Take | None:
        request = self._request
        if request.counts:
            return lambda _, argv, labels: InstructionCounts(
                argv,
                side.folder,
                verb=request.verb,
                benchmark=benchmark,
                rows=request.rows or 0,
                is_whole=request.is_whole,
                labels=labels,
            )
        if request.results:
            return lambda policy, _, labels: ResultFiles(
                put_in(request.results, labels), side.folder, request.foreign, policy
            )
        return None

    def _bytecode(self, side: Side) -> tuple[tuple[str, str | None], ...]:
        """Return the variables by which Python keeps the bytecode of both sides alike.

        The user's tree may have caches from before, the base's fresh checkout has none; and where the environment
        forbids to write them, as in many container images, it would never get any, and be dearer in each run. So
        each side starts with an empty folder of its own, which the warm-up fills, whatever the user's setting is.
        """
        folder = os.path.join(self.sides.worktree_dir.path, "bytecode", side.name)
        return (("PYTHONPYCACHEPREFIX", folder), ("PYTHONDONTWRITEBYTECODE", None))

    def expect(self, runs: int) -> None:
        """Take note of how many runs of each side there will be, as far as it is known: counts rarely vary."""
        self._most = runs

    def warm_up(self) -> None:
        """Run each side `warmup` times with each combination, without storing the runs."""
        for name, labels in self._runs:
            for index in range(self._request.warmup):
                self._once(name, labels, -index)

    def measure(self, order: Iterator[str], done: int, runs: int) -> int:
        """Run both sides round by round, and return how many runs each has: fewer than wanted when the time is up.

        A round has both sides of each combination of parameters, one combination after the other in random order, so
        that none always follows the same one.

        Args:
            order: the side to run next.
            done: runs that each has, with each combination.
            runs: runs that each shall have.

        Raises:
            CannotDecideError: the time was up before so many runs as can decide anything.
        """
        most = self._request.max_time
        while done < runs:
            begins = time.monotonic()
            if most is not None and done and begins - self._began + self._round > most:
                if done < _FEWEST_DECIDING and not self._request.counts:
                    raise _time_up(done, most)
                return done
            step = min(_SIDES_A_ROUND, runs - done)
            if len(self._combinations) > 1:
                self._order.shuffle(self._combinations)
            for labels in self._combinations:
                for name in itertools.islice(order, step * 2):
                    self._once(name, labels, self._runs[name, labels] + 1)
            self._round = time.monotonic() - begins
            done += step
        return done

    def _once(self, name: str, labels: Labels, index: int) -> None:
        """Run a side once.

        Args:
            name: the side.
            labels: the combination of parameters.
            index: number of the run, from 1 on; 0: a warm-up run, and 0 below: the next ones.
        """
        is_warmup = index <= 0
        number = f"warm-up run {1 - index} of the {name}" if is_warmup else f"run {index} of the {name}"
        self.report(labels)
        self._done += 1
        self._runs[name, labels] += not is_warmup
        written, job = self._written[name], self._jobs.get((name, labels))

        def keep(path: str, summary: dict[str, Any]) -> None:
            if path in written:
                raise same_id(summary, path)
            written.append(path)
            self.sides.guard.keep(path)

        if job is None:
            return
        self.sides.guard.before_run(name)
        try:
            measure_once(
                job,
                self._launcher,
                self.sides.worktree_dir.path,
                number=number,
                index=max(0, index),
                keep=keep,
                watch=self._watches[name, labels],
            )
            self._watches[name, labels] = self._watches[name, labels] if is_warmup else None
        except CannotDecideError as failure:
            if name == "head" or labels in self._proven:
                raise SideFailedError(failure, name) from failure
            self._go_without_base(job, failure)
        self.sides.guard.after_run()
        self._proven |= {labels} if name == "base" else set()

    def _go_without_base(self, job: MeasuringJob, failure: CannotDecideError) -> None:
        """Measure the head alone with a combination for which the base lacks the program; if all lack it, at all.

        Raises:
            CannotDecideError: the base lacks nothing that is started.
        """
        try:
            sides = without_base(self.sides, failure, argv=job.argv, what=job.with_values)
        except CannotDecideError as its:
            raise SideFailedError(its, "base") from failure
        del self._jobs["base", job.labels]
        if any(name == "base" for name, _ in self._jobs):
            self.sides = replace(sides, base=self.sides.base)
        else:
            self.sides = sides
            self.sides.guard.forget("base")

    def close_taken(self) -> tuple[Diagnostic, ...]:
        """Return the remarks on what was taken of both sides, each once.

        Raises:
            CannotDecideError: a benchmark was not in the results of every run of a side.
        """
        notes: dict[Diagnostic, None] = {}
        for (name, _), job in self._jobs.items():
            if job.taken is not None:
                job.taken.require_steady(f" of the {name}{job.with_values}")
                notes |= job.taken.notes
        return tuple(notes)

    def report(self, labels: Labels = (), *, is_over: bool = False) -> None:
        """Say how far it is, and which combination of parameters is next."""
        base, head = (sum(self._runs[name, one] for one in self._combinations) for name in ("base", "head"))
        self._on_progress(
            Standing(
                names=self._names,
                done=self._done,
                total=(self._most + self._request.warmup) * len(self._runs),
                warmup=self._request.warmup,
                runs=(base, head),
                combinations=len(self._combinations),
                combination=describe(labels),
                most=self._most,
                a_round=_SIDES_A_ROUND,
                may_stop_early=self.may_stop_early,
                is_over=is_over,
                is_decided=self._is_decided,
                estimate=self._judge_now,
            )
        )

    def note_analysis(self, judgement: Judgement) -> None:
        """Take note of what an interim analysis found."""
        self._is_decided = not judgement.rows_still_open
        self._estimate, self._estimated = worst_gated(judgement), float(min(self._runs.values()))

    def _judge_now(self) -> Finding | None:
        """Return the gated value that looks worst by the runs so far, or by those of a moment ago."""
        runs = min(self._runs.values())
        if runs >= max(_FEWEST_SHOWN, _GROWTH * self._estimated):
            with contextlib.suppress(CannotDecideError):  # the analysis will say it
                pairs = self.pair(self.collect("base")[0], self.collect("head")[0])
                judgement = judge_analysis(pairs, self.sides.settings.policy, self.analysis, {})
                self._estimate, self._estimated = worst_gated(judgement), float(runs)
        return self._estimate

    def pair(self, base: Selection, head: Selection) -> tuple[Pair, ...]:
        """Return the benchmarks of both sides; their interpreters and other tools may differ."""
        was, now = {p.key: p for p in base.profiles}, {p.key: p for p in head.profiles}
        policy, benchmark, metric = self.sides.settings.policy, *self._request.only
        return tuple(
            Pair(base=_only(was.get(key), metric), current=_only(now.get(key), metric), absent=("only-in-base", ""))
            for key in sorted({*was, *now})
            if matches(benchmark, key[0], title(*key)) and not policy.excludes(key[0], title(*key))
        )

    def collect(self, name: str) -> tuple[Selection, list[Diagnostic]]:
        """Return what was measured of a side, and its problems."""
        written = self._written[name]
        if not written:
            return Selection(profiles=(), selected=(), superseded=(), problems=()), []
        self.sides.guard.require_kept(written)
        collection, problems, _ = inputs.read_runs(written, self.sides.settings)
        return Selection(profiles=collection.profiles, selected=collection.seen, superseded=(), problems=()), problems


def _only(profile: Profile | None, metric: str) -> Profile | None:
    """Return a profile with the metrics that a glob names."""
    if profile is None or metric == "*":
        return profile
    return replace(profile, metrics=tuple(m for m in profile.metrics if fnmatchcase(m.metric.name, metric)))
