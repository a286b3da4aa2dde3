"""What `perfgate bisect` found -> document: the commit first, then what was measured of the others."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perfgate.core.profile import title
from perfgate.report.document import (
    Block,
    Bullets,
    Column,
    Document,
    Entry,
    Line,
    Paragraph,
    Table,
    name,
    strong,
    text,
)
from perfgate.report.words import amount, count, metric_name, percent, span
from perfgate.stats.quantiles import median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.core.bisection import Described, Result
    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Finding

SCHEMA = "perfgate/bisect/1"
_DIGITS = 12
_MOST_NAMED = 10
_WHOLE = 0.6
"""Part of the whole change below which a commit hardly made it alone."""
_COLUMNS = (
    Column(title="Commit", kind="name", leads=True),
    Column(title="Change", kind="change"),
    Column(title="Runs", kind="count"),
    Column(title="First slow", kind="text"),
    Column(title="Subject", kind="text"),
)
_HEADLINES = {
    "found": "First slow commit",
    "group": "First slow commit: one of these",
    "undone": "First slow commit, undone later",
    "unclear": "First slow commit: not found",
    "same": "No slow commit",
}


class Found(Struct, frozen=True, kw_only=True):
    """What a search found, with what people want to know of its commits."""

    result: Result
    described: Mapping[str, Described]
    """What the commits say of themselves, by full hash: of those that are named."""
    merged: str
    """Full hash of the branch's last commit when the one that was found is a merge; else empty."""
    builds: int
    """Commits that were built, in this call."""
    runs: int
    """Runs of both sides that were made, in this call."""
    notes: tuple[Diagnostic, ...]
    """Remarks on how it was measured."""
    problem: Diagnostic | None
    """Why there is no single commit; None: there is one."""


def shown_change(was: Sequence[float], now: Sequence[float]) -> str:
    """Return the change of the median of values > 0.0."""
    return percent(median(now) / median(was) - 1)


def describe_finding(finding: Finding) -> str:
    """Return what a comparison found of a value, in one line."""
    words = f"{title(finding.benchmark, finding.labels)}: {metric_name(finding.metric, finding.statistic)}"
    if finding.change is not None:
        words += f" {percent(finding.change)}"
    if finding.decision_interval is not None:
        words += f" ({span(finding.decision_interval)})"
    return f"{words}, {finding.message}"


def compose_bisection(found: Found, *, tool: str) -> Document:
    """Return the report of a search."""
    result = found.result
    blocks: list[Block] = [Paragraph(line=(strong(_HEADLINES[result.kind]), *_named(found)))]
    if result.kind in {"found", "undone"}:
        blocks.append(Paragraph(line=_evidence(found)))
    elif result.first:
        shown = result.first[:_MOST_NAMED]
        lines = [(name(each[:_DIGITS]), *_subject(found, each)) for each in shown]
        if len(shown) < len(result.first):
            lines.append((text(f"and {count(len(result.first) - len(shown), 'more', 'more')}"),))
        blocks.append(Bullets(lines=tuple(lines)))
    blocks.append(Paragraph(line=_effort(found)))
    if result.bisection.trials:
        blocks.append(Table(columns=_COLUMNS, entries=_entries(found), remarks=False))
    if steps := _next_steps(found):
        blocks.append(Bullets(lines=steps))
    return Document(data=_to_data(found, tool), blocks=tuple(blocks))


def _named(found: Found) -> Line:
    if found.result.kind not in {"found", "undone"}:
        return ()
    (commit,) = found.result.first
    return text(": "), name(commit[:_DIGITS]), *_subject(found, commit)


def _subject(found: Found, commit: str) -> Line:
    known = found.described.get(commit)
    return (
        (text("  "), name(known.subject), text("  ("), name(f"{known.author}, {known.date}"), text(")"))
        if known
        else ()
    )


def _evidence(found: Found) -> Line:
    """Return by how much the commit is slower than the one before it."""
    finding = found.result.finding
    before = found.result.bisection.before(found.result.first[0])
    if finding is None or finding.change is None or finding.baseline is None or finding.current is None:
        return (text(f"It was confirmed earlier, against the commit before it, {before[:_DIGITS]}."),)
    was, now = (
        amount(a, finding.unit, beside=b)
        for a, b in ((finding.baseline, finding.current), (finding.current, finding.baseline))
    )
    words = f" {metric_name(finding.metric, finding.statistic)}: {was} → {now}, {percent(finding.change)}"
    if finding.decision_interval is not None:
        words += f" ({span(finding.decision_interval)})"
    return (
        name(title(finding.benchmark, finding.labels)),
        text(f"{words}, against the commit before it, {before[:_DIGITS]}."),
    )


def _effort(found: Found) -> Line:
    """Return what was searched, and how much was measured."""
    now = found.result.bisection
    words = (
        f"{count(len(now.commits), 'commit')} after {now.good[:_DIGITS]}, up to {now.commits[-1][:_DIGITS]}; "
        f"{found.builds} built, {count(found.runs, 'run')}"
    )
    if now.skipped:
        words += f", {len(now.skipped)} skipped"
    return (text(f"{words}."),)


def _entries(found: Found) -> tuple[Entry, ...]:
    """Return the commits that were measured against the good one, the oldest first."""
    now = found.result.bisection
    ends = now.ends
    changes: dict[str, list[float]] = defaultdict(list)
    runs: dict[str, int] = defaultdict(int)
    for trial in now.trials:
        if trial.base == now.good:
            changes[trial.commit].append(math.log(median(trial.now) / median(trial.was)))
            runs[trial.commit] += len(trial.now)
    if ends is not None:
        changes[now.commits[-1]].append(math.log(median(ends.bad) / median(ends.good)))
        runs[now.commits[-1]] += len(ends.bad)
    chances = dict(zip(now.commits, found.result.chances, strict=False))
    return tuple(
        Entry(
            cells=(
                name(commit[:_DIGITS]),
                text(percent(math.expm1(sum(changes[commit]) / len(changes[commit])))),
                text(f"{runs[commit]:,}"),
                text(_chance(chances.get(commit, 0.0))),
                name(found.described[commit].subject if commit in found.described else ""),
            )
        )
        for commit in sorted(changes, key=now.place)
    )


def _chance(chance: float) -> str:
    """Return a probability in words: only what rounds to neither end has digits."""
    words = f"{chance:.0%}"
    return {"0%": "no", "100%": "yes"}.get(words, words)


def _next_steps(found: Found) -> tuple[Line, ...]:
    """Return what to do now, as commands."""
    result = found.result
    if result.kind != "found":
        return ()
    (commit,) = result.first
    before = result.bisection.before(commit)
    lines: list[Line] = [(text("Next: "), strong(f"git show {commit[:_DIGITS]}"))]
    if found.merged:
        branch = found.merged[:_DIGITS]
        words = f"--good $(git merge-base {before[:_DIGITS]} {branch}) --bad {branch}"
        lines.append((text("It is a merge; to search its branch: "), strong(words)))
    if result.part < _WHOLE:
        ends = f"--bad {before[:_DIGITS]}", f"--good {commit[:_DIGITS]}"
        words = "It makes only a part of the whole change, so that another one is likely: search with "
        lines.append((text(words), strong(ends[0]), text(", and with "), strong(ends[1])))
    return tuple(lines)


def _to_data(found: Found, tool: str) -> dict[str, Any]:
    result, now = found.result, found.result.bisection
    ends, finding = now.ends, found.result.finding
    chances = dict(zip(now.commits, result.chances, strict=False))

    def commit_data(commit: str) -> dict[str, Any]:
        known = found.described.get(commit)
        return {
            "commit": commit,
            "author": known.author if known else "",
            "date": known.date if known else "",
            "subject": known.subject if known else "",
            "probability": chances.get(commit, 0.0),
        }

    return {
        "schema": SCHEMA,
        "tool": tool,
        "outcome": result.kind,
        "good": now.good,
        "bad": now.commits[-1],
        "commits": len(now.commits),
        "value": ends
        and {"benchmark": ends.value.benchmark, "labels": dict(ends.value.labels), "metric": ends.value.metric},
        "change": ends and median(ends.bad) / median(ends.good) - 1,
        "first": [commit_data(commit) for commit in result.first],
        "confirmed": finding
        and {
            "parent": now.before(result.first[0]) if result.kind in {"found", "undone"} else None,
            "baseline": finding.baseline,
            "current": finding.current,
            "change": finding.change,
            "interval": finding.decision_interval and list(finding.decision_interval),
        },
        "part": result.part if result.kind in {"found", "group", "undone"} else None,
        "measured": [
            {
                "base": trial.base,
                "commit": trial.commit,
                "change": median(trial.now) / median(trial.was) - 1,
                "runs": len(trial.now),
            }
            for trial in now.trials
        ],
        "skipped": [{"commit": each.commit, "reason": each.reason} for each in now.skipped],
        "runs": found.runs,
        "built": found.builds,
    }
