"""Recorded measurements on disk -> sources to draw pull requests from.

The form of the files is told in tests/data/noise/README.md; any folder of that form will do.
"""

from __future__ import annotations

import csv
import gzip
import math
import statistics
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from sources import FRESH, Calls, Dealt, DealtSeries, Launches, Series, Source

DATA = Path(__file__).resolve().parents[1] / "data" / "noise"
STRESS = "own"
"""A machine whose neighbours were busy: told apart, no part of any mean."""
MARKS = {"-0-": "the same code", "-5-": "about 5 % slower", "-1-": "about 85 % slower"}
"""What the name of a deployed workload says of its second version."""
_UNCHANGED = "-0-"
_SECONDS = {"ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ns/op": 1e-9, "ns/iter": 1e-9}
_LONG_SERIES = 60  # sessions; shorter series hold too few windows
_SHAPED = 15  # runs that a recorded session needs for its residuals to have a shape
_RUNS = 10  # that a recorded session must hold at least
_MOST_SESSIONS = 10 + FRESH

Line = dict[str, str]
Recorded = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class DataSet:
    """What one origin can say."""

    name: str
    apart: Source
    """Baseline and current runs of different sessions."""
    in_turns: Source
    """Both sides of one session."""


@dataclass(frozen=True)
class Noise:
    """All data sets of a folder."""

    sets: tuple[DataSet, ...]
    deployed: dict[str, Calls]
    """Pairs of versions that were really deployed, by how the second differs."""


def load(folder: Path = DATA) -> Noise:
    """Return what a folder holds; a file that is not there is left out."""
    own, faas = _lines(folder, "aa_own"), _lines(folder, "ab_faas")
    launches = _sessions(line for line in own if line["layout"] == "iters")
    shapes = _shapes(launches)
    found = []
    if nightly := _lines(folder, "aa_php_nightly"):
        found.append(_nightly(nightly, shapes))
    for name in ("series_gha", "series_enso"):
        found += _series(_lines(folder, name), shapes)
    if faas:
        google = (line for line in faas if line["dataset"] == "faas-google" and _UNCHANGED in line["benchmark"])
        recorded = _with(_sessions(google), runs=_RUNS, sessions=_MOST_SESSIONS)
        found.append(DataSet("faas", Launches(recorded, shared=False), Calls(_calls(faas, _UNCHANGED))))
    for name in ("aa_go_gce", "aa_jmh_forks", "aa_jmh_fse20"):
        if lines := _lines(folder, name):
            recorded = _sessions(lines)
            in_turns = Dealt(_with(recorded, runs=2 * _RUNS, sessions=1))
            found.append(DataSet(lines[0]["dataset"], Launches(_with(recorded, _RUNS, 1), shared=False), in_turns))
    if own:
        blocks = _sessions(line for line in own if line["layout"] == "runs" and line["unit"] == "s")
        found.append(DataSet(STRESS, Launches(_with(blocks, _RUNS, 1), shared=True), Dealt(launches)))
    return Noise(tuple(found), {said: Calls(_calls(faas, mark)) for mark, said in MARKS.items()} if faas else {})


def load_memory(folder: Path = DATA) -> Source:
    """Return the recorded peaks of memory of our own, to draw sessions of launches from."""
    peaks = [line for line in _lines(folder, "aa_own") if line["benchmark"].endswith("#peak_rss")]
    return Launches(_with(_sessions(peaks), _RUNS, 1), shared=True)


def _lines(folder: Path, name: str) -> list[Line]:
    path = folder / f"{name}.csv.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _seconds(line: Line) -> float:
    return float(line["value"]) * _SECONDS.get(line["unit"], 1.0)


def _sessions(lines) -> Recorded:
    """Return benchmark -> session -> times in the order of the runs."""
    found: Recorded = defaultdict(lambda: defaultdict(list))
    for line in sorted(lines, key=lambda line: int(line["index"])):
        found[line["benchmark"]][line["session"]].append(_seconds(line))
    return found


def _with(recorded: Recorded, runs: int, sessions: int) -> Recorded:
    """Return the sessions of at least so many runs, and the benchmarks that have so many of them."""
    long = {b: {s: v for s, v in by.items() if len(v) >= runs} for b, by in recorded.items()}
    return {b: by for b, by in long.items() if len(by) >= sessions}


def _shapes(launches: Recorded) -> list[list[float]]:
    """Return the residuals of recorded sessions: logs about their median, over their standard deviation."""
    shapes = []
    for values in (v for _, by in sorted(launches.items()) for _, v in sorted(by.items())):
        logs = [math.log(v) for v in values]
        middle, size = statistics.median(logs), statistics.pstdev(logs)
        if len(logs) >= _SHAPED and size > 0:
            shapes.append([(log - middle) / size for log in logs])
    return shapes


def _nightly(lines: list[Line], shapes: list[list[float]]) -> DataSet:
    nights = {name: order for order, name in enumerate(sorted({line["session"] for line in lines}))}
    values: dict[str, dict[int, float]] = defaultdict(dict)
    for line in lines:
        values[line["benchmark"]][nights[line["session"]]] = _seconds(line)
    spreads = [float(line["std"]) / float(line["value"]) for line in lines if line["std"]]
    series = Series(suites=[values], barred=defaultdict(list), shapes=shapes, spreads=spreads)
    return DataSet("php", series, DealtSeries(series))


def _series(lines: list[Line], shapes: list[list[float]]) -> list[DataSet]:
    """Return each origin of a file of series as a data set."""
    values: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    barred: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        values[line["dataset"]][line["benchmark"]][int(line["order"])] = _seconds(line)
        if float(line["hindsight_change"]):
            barred[line["benchmark"]].append(int(line["order"]))
    found = []
    for origin, by_name in sorted(values.items()):
        suites: dict[str, dict[str, dict[int, float]]] = defaultdict(dict)
        for name in (n for n, v in by_name.items() if len(v) >= _LONG_SERIES):
            # The projects of gab run in jobs of their own; elsewhere one job runs everything.
            suites[name.partition("/")[0] if origin == "gha-gab" else ""][name] = by_name[name]
        if suites:
            series = Series(suites=list(suites.values()), barred=barred, shapes=shapes, spreads=())
            found.append(DataSet(origin.removeprefix("gha-"), series, DealtSeries(series)))
    return found


def _calls(lines: list[Line], mark: str) -> dict[str, list[tuple[list[float], list[float]]]]:
    """Return the calls that ran both versions (mode A), by workload, in the order of deployment."""
    both = _sessions(line for line in lines if mark in line["benchmark"] and "-A/" in line["benchmark"])
    workloads = sorted({name.partition("/")[0] for name in both})
    return {
        name: [
            (old, both[f"{name}/f2"][session])
            for session, old in sorted(both[f"{name}/f1"].items())
            if session in both[f"{name}/f2"]
        ]
        for name in workloads
    }
