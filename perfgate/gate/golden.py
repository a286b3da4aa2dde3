"""Compare the structures of traces with golden ones, and say in words what changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.traces.structure import Structure, structures_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.core.traces.spans import Trace

MOST_STRUCTURES = 100
"""Distinct structures that one golden file holds."""
_MOST_COMPARED = 20
"""Golden structures that a new one is compared with to find the nearest."""
_MOST_DESCRIBED = 20
"""New structures of one root whose nearest golden one is searched."""
_MOST_ROWS_COMPARED = 2_000_000
"""Rows of new and golden structures that are compared in all, to find what is nearest: some seconds."""
_NOT_DESCRIBED: tuple[str, ...] = ("another structure than every golden one",)
_MOST_WORDS = 20
"""Changes that are said of one structure."""


class Golden(Struct, frozen=True, kw_only=True):
    """What the traces of one root look like."""

    root: str
    """Name of the root span."""
    attributes: tuple[str, ...]
    """Names of the attributes that belong to the structure."""
    structures: tuple[tuple[Structure, int], ...]
    """Each distinct structure, and of how many traces it is; the most frequent first."""


class Change(Struct, frozen=True, kw_only=True):
    """A structure that the golden file does not have."""

    root: str
    """Name of the root span."""
    traces: int
    """Traces that have it."""
    of: int
    """Traces of this root in all."""
    trace_id: str
    """One of them."""
    words: tuple[str, ...]
    """What differs from the nearest golden structure, at least one sentence."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What a check of golden traces found."""

    same: tuple[tuple[str, int], ...]
    """Roots of which every trace has a golden structure, and how many traces."""
    changes: tuple[Change, ...]
    """Structures that no golden file has."""
    new: tuple[str, ...]
    """Roots without a golden file, beside others that have one."""
    missing: tuple[str, ...]
    """Roots of golden files of which there is no complete trace."""
    undescribed: int
    """Changes of which is not said what differs: there are too many, or they are too large."""


def group(traces: Iterable[Trace], attributes: Sequence[str] = ()) -> dict[str, dict[Structure, list[str]]]:
    """Return the distinct structures of each root's name, each with the identifiers of its traces.

    Raises:
        TooManyRowsError: a structure has more rows than anybody could review.
    """
    found: defaultdict[str, dict[Structure, list[str]]] = defaultdict(dict)
    for trace in traces:
        for structure in structures_of(trace, attributes):
            found[structure[0].name].setdefault(structure, []).append(trace.trace_id)
    return dict(sorted(found.items()))


def to_golden(root: str, attributes: Sequence[str], structures: Mapping[Structure, Sequence[str]]) -> Golden:
    """Return what a golden file will hold; the order depends on nothing but content."""
    ordered = sorted(structures.items(), key=lambda s: (-len(s[1]), [(r.depth, r.label, r.calls) for r in s[0]]))
    return Golden(
        root=root,
        attributes=tuple(sorted(set(attributes))),
        structures=tuple((structure, len(ids)) for structure, ids in ordered),
    )


def compare(golden: Sequence[Golden], traces: Sequence[Trace]) -> Comparison:
    """Compare the complete traces of some files with golden ones.

    Raises:
        TooManyRowsError: a structure has more rows than anybody could review.
    """
    by_attributes: dict[tuple[str, ...], dict[str, dict[Structure, list[str]]]] = {}
    same, changes, missing = [], [], []
    room, undescribed = _MOST_ROWS_COMPARED, 0
    for one in golden:
        if one.attributes not in by_attributes:
            by_attributes[one.attributes] = group(traces, one.attributes)
        found = by_attributes[one.attributes].get(one.root)
        if not found:
            missing.append(one.root)
            continue
        known = {structure for structure, _ in one.structures}
        total = sum(map(len, found.values()))
        unknown = [s for s in found if s not in known]
        if not unknown:
            same.append((one.root, total))
        nearest = _Nearest(one)
        for number, structure in enumerate(unknown):
            ids, words = found[structure], _NOT_DESCRIBED
            rows = nearest.rows + len(structure)
            if number < _MOST_DESCRIBED and rows <= room:
                room -= rows
                words = nearest.describe(structure)
            else:
                undescribed += 1
            changes.append(Change(root=one.root, traces=len(ids), of=total, trace_id=ids[0], words=words))
    roots = {trace.spans[i].name for trace in traces for i in trace.roots}
    return Comparison(
        same=tuple(same),
        changes=tuple(changes),
        new=tuple(sorted(roots - {one.root for one in golden})),
        missing=tuple(missing),
        undescribed=undescribed,
    )


class _Nearest:
    """The golden structures of one root, each counted once, for as many new ones as are described."""

    def __init__(self, golden: Golden) -> None:
        self._structures = [structure for structure, _ in golden.structures[:_MOST_COMPARED]]
        self._numbers: dict[tuple[int, str], int] = {}
        self._counted: list[_Counted] = []
        self.rows = sum(map(len, self._structures))
        """Rows that a description compares, beside those of the new structure."""

    def describe(self, structure: Structure) -> tuple[str, ...]:
        """Return what differs between a structure and the nearest golden one, in sentences."""
        if not self._counted:
            self._counted = [_Counted(old, self._numbers) for old in self._structures]
        new = _Counted(structure, self._numbers)
        words = _differences(min(self._counted, key=lambda old: _distance(old.calls, new.calls)), new)
        if not words:
            words = ["the same spans and calls, divided otherwise among the calls around them"]
        if len(words) > _MOST_WORDS:
            words = [*words[:_MOST_WORDS], f"and {len(words) - _MOST_WORDS:,} more"]
        return tuple(words)


class _Counted:
    """The calls of each path in one trace: rows of one path are one."""

    def __init__(self, structure: Structure, numbers: dict[tuple[int, str], int]) -> None:
        """Count them.

        Args:
            structure: of the trace.
            numbers: of each path by that of the path around it and its label, so that nested names of
                any depth cost the same; new ones are added, from 1. Above the root is 0.
        """
        self.calls: Counter[int] = Counter()
        self.above: dict[int, int] = {}
        self.labels: dict[int, str] = {}
        around: list[tuple[int, int]] = []
        for row in structure:
            del around[row.depth :]
            above, times = around[-1] if around else (0, 1)
            path = numbers.setdefault((above, row.label), len(numbers) + 1)
            calls = times * row.calls
            self.calls[path] += calls
            self.above[path] = above
            self.labels[path] = row.label
            around.append((path, calls))

    def times(self, path: int) -> int:
        """Return how often a path is called; what is above the root is there once."""
        return self.calls.get(path, 0) if path else 1

    def within(self, path: int) -> str:
        """Return where a path is called from, in words."""
        above = self.above[path]
        return f" in `{self.labels[above]}`" if above in self.labels else ""


def _distance(old: Counter[int], new: Counter[int]) -> tuple[int, int]:
    return len(old.keys() ^ new.keys()), sum(abs(old[p] - new[p]) for p in old.keys() | new.keys())


def _differences(old: _Counted, new: _Counted) -> list[str]:
    words: list[str] = []
    only_old, only_new = old.calls.keys() - new.calls.keys(), new.calls.keys() - old.calls.keys()
    # each once for all that is inside; of a dict, since many are taken out again
    gone = dict.fromkeys(p for p in old.calls if p in only_old and old.above[p] not in only_old)
    added = [p for p in new.calls if p in only_new and new.above[p] not in only_new]
    for path in new.calls:
        above = new.above[path]
        before, after = old.calls.get(path), new.calls[path]
        if before in (None, after) or before * new.times(above) == after * old.times(above):
            continue  # as often as before in each call of what is around it
        words.append(f"`{new.labels[path]}` {before:,} -> {after:,} calls{new.within(path)}")
    from_label = {old.labels[p]: p for p in gone}
    for path in added:
        label, calls = new.labels[path], new.calls[path]
        origin = from_label.pop(label, None)
        if origin is not None:
            del gone[origin]
            change = "" if old.calls[origin] == calls else f", {old.calls[origin]:,} -> {calls:,} calls"
            words.append(f"moved: `{label}`, before{old.within(origin)}, now{new.within(path)}{change}")
        else:
            words.append(f"new span: `{label}`{new.within(path)}, {_calls(calls)}")
    words += [f"gone span: `{old.labels[p]}`{old.within(p)}, {_calls(old.calls[p])} before" for p in gone]
    return words


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number:,} calls"
