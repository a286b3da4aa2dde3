"""What a history is read from: the versions of the baselines, and the ledger where there is one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.errors import note
from perfgate.core.history.past import History
from perfgate.core.policy import LEDGER
from perfgate.core.session_id import SessionId
from perfgate.core.text.steps import log_step
from perfgate.measure.summary import format_utc
from perfgate.pipeline.history.append import ref_of
from perfgate.store.git import git
from perfgate.store.history.baselines import read_baselines
from perfgate.store.history.ledger import read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.core.history.past import BenchmarkHistory
    from perfgate.pipeline.inputs import Settings

_DAY = 86_400_000_000_000
"""Nanoseconds: more than any two clocks in use differ."""
_RECORDS = 4
"""Records that are read for each session of a benchmark that is asked for: a suite may be of several jobs."""
_MOST_RECORDS = 20_000
"""Some 3 seconds: read where a benchmark that is asked for is seldom measured."""


def read_history(
    settings: Settings,
    commit: str,
    *,
    ref: str,
    last: int,
    wants: Callable[[str], bool],
    asks: Callable[[BenchmarkHistory], bool] | None = None,
) -> History:
    """Return what the baselines and the ledger hold together.

    Args:
        settings: the configuration.
        commit: full hash of the newest commit of the baselines.
        ref: full name of the ledger's ref; empty: the configured one.
        last: newest sessions of a benchmark that are asked for.
        wants: is a metric of that name asked for?
        asks: is a benchmark asked for by its name or class? None: all are, as far as the newest records hold them.

    Raises:
        CannotDecideError: git cannot be asked, or there is no such name of a ref.
    """
    folder = settings.root or "."
    name = ref_of(ref, settings)
    of_baselines = read_baselines(folder, commit, settings.policy.baselines, wants=wants)
    until = format_utc(time.time_ns() + _DAY)
    most = min(last * _RECORDS, _MOST_RECORDS)
    of_ledger = read_ledger(folder, name, most=most, until=until, wants=wants)
    if of_ledger is not None and of_ledger.older and asks is not None:
        named = [b for b in of_ledger.benchmarks if asks(b)]
        if not named or any(len(b.sessions) < last for b in named):
            of_ledger = read_ledger(folder, name, most=_MOST_RECORDS, until=until, wants=wants)
    log_step("ledger: %s", of_ledger.source or f"{name}, which holds no record" if of_ledger else f"no {name} here")
    if of_ledger is not None:
        return merge(of_baselines, of_ledger)
    if not ref and name == LEDGER:  # most projects keep none
        return of_baselines
    remotes = git(folder, ["remote"], hint="").decode("utf-8", "replace").splitlines()
    hint = f"perfgate history append --ref {name}"
    if remotes:
        remote = "origin" if "origin" in remotes else remotes[0]
        hint = f"if the project keeps one: git fetch {remote} {name}:{name}"
    remark = note("history-not-fetched", "no ledger is in this clone", place=name, hint=hint)
    return replace(of_baselines, notes=(*of_baselines.notes, remark))


def merge(baselines: History, ledger: History) -> History:
    """Return both as one: what the baselines state of a session counts.

    Args:
        baselines: their versions.
        ledger: its records.
    """
    found = {(b.machine_class, b.benchmark, b.labels): b for b in baselines.benchmarks}
    for other in ledger.benchmarks:
        place = (other.machine_class, other.benchmark, other.labels)
        found[place] = _join(found[place], other) if place in found else other
    sources = [h.source for h in (baselines, ledger) if h.benchmarks]
    return History(
        source=" and ".join(sources) or baselines.source,
        benchmarks=tuple(b for _, b in sorted(found.items(), key=lambda item: item[0])),
        notes=(*baselines.notes, *ledger.notes),
    )


def _join(baseline: BenchmarkHistory, other: BenchmarkHistory) -> BenchmarkHistory:
    known = {SessionId.parse(s.session).session for s in baseline.sessions}
    more = [s for s in other.sessions if SessionId.parse(s.session).session not in known]
    sessions = sorted((*baseline.sessions, *more), key=lambda s: (s.when, s.session))
    return replace(baseline, sessions=tuple(sessions))
