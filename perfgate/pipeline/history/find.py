"""Use case `perfgate history`: the versions of the baselines, and the ledger -> what each value did over time."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, cannot_decide, plain
from perfgate.core.history.trends import SinceAnchor
from perfgate.core.policy import NO_BASELINES, matches
from perfgate.core.profile import title
from perfgate.core.text.names import list_some
from perfgate.core.text.near_names import find_near
from perfgate.gate.history.series import make_series
from perfgate.gate.history.trends import find_creep, judge_trends
from perfgate.pipeline import inputs
from perfgate.pipeline.history.absent import note_absent
from perfgate.pipeline.history.anchor import find_anchor, time_of
from perfgate.pipeline.history.commits import add_commits
from perfgate.pipeline.history.sources import read_history
from perfgate.report.history.common import ALL
from perfgate.report.history.found import Found
from perfgate.store.git import Commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.history.past import BenchmarkHistory, History
    from perfgate.core.history.trends import Series, Trend
    from perfgate.core.policy import Policy
    from perfgate.pipeline.history.anchor import Anchor
    from perfgate.pipeline.inputs import Settings

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ALMOST_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?", re.ASCII)
_DAYS = "a day is YYYY-MM-DD, such as 2026-01-31"


class Asked(Struct, frozen=True, kw_only=True):
    """What of a history is asked for."""

    benchmark: str = ""
    """A name, with labels where it has some, or a glob; empty: all that are there."""
    metric: str = ""
    """Name or glob; empty: what is gated."""
    machine_class: str = ""
    """Empty: all."""
    since: str = ""
    """A day, ``2026-01-31``, or a commit: only what was measured since; empty: all."""
    last: int = 300
    """Newest sessions of each benchmark, >= 1."""
    anchor: str = ""
    """A commit, or how many sessions back; empty: the newest tag, or 50 sessions back."""
    ref: str = ""
    """Full name of the ledger's ref; empty: the configured one."""


def find_history(asked: Asked, *, config: str | None) -> Found:
    """Return what the values of a suite did over time.

    Raises:
        CannotDecideError: there is no history, nothing in it is asked for, or a commit is not here.
    """
    settings = inputs.read_settings(config)
    folder = settings.root or "."
    series, history, anchor = _read(asked, settings)
    trends, suites = judge_trends(series, anchor.count)
    chosen = tuple(t for t in trends if _is_asked(t.series.benchmark, asked.benchmark))
    shown = {(t.series.benchmark.machine_class, t.series.metric.name) for t in chosen}
    unknown = anchor.find_unknown(chosen) if asked.anchor else ()
    found = Found(
        source=history.source,
        trends=chosen,
        suites=tuple(s for s in suites if (s.machine_class, s.metric) in shown),
        anchor=anchor.words,
        anchor_ref=anchor.ref,
        described={},
        distances={},
        between={},
        notes=(*history.notes, *unknown),
    )
    baselines = "" if settings.policy.baselines == NO_BASELINES else settings.policy.baselines
    return note_absent(add_commits(found, folder, baselines), folder)


def find_creep_since(asked: Asked, settings: Settings) -> tuple[SinceAnchor, tuple[Diagnostic, ...]]:
    """Return how the newest sessions compare with those of the anchor, and what was left out of the history.

    Raises:
        CannotDecideError: as `find_history` does.
    """
    series, history, anchor = _read(asked, settings)
    values = tuple((s, find_creep(s, anchor.count)) for s in series if _is_asked(s.benchmark, asked.benchmark))
    return SinceAnchor(anchor=anchor.words, anchor_ref=anchor.ref, values=values), history.notes


def _read(asked: Asked, settings: Settings) -> tuple[list[Series], History, Anchor]:
    """Return the series of the class that is asked for, what they were read from, and the anchor.

    Raises:
        CannotDecideError: there is no history, nothing in it is asked for, or a commit is not here.
    """
    folder = settings.root or "."
    head = Commit("HEAD", folder)

    def read(metric: str) -> History:
        wants = partial(fnmatchcase, pat=metric)
        asks = partial(_is_named, asked=asked) if asked.benchmark or asked.machine_class else None
        return read_history(settings, head.id, ref=asked.ref, last=asked.last, wants=wants, asks=asks)

    history = read(asked.metric or "*")
    if asked.metric and not _metrics(history):
        message = f'no session measured the metric "{asked.metric}"'
        raise cannot_decide("history-empty", message, hint=_did_you_mean(asked.metric, _metrics(read("*"))))
    kept = _choose(history, asked, _day_of(asked.since, folder))
    series = _series(kept, asked, settings.policy)
    meant = [s for s in series if _is_asked(s.benchmark, asked.benchmark)]
    return series, history, find_anchor(asked.anchor, folder).fit(meant)


def load_history(
    benchmark: str = "",
    *,
    metric: str = "",
    machine_class: str = "",
    since: str = "",
    last: int = 300,
    anchor: str = "",
) -> tuple[Trend, ...]:
    """Return what values did over time, for notebooks; what was left out of it is a warning of Python each.

    Args:
        benchmark: a name, with labels where it has some, or a glob; empty: all that the baselines hold.
        metric: name or glob; empty: what is gated.
        machine_class: empty: all.
        since: a day, ``2026-01-31``, or a commit; empty: from the first session on.
        last: newest sessions of each benchmark, >= 1.
        anchor: a commit, or how many sessions back; empty: the newest tag, or 50 sessions back.

    Raises:
        CannotDecideError: there is no history, nothing in it is asked for, or a commit is not here.
        ValueError: `last` is less than 1.
    """
    if last < 1:
        raise ValueError(f"last is {last}: at least one session is asked for")
    asked = Asked(
        benchmark=benchmark, metric=metric, machine_class=machine_class, since=since, last=last, anchor=anchor
    )
    found = find_history(asked, config=None)
    for remark in found.notes:
        warnings.warn(f"{remark.fact}; {plain(remark.hint)}" if remark.hint else remark.fact, stacklevel=2)
    return found.trends


def _choose(history: History, asked: Asked, since: str) -> list[BenchmarkHistory]:
    """Return the benchmarks of the class that is asked for, each with its newest sessions: also those not asked for.

    What all of them did together is taken off each.

    Raises:
        CannotDecideError: none of them is asked for.
    """
    if not history.benchmarks:
        message = "git holds no version of a baseline that can be read, and no record of a ledger"
        hint = "perfgate baseline refresh; commit the folder; each refresh adds a session; or: perfgate history append"
        raise CannotDecideError([*cannot_decide("no-baseline", message, hint=hint).diagnostics, *history.notes])
    classes = sorted({b.machine_class for b in history.benchmarks})
    if asked.machine_class and asked.machine_class not in classes:
        hint = _did_you_mean(asked.machine_class, classes)
        raise cannot_decide("history-empty", f'no session is of the class "{asked.machine_class}"', hint=hint)
    of_class = [b for b in history.benchmarks if asked.machine_class in {"", b.machine_class}]
    names = {title(b.benchmark, b.labels) for b in of_class}
    chosen = [b for b in of_class if _is_asked(b, asked.benchmark)]
    if not chosen and not asked.benchmark:
        message = "the newest version of the baselines holds no benchmark"
        raise cannot_decide("history-empty", message, hint=f"name one that was removed: {list_some(sorted(names))}")
    if asked.benchmark == ALL and not chosen:
        message = f'"{ALL}" is what the benchmarks have in common, and none of them'
        raise cannot_decide("history-empty", message, hint="its steps and their commits: perfgate history")
    if not chosen:
        message = f'no session measured the benchmark "{asked.benchmark}"'
        raise cannot_decide("history-empty", message, hint=_did_you_mean(asked.benchmark, sorted(names)))
    cut = [replace(b, sessions=tuple(s for s in b.sessions if s.when >= since)[-asked.last :]) for b in of_class]
    kept = [b for b in cut if b.sessions]
    if not any(_is_asked(b, asked.benchmark) for b in kept):
        newest = max(b.sessions[-1].when for b in chosen)
        message = f"nothing was measured since {asked.since}: the newest session is of {newest[:10]}"
        raise cannot_decide("history-empty", message, hint="name an earlier day or commit: --since DATE|REF")
    return kept


def _metrics(history: History) -> list[str]:
    return sorted({name for b in history.benchmarks for past in b.sessions for name in past.readings})


def _is_asked(benchmark: BenchmarkHistory, pattern: str) -> bool:
    """Is a benchmark meant? Without a pattern those are that the newest version still holds."""
    if not pattern:
        return benchmark.is_present
    return matches(pattern, benchmark.benchmark, title(benchmark.benchmark, benchmark.labels))


def _is_named(benchmark: BenchmarkHistory, asked: Asked) -> bool:
    return asked.machine_class in {"", benchmark.machine_class} and _is_asked(benchmark, asked.benchmark)


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = find_near(name, known)
    return f"did you mean {near}?" if near else f"there are: {list_some(known)}"


def _series(benchmarks: Iterable[BenchmarkHistory], asked: Asked, policy: Policy) -> list[Series]:
    """Return the series that are asked for: without a metric the gated ones.

    Raises:
        CannotDecideError: there are none.
    """
    every = list(make_series(list(benchmarks), policy))
    chosen = every if asked.metric else [s for s in every if s.is_gated]
    if not any(_is_asked(s.benchmark, asked.benchmark) for s in chosen):
        known = sorted({s.metric.name for s in every if _is_asked(s.benchmark, asked.benchmark)})
        hint = f"name a metric: --metric {known[0]} (there are: {list_some(known)})" if known else "perfgate explain"
        raise cannot_decide("history-empty", "no value that is asked for is gated", hint=hint)
    return chosen


def _day_of(since: str, folder: str) -> str:
    """Return from when on sessions are asked for: a day, or the time of a commit; empty: from the first on.

    Raises:
        CannotDecideError: it names neither.
    """
    if not since or (_DAY.fullmatch(since) and _is_day(since)):
        return since
    try:
        commit = Commit(since, folder).id
    except CannotDecideError as caught:
        first = caught.diagnostics[0]
        if _ALMOST_DAY.fullmatch(since):
            raise cannot_decide("usage", f'"{since}" is no day', place="--since", hint=_DAYS) from None
        hint = first.hint if first.hint.startswith("did you mean") else f"{_DAYS}; or {first.hint}"
        raise CannotDecideError([first._replace(place="--since", hint=hint)]) from None
    return time_of(commit, folder)


def _is_day(text: str) -> bool:
    """Does the calendar have this day?"""
    try:
        return bool(dt.date.fromisoformat(text))
    except ValueError:
        return False
