"""Find the baseline of each measured benchmark, and the reason why one has no counterpart.

The baselines are the list of what must be measured. Everything is looked up by
benchmark in indexes that are built once, so that the work grows with the number of
benchmarks, not with its square.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from perfgate.core.errors import Diagnostic, note
from perfgate.core.finding import Finding, Status
from perfgate.core.profile import Profile, title
from perfgate.core.text.names import list_some
from perfgate.gate.judge import Pair
from perfgate.gate.rows import finding_of, rows_of
from perfgate.pipeline.classes import is_of_files
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from perfgate.collect import Key, Selection, SessionTally
    from perfgate.core.policy import Policy
    from perfgate.pipeline.inputs import BaselineSet


def pair(baselines: Sequence[Profile], selection: Selection, policy: Policy, *, classless: bool) -> list[Pair]:
    """Return the benchmarks to judge, each with its baseline and its current profile as far as they exist.

    Only machine classes that were measured now are judged: the baselines of the others
    belong to other jobs of a matrix. When nothing was measured, all baselines are missing.

    Args:
        baselines: all baselines.
        selection: what was measured.
        policy: its exclude list and its machine class count.
        classless: compare without regard to the machine class.
    """
    wanted = {c for c in (policy.machine_class,) if c} | {s.machine_class for s in selection.selected}
    classes = _classes_by_key(baselines)
    committed = {p.machine_class for p in baselines}
    judged = wanted & committed or (committed if not wanted else set())
    base = {_place(p, classless=classless): p for p in baselines if classless or p.machine_class in judged}
    current = {
        _place(p, classless=classless): p
        for p in selection.profiles
        if classless or not committed or _is_judged(p, classes, judged)
    }
    selected, superseded = _tallies_by_key(selection.selected), _tallies_by_key(selection.superseded)
    pairs = []
    for place in sorted({*base, *current}):
        was, now = base.get(place), current.get(place)
        present = was or now
        if present is None or (policy.exclude and policy.excludes(present.benchmark, title(*present.key))):
            continue
        if now is not None:
            pairs.append(Pair(base=was, current=now))
        else:
            key, machine_class = present.key, place[0]
            absent = _why_absent(selected.get(key, ()), superseded.get(key, ()), machine_class)
            pairs.append(Pair(base=was, current=None, absent=absent))
    return pairs


def note_unjudged_classes(baselines: BaselineSet, selection: Selection) -> list[Diagnostic]:
    """Return a note on the machine classes that have baselines, but of which nothing was measured."""
    measured = {s.machine_class for s in selection.selected}
    others = sorted({p.machine_class for p in baselines.profiles} - measured)
    if baselines.is_machine_unknown or not measured or not others:
        return []
    return [note("classes-not-judged", f"baselines of other machines were not judged: {list_some(others)}")]


def find_class_mismatches(baselines: BaselineSet, selection: Selection, policy: Policy) -> list[Finding]:
    """Return a finding for each measured benchmark that has baselines of other machine classes only."""
    if not baselines.profiles or baselines.is_machine_unknown or not selection.selected:
        return []
    classes = _classes_by_key(baselines.profiles)
    committed = sorted({p.machine_class for p in baselines.profiles})
    judged = {s.machine_class for s in selection.selected} & set(committed)
    findings = []
    for profile in selection.profiles:
        if _is_judged(profile, classes, judged):
            continue
        others = _other_classes(classes, profile) if profile.machine_class in committed else committed
        if not others or policy.excludes(profile.benchmark, title(*profile.key)):
            continue
        row = next(rows_of(None, profile, policy), None)
        if row is not None:
            message = f"the runs are of {profile.machine_class}, the baselines of {list_some(others)}"
            findings.append(finding_of(row, Status.NOT_COMPARABLE, "class-differs", message))
    return findings


def _is_judged(profile: Profile, classes: Mapping[Key, set[str]], judged: Container[str]) -> bool:
    """Is a measured benchmark judged, as a new one where it has no baseline?

    Beside benchmarks of a class that has baselines, one that only a file of another tool
    states is new: that file says less of the machine than perfgate's own runs do.
    """
    if profile.machine_class in judged:
        return not _other_classes(classes, profile)
    return bool(judged) and is_of_files(profile) and profile.key not in classes


def _place(profile: Profile, *, classless: bool) -> tuple[str, Key]:
    return ("" if classless else profile.machine_class, profile.key)


def _classes_by_key(profiles: Iterable[Profile]) -> Mapping[Key, set[str]]:
    """Return by benchmark the machine classes that have a baseline of it."""
    classes: dict[Key, set[str]] = defaultdict(set)
    for profile in profiles:
        classes[profile.key].add(profile.machine_class)
    return classes


def _other_classes(classes: Mapping[Key, set[str]], profile: Profile) -> list[str]:
    """Return the machine classes that have a baseline of a benchmark; none if its own class has one."""
    with_baseline = classes.get(profile.key, set())
    return [] if profile.machine_class in with_baseline else sorted(with_baseline)


def _tallies_by_key(tallies: Iterable[SessionTally]) -> Mapping[Key, list[SessionTally]]:
    """Return the counts of runs by benchmark, each list in the order given."""
    by_key: dict[Key, list[SessionTally]] = defaultdict(list)
    for tally in tallies:
        by_key[tally.key].append(tally)
    return by_key


def _why_absent(
    selected: Sequence[SessionTally], superseded: Sequence[SessionTally], machine_class: str
) -> tuple[str, str]:
    """Return why nothing was measured of a benchmark, as slug and further facts.

    Args:
        selected: counts of the benchmark's runs in the sessions that are judged.
        superseded: the same of sessions that newer ones replace.
        machine_class: only runs of this class count; empty: all.
    """
    tallies = [s for s in selected if machine_class in ("", s.machine_class)]
    failed, known = sum(s.failed for s in tallies), sum(s.known for s in tallies)
    if failed:
        return (
            "all-failed",
            f"{failed} of {failed + known} runs failed" if known else f"{count(failed, 'run')}, all failed",
        )
    if known:
        return "only-baseline-runs", count(known, "run")
    older = [s for s in superseded if s.ok]
    if older:
        return (
            "older-session",
            f"its newest runs are of session {max(older, key=lambda s: s.started_at).session}",
        )
    return "no-runs", ""
