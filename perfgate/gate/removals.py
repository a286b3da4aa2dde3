"""Benchmarks that are no longer measured: removed on purpose, renamed, or lost.

A removal that a reviewer can see passes and is reported. A benchmark that vanishes
beside a new one of similar values was most likely renamed: its history would be lost,
and with it a slow-down that came with the new name. So was one that vanishes beside a new
one of its name with other labels, whatever their values. A benchmark whose baseline is
younger than all of the missing one is new as well: it may have been refreshed since.
"""

from __future__ import annotations

import math
import re
import shlex
from bisect import bisect_left
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import Diagnostic, error, note, warning
from perfgate.core.finding import Finding, Status
from perfgate.core.metrics import ELAPSED, explains
from perfgate.core.policy import SHOWN_BY_DEFAULT
from perfgate.core.profile import title
from perfgate.core.text.names import list_some
from perfgate.gate.rows import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.core.policy import Removal
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels
    from perfgate.gate.judge import Pair

Place = tuple[str, tuple[str, "Labels"]]
"""Machine class, and name with labels: what a baseline file is for."""

_GONE = frozenset({"no-runs", "older-session", "only-baseline-runs", "only-in-base"})
"""Why a benchmark is missing that was not measured at all. One that failed was measured."""
_LIKE = math.log(2)
"""Two benchmarks are alike when no p50 differs by more than this factor, on logs: a rename that comes with a change of
the code moves times by less, and unrelated benchmarks of a suite are mostly further apart."""
_NEIGHBOURS = 20
"""Candidates on each side that are looked at, in the order of their first value: a suite may be renamed as a whole."""


class Removed(Struct, frozen=True, kw_only=True):
    """What is known to be removed on purpose."""

    deleted: frozenset[Place] = frozenset()
    """Baselines that the change removes, as git records it."""
    unrecorded: frozenset[Place] = frozenset()
    """Baselines whose files are gone from the folder, while git still lists them."""
    added: frozenset[Place] = frozenset()
    """Baselines that the change adds."""
    removals: tuple[Removal, ...] = ()
    """Entries ``[[removed]]``."""
    ref: str = ""
    """The commit whose baselines are judged; empty: those of the folder."""
    has_baselines: bool = True
    """Can a baseline be renamed? Under ``ab`` there is none, and a file that is named is the user's own."""


NOTHING_REMOVED = Removed()
"""Nothing was removed on purpose."""


class Settled(Struct, frozen=True, kw_only=True):
    """Findings after a look at what is missing."""

    findings: tuple[Finding, ...]
    """The same, those of removed benchmarks with another status."""
    problems: tuple[Diagnostic, ...]
    """An error for each benchmark that looks renamed."""
    notes: tuple[Diagnostic, ...]
    """Entries that remove nothing; and what is new beside a removed baseline."""


def settle(findings: Sequence[Finding], pairs: Sequence[Pair], removed: Removed) -> Settled:
    """Return the findings, and which missing benchmarks were removed, renamed, or lost.

    Args:
        findings: of one check.
        pairs: the benchmarks that were judged, both sides.
        removed: what is known to be removed on purpose.
    """
    entries = {entry.benchmark: entry for entry in removed.removals}
    gone = {_place(p.base): p.base for p in pairs if p.base and not p.current and p.absent[0] in _GONE}
    unexplained = [base for base in gone.values() if title(*base.key) not in entries]
    renamed = _find_renames(unexplained, pairs) if removed.has_baselines else {}
    settled = []
    for f in findings:
        place = (f.machine_class, (f.benchmark, f.labels))
        if f.status is not Status.MISSING or place not in gone:
            settled.append(f)
        else:
            settled.append(_settled(f, place, entries, renamed, removed))
    dropped = [p for p in unexplained if _place(p) in removed.deleted and _place(p) not in renamed]
    taken = {id(pair) for pair in renamed.values()}
    new = [p.current for p in pairs if p.current and not p.base and id(p) not in taken]
    return Settled(
        findings=tuple(settled),
        problems=tuple(_as_error(gone[place], pair, removed) for place, pair in renamed.items()),
        notes=(
            *(_say_both(dropped, new, removed) if dropped and new and removed.has_baselines else ()),
            *_unused(entries, {title(*base.key) for base in gone.values()}),
        ),
    )


def _settled(
    f: Finding, place: Place, entries: Mapping[str, Removal], renamed: Mapping[Place, Pair], removed: Removed
) -> Finding:
    """Return the finding of a benchmark that was not measured."""
    if entry := entries.get(title(f.benchmark, f.labels)):
        return replace(f, status=Status.REMOVED, reason="removed", message=f"removed on purpose: {entry.reason}")
    if place in renamed and (new := renamed[place].current):
        return replace(f, reason="looks-renamed", message=f'it looks renamed to "{title(*new.key)}"')
    if place in removed.deleted:
        return replace(f, status=Status.REMOVED, reason="removed", message="this change removes its baseline")
    if place in removed.unrecorded:
        message = "no run of it was found: its baseline file is gone from the folder, but git still lists it"
        return replace(f, message=message)
    return f


def _say_both(dropped: Sequence[Profile], new: Sequence[Profile], removed: Removed) -> tuple[Diagnostic]:
    """Return the warning that a change removes benchmarks and adds others: nobody but its reader knows if it renames.

    Unlike names and values are most often two benchmarks, so that this is no error.
    """
    was, now = ([title(*p.key) for p in side] for side in (dropped, new))
    message = f"this change removes the baseline of {list_some(was)}, and {list_some(now)} is new"
    command = _command(dropped[0], new[0], removed) or "rename its baseline"
    hint = f"nothing, if they are different benchmarks; if one is the other renamed: {command}"
    return (warning("removed-beside-new", message, hint=hint),)


def _unused(entries: Mapping[str, Removal], gone: set[str]) -> Iterator[Diagnostic]:
    """Yield a note for each entry whose benchmark is measured, or that no baseline has."""
    for name, entry in entries.items():
        if name not in gone:
            message = "no baseline that lacks runs is the one that it names"
            place = f"{entry.origin}: {name}"
            yield note("removal-unused", message, place=place, hint="remove the entry, or correct the name")


def _as_error(old: Profile, pair: Pair, removed: Removed) -> Diagnostic:
    new = pair.current or old
    alike = "of the same name" if _stem(old) == _stem(new) else "has similar values"
    message = f'"{title(*old.key)}" is no longer measured, and "{title(*new.key)}" is new and {alike}: it looks renamed'
    removal = "an entry `[[removed]]` for the old one in baselines/waivers.toml"
    command = _command(old, new, removed, is_joined=bool(pair.base))
    if not command:
        return error("looks-renamed", message, hint=f"{removal}, with a reason")
    return error("looks-renamed", message, hint=f"{command}; if they are two different benchmarks, {removal}")


def _command(old: Profile, new: Profile, removed: Removed, *, is_joined: bool = False) -> str:
    """Return the command that renames a baseline; empty when no line of a shell can name both."""
    names = title(*old.key), title(*new.key)
    if not all(name.isprintable() and name.strip() == name for name in names):
        return ""
    options = []
    if [key for key, _ in old.labels] != [key for key, _ in new.labels]:  # the name alone would not say them
        names = names[0], new.benchmark
        options += [f"--label={key}={value}" for key, value in new.labels] or ["--no-labels"]
    if _place(old) in removed.deleted | removed.unrecorded:
        options += ["--from", removed.ref]
    if is_joined or _place(new) in removed.added:
        options.append("--join")
    guarded = any(name.startswith("-") for name in names)
    words = [*options, "--", *names] if guarded else [*names, *options]
    return f"`{shlex.join(['perfgate', 'baseline', 'rename', *words])}`"


def _place(profile: Profile) -> Place:
    return profile.machine_class, profile.key


def _find_renames(gone: Sequence[Profile], pairs: Sequence[Pair]) -> dict[Place, Pair]:
    """Return the new benchmark that each missing one most likely became; none serves twice."""
    since = min((_newest(p) for p in gone), default="")
    new = [p for p in pairs if p.current and (not p.base or _oldest(p.base) > since)] if gone else []
    values = [_values(p.current) if p.current else {} for p in new]
    shelves: dict[tuple[object, ...], list[tuple[float, int]]] = {}
    for index, pair in enumerate(new):
        if pair.current and values[index]:
            shelves.setdefault(_shelf(pair.current, values[index]), []).append((_first(values[index]), index))
    for shelf in shelves.values():
        shelf.sort()
    candidates: list[tuple[bool, float, int, int]] = []
    for at, old in enumerate(gone):
        own = _values(old)
        shelf = shelves.get(_shelf(old, own), []) if own else []
        middle = bisect_left(shelf, (_first(own), -1)) if shelf else 0
        for _, index in shelf[max(0, middle - _NEIGHBOURS) : middle + _NEIGHBOURS]:
            apart = _distance(own, values[index])
            base = new[index].base
            if apart is not None and (base is None or _oldest(base) > _newest(old) > ""):
                is_other = _last_part(old) != _last_part(new[index].current or old)
                candidates.append((is_other, apart, at, index))
    found: dict[Place, Pair] = {}
    taken: set[int] = set()
    for _, _, at, index in sorted(candidates):  # among like values an equal last part of the name says more
        if _place(gone[at]) not in found and index not in taken:
            found[_place(gone[at])] = new[index]
            taken.add(index)
    _add_namesakes(found, gone, [p for index, p in enumerate(new) if index not in taken])
    return found


def _add_namesakes(found: dict[Place, Pair], gone: Sequence[Profile], new: Sequence[Pair]) -> None:
    """Add to each missing benchmark that is not found the new one of its name that shares most labels."""
    by_name: dict[tuple[str, str], list[Pair]] = {}
    for pair in new:
        if pair.current:
            by_name.setdefault((pair.current.machine_class, _stem(pair.current)), []).append(pair)
    for old in gone:
        namesakes = by_name.get((old.machine_class, _stem(old)), [])
        fitting = [p for p in namesakes[:_NEIGHBOURS] if not p.base or _oldest(p.base) > _newest(old) > ""]
        if fitting and _place(old) not in found:
            shared = [len({*old.labels} & {*p.current.labels}) if p.current else 0 for p in fitting]
            found[_place(old)] = fitting[shared.index(max(shared))]
            namesakes.remove(found[_place(old)])


def _last_part(profile: Profile) -> str:
    """Return the part of a name that stays when a package, a module or a class is renamed."""
    return re.split(r"[./:]+", profile.benchmark.rstrip("./:"))[-1]


def _stem(profile: Profile) -> str:
    """Return the name of a benchmark without its labels, also where a tool writes these into the name."""
    return re.split(r"[\[{]", profile.benchmark, maxsplit=1)[0] or profile.benchmark


def _oldest(profile: Profile) -> str:
    """Return when the oldest session began; empty when that is not known."""
    return min((s.started_at for s in profile.sessions), default="")


def _newest(profile: Profile) -> str:
    """Return when the newest session began; empty when that is not known."""
    return max((s.started_at for s in profile.sessions), default="")


def _shelf(profile: Profile, values: Mapping[str, float]) -> tuple[object, ...]:
    """Return what two benchmarks must share to be one: the class of machine, the labels' names, the first metric."""
    return profile.machine_class, tuple(name for name, _ in profile.labels), next(iter(values))


def _is_judged(metric: str) -> bool:
    return metric not in SHOWN_BY_DEFAULT and not explains(metric)


def _values(profile: Profile) -> dict[str, float]:
    """Return p50 of the metrics that are judged by default, time first."""
    metrics = sorted(profile.metrics, key=lambda m: (m.metric.name != ELAPSED.name, m.metric.name))
    found = ((m.metric.name, value_of(m, "p50")) for m in metrics if _is_judged(m.metric.name))
    return {name: value for name, value in found if value is not None}


def _first(values: Mapping[str, float]) -> float:
    return next(iter(values.values()))


def _distance(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """Return how far two benchmarks lie apart, on logs; None when one of their shared values is not alike."""
    apart = 0.0
    for name in one.keys() & other.keys():
        was, now = one[name], other[name]
        if was == now:
            continue
        if was * now <= 0 or abs(step := math.log(now / was)) > _LIKE * (1 + 1e-9):
            return None
        apart += abs(step)
    return apart
