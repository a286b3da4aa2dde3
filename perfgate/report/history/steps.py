"""The steps of a history: where each lies, and how to find its commit."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import plain
from perfgate.core.text.columns import cut_end
from perfgate.report.document import BENCHMARK, METRIC, Bullets, Column, Entry, Heading, Paragraph, Table, name, text
from perfgate.report.history.common import ALL
from perfgate.report.history.ranges import bisect_command, log_command
from perfgate.report.words import amount, count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Commits, Mark, Series, SlowChange, SuiteTrend, Trend
    from perfgate.report.document import Block, Line, Span
    from perfgate.report.history.found import Found

CLASS = Column(title="Class", kind="name", shortest=12, label="on")
"""The class of machine, where a history has several."""
_MOST_STEPS = 20
_MOST_SEARCHES = 5
"""Steps of one benchmark whose commits are listed."""
MOST_COMMITS = 10
"""Of a step whose subjects are shown."""
_FEW_COMMITS = 8
"""Of the newest step: some likely ones, and those of about one session on each side of them."""
_MOST_NAMED = 3
"""Other benchmarks with open steps that are named."""
_MANY = 3
"""Open steps of one value from which on they are perhaps parts of a slow change."""
LEAST_OF_OTHERS = 0.02
"""What the others did meanwhile, as a ratio less one, from which on the levels would not explain the change."""
_LONGEST_SUBJECT = 64
_LIKELY = " (likely)"
_DIGITS = 7
"""Of a commit that people read."""
COLUMNS = (
    Column(title="Session", kind="text", leads=True),
    BENCHMARK,
    METRIC,
    Column(title="Level", kind="text", leads=True),
    Column(title="Change", kind="change", leads=True),
    Column(title="State", kind="text", leads=True),
)
"""Of a table of changes."""
_COMMITS = Column(title="Commits", kind="text")


class Step(Struct, frozen=True, kw_only=True):
    """A change of level of one value, or of all of them."""

    mark: Mark
    """Where it lies among its sessions."""
    sessions: Sequence[Past]
    """Those of the value, oldest first."""
    machine_class: str
    """Of the sessions."""
    metric: str
    """Name of the metric."""
    series: Series | None
    """The value; None: all benchmarks together."""
    is_of_many: bool = False
    """Is it one of several open steps of its value? Then they are perhaps parts of a slow change."""

    @property
    def day(self) -> str:
        """The day of the first session after it."""
        return self.sessions[self.mark.at].when[:10]

    @property
    def change(self) -> str:
        """How far the level changed, in words."""
        if self.series is None or self.series.is_ratio:
            return percent(self.mark.change)
        return f"{self.mark.change:+.4g} {self.series.metric.unit}"

    @property
    def state(self) -> str:
        """What became of it, in one word."""
        return state_of(self.mark)

    @property
    def levels(self) -> str:
        """The levels before and after it; empty: it is one of all benchmarks together."""
        if self.series is None:
            return ""
        before, after, unit = self.mark.before, self.mark.after, self.series.metric.unit
        return f"{amount(before, unit, beside=after)} → {amount(after, unit, beside=before)}"


def steps_of(trend: Trend) -> list[Step]:
    """Return the steps of one value, the oldest first."""
    series = trend.series
    sessions = [p.past for p in series.points]
    is_many = sum(m.is_open for m in trend.marks) >= _MANY
    return [
        Step(
            mark=m,
            sessions=sessions,
            machine_class=series.benchmark.machine_class,
            metric=series.metric.name,
            series=series,
            is_of_many=m.is_open and is_many,
        )
        for m in trend.marks
    ]


def steps_of_all(suite: SuiteTrend) -> list[Step]:
    """Return the steps of all benchmarks together, the oldest first."""
    return [
        Step(mark=m, sessions=suite.sessions, machine_class=suite.machine_class, metric=suite.metric, series=None)
        for m in suite.marks
    ]


def find_steps(found: Found) -> list[Step]:
    """Return the steps of all values, the newest first."""
    steps = [step for suite in found.suites for step in steps_of_all(suite)]
    steps += [step for trend in found.trends for step in steps_of(trend)]
    return sorted(steps, key=lambda s: s.sessions[s.mark.at].when, reverse=True)


def has_classes(found: Found) -> bool:
    """Are there values of more than one class of machine?"""
    return len({t.series.benchmark.machine_class for t in found.trends}) > 1


def list_steps(found: Found) -> Iterator[Block]:
    """Yield the newest steps, each with the commits between which it lies; open ones before others."""
    steps = find_steps(found)
    if not steps:
        return
    chosen = sorted(steps, key=lambda s: not s.mark.is_open)[:_MOST_STEPS]
    shown = [s for s in steps if s in chosen] if len(steps) > _MOST_STEPS else steps
    words = f"Steps ({len(steps):,}, {sum(s.mark.is_open for s in steps):,} open"
    yield Heading(line=(text(words + (f"; {len(shown)} are shown)" if len(shown) < len(steps) else ")")),))
    columns = (*COLUMNS, CLASS) if has_classes(found) else COLUMNS
    entries = tuple(_entry(s, found, with_class=has_classes(found)) for s in shown)
    yield Table(columns=columns, entries=entries, remarks=True, remark=_COMMITS)


def _entry(step: Step, found: Found, *, with_class: bool) -> Entry:
    benchmark = name(step.series.titled) if step.series else text(ALL)
    cells = (text(step.day), benchmark, name(step.metric), name(step.levels), change_of(step), text(step.state))
    return Entry(cells=(*cells, *([name(step.machine_class)] if with_class else [])), remark=where(step, found))


def state_of(change: Mark | SlowChange) -> str:
    """Return what became of a change, in one word."""
    if not change.is_worse:
        return "better"
    return "open" if change.is_open else "ended" if change.is_ended else "undone"


def change_of(step: Step) -> Span:
    """Return how far the level changed; a difference has a unit, which comes from data."""
    return text(step.change) if step.series is None or step.series.is_ratio else name(step.change)


def where(step: Step, found: Found) -> Line:
    """Return between which commits a step lies, the likely ones first, and what else changed there."""
    mark = step.mark
    words: list[Span] = []
    if all(mark.likely):
        likely, widest = _range(mark.likely, found), _range(mark.widest, found)
        is_wider = mark.widest != mark.likely and all(mark.widest)
        found_in = (text("likely "), name(likely), text(", widest "), name(widest)) if is_wider else (name(likely),)
        words += found_in
    for fact in mark.environment:
        words += [text("; " if words else ""), text("with "), name(fact)]
    for fact in mark.nearby:
        words += [text("; " if words else ""), text("near: "), name(fact)]
    if abs(mark.shift) >= LEAST_OF_OTHERS:
        words.append(text(f"{'; ' if words else ''}the others {percent(mark.shift)} meanwhile"))
    if step.is_of_many:
        words.append(text(f"{'; ' if words else ''}one of many open steps: perhaps a slow change"))
    return tuple(words)


def _range(between: Commits, found: Found) -> str:
    commits = len(found.between.get(between, ())) or found.distances.get(between, 0)
    counted = f" ({count(commits, 'commit')})" if commits else ""
    return f"{between.older[:_DIGITS]}..{between.newer[:_DIGITS]}{counted}"


def open_steps(found: Found) -> list[Step]:
    """Return the open steps whose commits can be searched: those of single values first, then the largest first.

    Steps of a value that has many are the last: they are perhaps parts of a slow change.
    """
    steps = [s for s in find_steps(found) if s.mark.is_open and s.mark.widest in found.distances]
    return sorted(steps, key=lambda s: (s.series is None, s.is_of_many, -abs(s.mark.change)))


def list_search(found: Found) -> Iterator[Block]:
    """Yield how to find the commit of the largest open step of a value and of all, and the commands for the others."""
    steps = open_steps(found)
    single = [s for s in steps if s.series is not None]
    for step in (*single[:1], *[s for s in steps if s.series is None][:1]):
        yield from search(step, found, _FEW_COMMITS)
    names = list(dict.fromkeys(s.series.titled for s in single[1:] if s.series is not None))
    if names:
        commands = [f"perfgate history {shlex.quote(plain(each))}" for each in names[:_MOST_NAMED]]
        more = f", and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
        spans = [span for each in commands for span in (text(", "), name(each))][1:]
        yield Paragraph(line=(text("Other open steps: "), *spans, text(more)))


def list_searches(found: Found) -> Iterator[Block]:
    """Yield how to find the commit of each of the newest steps to a worse level."""
    steps = [s for s in find_steps(found) if s.mark.is_worse and s.mark.widest in found.distances]
    for step in steps[:_MOST_SEARCHES]:
        yield from search(step, found)


def search(step: Step, found: Found, most: int = MOST_COMMITS) -> tuple[Heading, *tuple[Block, ...]]:
    """Return how to find the commit of a step: its likely commits, and of a value the command.

    Args:
        step: between known commits.
        found: has the commits.
        most: largest number of commits.
    """
    facts = (text(" "), name(step.metric), text(" "), change_of(step), text(f" ({step.day})"))
    commits = Bullets(lines=tuple(list_commits(step, found, most)))
    if step.series is None:
        return Heading(line=(text(f"Commits around {ALL}"), *facts)), commits
    heading = Heading(line=(text("To find the commit of "), name(step.series.titled), *facts))
    return heading, commits, Paragraph(line=(name(bisect_command(step.mark.widest)),))


def list_commits(step: Step, found: Found, most: int = MOST_COMMITS) -> list[Line]:
    """Return the commits of a step with their subjects, the likely ones and those next to them, the newest first."""
    mark = step.mark
    commits, more = nearest(mark.likely, mark.widest, found, most)
    likely = found.between.get(mark.likely, ()) if mark.likely != mark.widest else ()
    lines: list[Line] = [
        (name(_commit(c, found, len(_LIKELY))), text(_LIKELY)) if c in likely else (name(_commit(c, found)),)
        for c in commits
    ]
    if more or not commits:
        words = f"… and {more:,} more, and refreshes: " if commits else ""
        lines.append((text(words), name(log_command(mark.widest))))
    return lines


def nearest(likely: Commits, widest: Commits, found: Found, most: int) -> tuple[list[str], int]:
    """Return those commits of a step that are likely, then those next to them, newest first; and how many are left out.

    Args:
        likely: between which it lies most likely.
        widest: between which it lies in nearly all cases.
        found: has the commits between its sessions.
        most: largest number of commits.
    """
    commits = found.between.get(widest, ())
    near = set(found.between.get(likely, ()))
    inside = [number for number, commit in enumerate(commits) if commit in near]
    first, last = (inside[0], inside[-1]) if inside else (len(commits) // 2, len(commits) // 2)
    ranked = sorted(range(len(commits)), key=lambda n: (max(first - n, n - last, 0), n))
    chosen = sorted(ranked[:most])
    return [commits[n] for n in chosen], len(commits) - len(chosen)


def _commit(commit: str, found: Found, less: int = 0) -> str:
    known = found.described.get(commit)
    return f"{commit[:_DIGITS]} {cut_end(plain(known.subject), _LONGEST_SUBJECT - less)}" if known else commit[:_DIGITS]
