"""Import: files of other tools -> runs in a folder, for a later check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from perfgate.collect.unnamed import is_one_session
from perfgate.core.atomic import write_whole
from perfgate.core.errors import CannotDecideError, cannot_decide, error
from perfgate.core.statistic import QUANTILE_OF
from perfgate.core.text.steps import watched
from perfgate.formats.discovery import RunReader, find
from perfgate.formats.folders import unmatched
from perfgate.formats.options import complete
from perfgate.formats.own.imported import encode_imported
from perfgate.formats.parsing.record import Quantiles, Record, Samples
from perfgate.measure.machine import facts
from perfgate.pipeline import inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.metrics import Metric
    from perfgate.core.run import Run, Series
    from perfgate.formats.options import ForeignOptions


class Found(Struct, frozen=True, kw_only=True):
    """What files hold."""

    records: tuple[Record, ...]
    """Every measurement, in the order of the files."""
    runs: tuple[Run, ...]
    """What is to be written: the runs of other tools."""
    notes: tuple[Diagnostic, ...]
    """What was left out, or is unusual."""


def read_files(paths: Sequence[str], foreign: ForeignOptions, *, config: str | None = None) -> Found:
    """Read files of other tools, and run summaries beside them.

    Args:
        paths: files, folders or globs.
        foreign: what the user says about them.
        config: configuration file; None: look for one.

    Raises:
        CannotDecideError: a file cannot be read, or holds nothing to judge; every fault is in it.
    """
    files, problems = find(paths)
    policy = inputs.read_settings(config).policy
    reader = RunReader(complete(foreign, policy), policy.maps, keeps_records=True)
    runs = list(reader.read(files))
    problems += reader.problems
    if not files and not problems:
        problems += unmatched(paths)
    if not files and not problems:
        problems.append(error("no-runs", "no files were found", place=", ".join(paths), hint="check the path"))
    if problems:
        raise CannotDecideError(problems)
    others = [r for _, contents in reader.foreign.contents for r in contents.records if not r.is_derived]
    read = {path for path, _ in reader.foreign.contents}
    own = [r for r in runs if r.origin not in read]
    return Found(
        records=(*_records(own), *others),
        runs=tuple(r for r in runs if r.series),
        notes=tuple(reader.foreign.notes),
    )


def _records(runs: Sequence[Run]) -> list[Record]:
    """Return what run summaries say: one record for each metric of a benchmark, values in the order of the files."""
    found: dict[tuple[str, str], tuple[Metric, list[float]]] = {}
    for run in runs:
        for metric, value in run.values if run.status == "ok" else ():
            found.setdefault((run.benchmark, metric.name), (metric, []))[1].append(value)
    own = (
        Record(benchmark=name, metric=m.name, unit=m.unit, better=m.better, payload=Samples(values=values))
        for (name, _), (m, values) in found.items()
    )
    return [*own, *(_record(run, s) for run in runs for s in run.series)]


def _record(run: Run, s: Series) -> Record:
    """Return what an imported run says of one metric."""
    about: Any = {"benchmark": run.benchmark, "metric": s.metric.name, "unit": s.metric.unit, "better": s.metric.better}
    if s.values:
        return Record(**about, is_mean=bool(s.source), payload=Samples(values=s.values))
    stated = tuple((QUANTILE_OF[q.name], q.value) for q in s.quantiles if q.name in QUANTILE_OF)
    return Record(**about, payload=Quantiles(points=stated))


def write_runs(runs: Sequence[Run], folder: str) -> int:
    """Write runs of other tools beside the run summaries, one file each; in CI they belong to the job's session.

    Returns:
        How many files were written.

    Raises:
        CannotDecideError: a file cannot be written.
    """
    # Files of other commits or times are several sessions: which of them is the job's, a check decides.
    session = facts.session_id() if facts.in_ci() and is_one_session(runs) else ""
    try:
        os.makedirs(folder, exist_ok=True)
        for run in watched(runs, "writing runs", "files"):
            write_whole(
                os.path.join(folder, f"{run.run_id}.json"),
                encode_imported(replace(run, session=session)),
                durable=False,
            )
    except OSError as caught:
        message = f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide(
            "output-unwritable", message, place=folder, hint="name another folder: --output DIR"
        ) from None
    return len(runs)
