"""Collect: runs -> a table, and a profile file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.profile import Profile, title
from perfgate.formats.discovery import RunReader, find
from perfgate.pipeline import inputs
from perfgate.pipeline.check import shards
from perfgate.pipeline.failed import count_failed_sessions, find_unmeasured, store_failed
from perfgate.store.codec import encode_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.collect import Key, SessionTally
    from perfgate.core.run import Run
    from perfgate.formats.options import ForeignOptions
    from perfgate.schema.baseline_types import StoredShard


class Collected(Struct, frozen=True, kw_only=True):
    """The profiles of a set of run files."""

    profiles: tuple[Profile, ...]
    """One for each benchmark and class of machine."""
    shard: StoredShard | None
    """Which shard of how many they are, for the profile file; None: they are the whole."""
    failed: tuple[SessionTally, ...]
    """The sessions that only failed and are counted in no profile."""
    remarks: tuple[str, ...]
    """What was left out, one sentence each."""

    def encode(self) -> bytes:
        """Return the content of the profile file; it takes longer than the collecting."""
        return encode_profiles(self.profiles, self.shard, store_failed(self.failed))


def collect_profiles(
    paths: Sequence[str],
    *,
    config: str | None,
    machine_class: str,
    shard: tuple[int, int] | None = None,
    foreign: ForeignOptions | None = None,
    for_table: bool = False,
) -> Collected:
    """Collect runs into profiles.

    Args:
        paths: run files, folders or globs; none: those of the configuration.
        config: configuration file; None: look for one.
        machine_class: given by hand; empty: the runs' own.
        shard: which shard of how many they are; None: they are the whole.
        foreign: what the user says about files of other tools; None: nothing.
        for_table: collect what a table of quantiles shows only, which cannot be encoded.

    Raises:
        CannotDecideError: a file is not valid, there is nothing to collect, or the runs are not
            of one shard; every fault is in it.
    """
    settings = inputs.read_settings(config, machine_class=machine_class)
    collection, problems, notes = inputs.read_runs(paths, settings, foreign=foreign, for_table=for_table)
    failed: dict[Key, int] = {}
    for s in collection.seen:
        failed[s.key] = failed.get(s.key, 0) + s.failed
    if not collection.profiles and not problems:
        problems.append(error("runs-failed", "every run failed", hint="fix the program and measure again"))
    stored = None
    if shard is not None:
        stored, faults = shards.describe_shard(collection.seen, shard, settings.policy)
        problems += faults
    if problems:
        raise CannotDecideError(problems)
    remarks = [f'left out, failed runs of "{title(*key)}": {count}' for key, count in failed.items() if count]
    profiles, seen = collection.profiles, collection.seen
    return Collected(
        profiles=profiles if stored else count_failed_sessions(profiles, seen),
        shard=stored,
        failed=seen if stored else find_unmeasured(profiles, seen),
        remarks=(*remarks, *(n.message for n in notes)),
    )


def load_runs(*paths: str) -> list[Run]:
    """Return the runs of files, folders or globs, for notebooks; failed ones are among them.

    Args:
        paths: as `perfgate collect` takes them; none: those of the configuration.

    Raises:
        CannotDecideError: a file is not valid, or there is none; every fault is in it.
    """
    settings = inputs.read_settings(None)
    reader = RunReader()
    files, problems = find(paths, "") if paths else find(settings.policy.runs, settings.root)
    runs = list(reader.read(files))
    problems += reader.problems
    if not runs and not problems:
        problems.append(error("no-runs", "no run files were found", place=", ".join(paths or settings.policy.runs)))
    if problems:
        raise CannotDecideError(problems)
    return runs


def load_profiles(*paths: str) -> tuple[Profile, ...]:
    """Return the profiles of run files, for notebooks: values by benchmark, metric and session.

    Args:
        paths: as `perfgate collect` takes them; none: those of the configuration.

    Raises:
        CannotDecideError: a file is not valid, or there is nothing to collect; every fault is in it.
    """
    return collect_profiles(paths, config=None, machine_class="").profiles
