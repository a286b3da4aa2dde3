"""A baseline under another name: the same sessions, so that the benchmark keeps its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.profile import title

if TYPE_CHECKING:
    from perfgate.core.profile import Profile
    from perfgate.core.run import Labels


def continues(new: Profile, old: Profile) -> bool:
    """Return whether a baseline holds sessions of another one: was it renamed, and perhaps refreshed since?

    The ids of sessions do not say so, as all benchmarks of one job share them: its runs and values do.
    """
    for was in old.sessions:
        now = new.session(was.id)
        if now is None or not {*was.runs} <= {*now.runs}:
            continue
        for metric in old.metrics:
            other = new.metric(metric.metric.name)
            kept, held = (m.in_sessions({was.id}) if m else None for m in (metric, other))
            if kept is not None and held is not None and (kept.samples, kept.stated) == (held.samples, held.stated):
                return True
    return False


def renamed(profile: Profile, name: str) -> Profile | None:
    """Return a baseline under another name; None when the name does not fit its labels.

    Args:
        profile: the baseline.
        name: the new name, as reports write it; of a benchmark with labels either the whole
            (``train[size=big]``, with the same labels' names) or the bare name, which keeps the labels.
    """
    labels = _labels_in(name, profile.labels)
    if labels is None:
        bare = name if name and not (profile.labels and name.endswith("]")) else ""
        return replace(profile, benchmark=bare) if bare else None
    bare = name.removesuffix(title("", labels))
    return replace(profile, benchmark=bare, labels=labels) if bare else None


def _labels_in(name: str, like: Labels) -> Labels | None:
    """Return the labels that a name ends with, where they have the names of known ones; None: it has none of those."""
    if not like or not name.endswith("]"):
        return None
    found, rest = [], name[:-1]
    for key, _ in reversed(like):  # a value may hold anything, so that the keys decide, from the end
        first = key == like[0][0]
        rest, mark, value = rest.rpartition(f"{'[' if first else ','}{key}=")
        if not mark:
            return None
        found.append((key, value))
    return tuple(reversed(found))
