"""Use case `perfgate history append`: run files -> records in the ledger, one a session."""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.collect import find_legs, select
from perfgate.core.errors import CannotDecideError, cannot_decide, note
from perfgate.core.policy import LEDGER_NAME, LEDGER_REMOTE, NO_BASELINES
from perfgate.core.profile import title
from perfgate.core.run import OF_ONE_RUN
from perfgate.core.session_id import SessionId
from perfgate.core.text.names import list_some
from perfgate.measure.machine.branch import find_branch
from perfgate.measure.machine.ci import locate
from perfgate.pipeline import inputs
from perfgate.pipeline.classes import adopt_classes
from perfgate.schema.history_types import StoredHeader, StoredRow
from perfgate.stats.history.spread import relative_spread
from perfgate.stats.quantiles import median, quantile
from perfgate.store.baselines import load
from perfgate.store.git import git
from perfgate.store.history.baselines import LEAST_FOR_P95
from perfgate.store.history.commit import append
from perfgate.store.history.ledger import find_tip
from perfgate.store.history.push import Pushed, push, require_remote
from perfgate.store.history.record import Record, encode, is_time, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.collect import Selection, SessionTally
    from perfgate.core.errors import Diagnostic
    from perfgate.core.profile import MetricProfile, Profile, Session
    from perfgate.core.run import Labels
    from perfgate.formats.options import ForeignOptions

_HERE = "run it in the git repository of the project"
_Shared = tuple[str, str, str, str, "Labels"]
"""Machine class, session, commit, machine and facts of the environment: what the rows of a record share."""


class Appended(Struct, frozen=True, kw_only=True):
    """What was added to the ledger."""

    ref: str
    """Its full name."""
    remote: str
    """Where it was pushed to; empty: nowhere."""
    records: tuple[str, ...]
    """Paths of all records of these runs, ascending."""
    added: tuple[str, ...]
    """Those that the ledger of this clone lacked."""
    pushed: Pushed | None
    """None: it was not pushed."""
    notes: tuple[Diagnostic, ...]
    """What was left out, and why."""


def append_history(
    paths: Sequence[str],
    *,
    config: str | None,
    machine_class: str,
    foreign: ForeignOptions | None,
    same_session: bool,
    ref: str,
    remote: str,
) -> Appended:
    """Add what runs measured to the ledger.

    Args:
        paths: run files; empty: the configured ones.
        config: configuration file; None: look for one.
        machine_class: given by hand; empty: the runs' own.
        foreign: what was said about files of other tools; None: nothing.
        same_session: take all runs as those of one session.
        ref: full name of the ledger's ref; empty: the configured one.
        remote: where to push it; empty: nowhere.

    Raises:
        CannotDecideError: runs cannot be read, the ref is no ledger, or it was not pushed.
    """
    settings = inputs.read_settings(config, machine_class=machine_class)
    folder = settings.root or "."
    ref = ref_of(ref, settings)
    git(folder, ["rev-parse", "--git-dir"], failing="a ledger is a ref of git", hint=_HERE)
    if remote not in {"", LEDGER_REMOTE}:  # perhaps a path that stands behind the option
        require_remote(folder, remote)
    selection = _read(paths, settings, foreign, same_session=same_session)
    notes: list[Diagnostic] = []
    recorded_at = ""
    records = {}
    for record in _records(selection, _branch(folder), notes):
        if not record.header.started_at:
            recorded_at = recorded_at or _date_of_head(folder, record.header.session)
        path, content = encode(record, recorded_at=recorded_at)
        records[path] = content
    if not records:
        first = cannot_decide("no-runs", "no session has anything to record", hint="perfgate runs list")
        raise CannotDecideError([*first.diagnostics, *notes])
    is_new = find_tip(folder, ref) is None
    added = append(folder, ref, records)
    return Appended(
        ref=ref,
        remote=remote,
        records=tuple(sorted(records)),
        added=tuple(added),
        pushed=push(folder, ref, remote, is_new=is_new) if remote else None,
        notes=tuple(notes),
    )


def ref_of(asked: str, settings: inputs.Settings) -> str:
    """Return the full name of the ledger's ref: as asked for, else as configured.

    Raises:
        CannotDecideError: it is no name of a ref.
    """
    if asked and not re.search(LEDGER_NAME, asked):
        hint = "such as refs/perfgate/history"
        raise cannot_decide("usage", f'"{asked}" is not the full name of a ref', place="--ref", hint=hint)
    return asked or settings.policy.history_ref


def _read(
    paths: Sequence[str], settings: inputs.Settings, foreign: ForeignOptions | None, *, same_session: bool
) -> Selection:
    """Return every session of the runs, as a refresh of the baselines reads them.

    Raises:
        CannotDecideError: they cannot be read.
    """
    policy = settings.policy
    baselines = () if policy.baselines == NO_BASELINES else load(os.path.join(settings.root, policy.baselines)).profiles
    collection, problems, _ = inputs.read_runs(
        paths, settings, foreign=foreign, same_session=same_session, baselines=baselines
    )
    if not policy.machine_class:
        collection = adopt_classes(collection, baselines)
    selection = select(collection, every_batch=False, every_session=True)
    problems += [*selection.problems, *find_legs(selection, paths, locate, among_selected=True)]
    if problems:
        raise CannotDecideError(problems)
    return selection


def _records(selection: Selection, branch: str, notes: list[Diagnostic]) -> Iterator[Record]:
    """Yield the records of sessions; a benchmark of which a run failed is left out of its session."""
    tallies = {(s.machine_class, s.key, s.session): s for s in selection.selected}
    failed = sorted({title(*s.key) for s in selection.selected if s.failed})
    if failed:
        message = f"benchmarks of which runs failed are left out: {list_some(failed)}"
        notes.append(note("runs-failed", message, hint="perfgate runs list; measure again"))
    shared: dict[_Shared, list[tuple[Profile, Session]]] = defaultdict(list)
    for profile in selection.profiles:
        for session in profile.sessions:
            tally = tallies.get((profile.machine_class, profile.key, session.id))
            if tally and not tally.failed:
                shared[_shared_by(profile, session, tally)].append((profile, session))
    negative = set[str]()
    for key, members in sorted(shared.items(), key=lambda item: item[0]):
        rows = [row for profile, session in members for row in _rows(profile, session.id, negative)]
        if rows:
            times = [s.started_at for _, s in members if is_time(s.started_at)]
            rows_used: dict[str, list[int | float]] = {title(*p.key): [*s.rows_used] for p, s in members}
            header = _header(key, max(times, default=""), branch, rows_used)
            yield Record(header=header, rows=tuple(sorted(rows, key=lambda r: (r.benchmark, str(r.labels), r.metric))))
    if negative:
        message = f"values below zero are left out: {list_some(sorted(negative))}"
        notes.append(note("history-negative", message, hint="state a metric that grows from zero"))


def _shared_by(profile: Profile, session: Session, tally: SessionTally) -> _Shared:
    facts = tuple((name, fact) for name, fact in tally.environment if name not in OF_ONE_RUN)
    name = SessionId.parse(session.id).session
    return profile.machine_class, name, session.commit, session.machine, facts


def _header(key: _Shared, started_at: str, branch: str, rows_used: Mapping[str, list[int | float]]) -> StoredHeader:
    machine_class, session, commit, machine, facts = key
    return StoredHeader(
        schema="perfgate/history/1",
        session=session,
        started_at=started_at,
        machine_class=machine_class,
        machine=machine,
        commit=commit,
        branch=branch,
        tool=inputs.TOOL,
        rows_used={name: rows_used[name] for name in sorted(rows_used)},
        environment=dict(facts),
    )


def _rows(profile: Profile, session: str, negative: set[str]) -> Iterator[StoredRow]:
    """Yield one row for each metric that a session measured; what is negative is noted and left out."""
    for m in profile.metrics:
        found = _middle(m, session)
        if found is None:
            continue
        n, p50, p95, spread = found
        if p50 < 0.0 or (p95 or 0.0) < 0.0:
            negative.add(f"{title(*profile.key)} {m.metric.name}")
            continue
        yield StoredRow(
            benchmark=profile.benchmark,
            labels=dict(profile.labels),
            metric=m.metric.name,
            unit=m.metric.unit,
            better=m.metric.better,
            n=n,
            p50=short(p50),
            p95=None if p95 is None else short(p95),
            spread=None if spread is None else short(spread),
            source=list(m.sources),
        )


def _middle(metric: MetricProfile, session: str) -> tuple[int, float, float | None, float | None] | None:
    """Return count, p50, p95 and spread of a metric in a session; None: it states no median there."""
    for sample in metric.samples:
        if sample.session == session:
            p95 = quantile(sorted(sample.values), 0.95) if len(sample.values) >= LEAST_FOR_P95 else None
            return sample.count, median(sample.values), p95, relative_spread(sample.values)
    for stated in metric.stated:
        if stated.session == session:
            of_name = {q.name: q.value for q in stated.quantiles}
            return (0, of_name["p50"], of_name.get("p95"), None) if "p50" in of_name else None
    return None


def _branch(folder: str) -> str:
    named = git(folder, ["symbolic-ref", "-q", "--short", "HEAD"], hint=_HERE, accepted=(0, 1))
    return find_branch(os.environ) or named.decode("utf-8", "replace").strip()


def _date_of_head(folder: str, session: str) -> str:
    """Return when the newest commit was made: the time of runs that state none.

    Raises:
        CannotDecideError: there is no commit.
    """
    try:
        seconds = git(folder, ["log", "-1", "--format=%ct", "HEAD"], hint="")
    except CannotDecideError:
        message = f"the runs of the session {session} state no time, and nothing is committed yet"
        raise cannot_decide("history-untimed", message, hint="git commit; or state started_at in the runs") from None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(seconds)))
