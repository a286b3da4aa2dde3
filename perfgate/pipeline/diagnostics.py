"""Why there is no verdict, each cause once: what follows from another fault is left out, equal ones are one entry.

A hint that suits a missing benchmark is harmful where only a path was mistyped or a file cannot be read: nothing was
removed. So whatever is missing then is no fault of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import error
from perfgate.core.finding import Status
from perfgate.core.profile import title
from perfgate.core.reasons import hint_for, sentence, sentence_with

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Finding

NO_BASELINE = "there is no baseline to compare with"
COMMIT_ONE = "commit one first: perfgate baseline refresh, then git add baselines"
"""What to do where none was ever committed."""
_NOT_READ = frozenset(
    {
        "direction-unknown",
        "format-invalid",
        "format-plugin",
        "format-unknown",
        "format-unread",
        "no-runs",
        "run-invalid",
        "run-unreadable",
        "runs-unreadable",
    }
)
"""Faults of what was to be judged: it was not read, so that benchmarks may be missing which were measured."""
_OF_SEVERAL = (
    ("run of it ", "run of them "),
    ("call of it ", "call of them "),
    ("its newest", "their newest"),
    ("it was ", "they were "),
    ("it looks ", "they look "),
    ("the metric", "a metric"),
)
"""Words of a reason about one benchmark -> about several."""


def faults_of(problems: Iterable[Diagnostic], undecided: Iterable[Finding]) -> tuple[Diagnostic, ...]:
    """Return why a verdict could not be reached, the first reason first.

    Args:
        problems: of the verdict.
        undecided: its findings that could not be judged.
    """
    problems = tuple(problems)
    if any(p.slug in _NOT_READ for p in problems):
        undecided = (f for f in undecided if f.status is not Status.MISSING)
    undecided = (f for f in undecided if not _is_reported(f, problems))
    return (*without_consequences(problems), *_group(undecided))


def without_consequences(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return faults without those that the others explain: what was not read needs no baseline yet.

    Where there are neither runs nor a baseline, that is one fault: both are made by the same two commands.
    """
    problems = tuple(problems)
    absent = [p for p in problems if p.slug == "no-baseline" and p.message == NO_BASELINE]
    unread = [p for p in problems if p.slug in _NOT_READ]
    if not absent or not unread:
        return problems
    rest = tuple(p for p in problems if p not in absent)
    first = unread[0]
    if [p.slug for p in problems] != ["no-runs", "no-baseline"] or "measure first" not in first.hint:
        return rest
    hint = "perfgate run -n 10 -- CMD, then perfgate baseline refresh"
    return (first._replace(message=f"{first.message}, and there is no baseline yet", hint=hint),)


def _group(undecided: Iterable[Finding]) -> list[Diagnostic]:
    """Return a fault for each reason, and each fact beside it: the metrics of a benchmark, and benchmarks, together."""
    groups: dict[tuple[str, str], dict[str, list[Finding]]] = {}
    for f in undecided:
        benchmarks = groups.setdefault((f.reason, f.message), {})
        benchmarks.setdefault(title(f.benchmark, f.labels), []).append(f)
    return [_as_one(benchmarks) for benchmarks in groups.values()]


def _as_one(benchmarks: dict[str, list[Finding]]) -> Diagnostic:
    """Return the fault of benchmarks that share one.

    Args:
        benchmarks: title -> its values.
    """
    finding = next(iter(benchmarks.values()))[0]
    message = sentence_with(finding.reason, finding.message)
    places = [_place(name, found) for name, found in benchmarks.items()]
    named = title(finding.benchmark, finding.labels) if len(benchmarks) == 1 else ""
    hint = hint_for(finding.reason, named).replace("`", "")
    if named:
        return error(finding.reason, message, place=places[0], hint=hint)
    for one, several in _OF_SEVERAL:
        message = message.replace(one, several) if one in sentence(finding.reason) else message
    fault = error(finding.reason, f"{len(benchmarks):,} benchmarks: {message}", hint=hint)
    return fault._replace(details=tuple(places))


def _is_reported(f: Finding, problems: Iterable[Diagnostic]) -> bool:
    """Does a fault of the verdict say the same of the finding's benchmark?"""
    return any(p.slug == f.reason and f'"{title(f.benchmark, f.labels)}"' in p.message for p in problems)


def _place(name: str, findings: Iterable[Finding]) -> str:
    """Return a benchmark with the metrics of its values: ``job elapsed``, ``job (elapsed, peak_memory)``."""
    metrics = list(dict.fromkeys(f.metric for f in findings))
    return f"{name} ({', '.join(metrics)})" if len(metrics) > 1 else f"{name} {metrics[0]}"
