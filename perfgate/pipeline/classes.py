"""The machine classes of other tools' files: less is known of them than of perfgate's own runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perfgate.core.run import STATED_BY, UNSPECIFIED, Environment, class_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from perfgate.collect import Collection
    from perfgate.core.profile import Profile
    from perfgate.core.run import Run


def name_classes(runs: Iterable[Run], here: Mapping[str, str]) -> Iterator[Run]:
    """Yield runs, those of files without the processor's model in their class where it changes from job to job.

    Args:
        runs: as they were read.
        here: the facts of this process's environment: a hosted CI system gives each job another processor.
    """
    is_hosted = bool(here.get("ci")) and here.get("hosting") != "own"
    known: dict[Environment, Environment] = {}
    for run in runs:
        if is_hosted and run.series and run.environment.facts:
            stated = run.environment
            if stated not in known:
                name = class_of({k: v for k, v in stated.facts if k != "cpu_model"})
                known[stated] = replace(stated, machine_class=name)
            run.environment = known[stated]
        yield run


def is_of_files(profile: Profile) -> bool:
    """Does its class say only what a file of another tool states, or nothing at all?"""
    return profile.machine_class == UNSPECIFIED or STATED_BY in dict(profile.environment)


def adopt_classes(collection: Collection, baselines: Sequence[Profile]) -> Collection:
    """Return what was measured under the class of the baselines, where two files state more and less of one machine.

    A file may say nothing of its machine, or not the processor's model. It is compared
    with the one class of baselines that it does not contradict. Classes that runs of
    perfgate name are never adopted.

    Args:
        collection: what was measured.
        baselines: the committed profiles.
    """
    committed = _classes_of_files(baselines)
    present = {p.machine_class for p in baselines}
    measured = {s.machine_class for s in collection.seen}
    for name in sorted(_classes_of_files(collection.profiles) - present):
        fitting = [c for c in committed if _is_compatible(name, c)]
        if len(fitting) == 1 and fitting[0] not in measured:
            collection = _rename(collection, name, fitting[0])
            measured.add(fitting[0])
    return collection


def _classes_of_files(profiles: Iterable[Profile]) -> set[str]:
    return {p.machine_class for p in profiles if is_of_files(p)}


def _is_compatible(one: str, other: str) -> bool:
    """Does one class state less of a machine than the other, and nothing else?"""
    return UNSPECIFIED in (one, other) or one.startswith(f"{other}-") or other.startswith(f"{one}-")


def _rename(collection: Collection, old: str, new: str) -> Collection:
    def renamed(items: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(replace(i, machine_class=new) if i.machine_class == old else i for i in items)

    profiles = sorted(renamed(collection.profiles), key=lambda p: (p.machine_class, p.key))
    seen = sorted(renamed(collection.seen), key=lambda s: (s.machine_class, s.key, s.session))
    return replace(collection, profiles=tuple(profiles), seen=tuple(seen))
