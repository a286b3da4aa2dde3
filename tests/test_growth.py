"""No command takes more than linear work: each input grows tenfold, and the work is counted, never timed.

Counted is how often each line of Python runs, which is the same on every machine. Lines
show what calls of functions do not: each turn of a loop, also of one inside a
comprehension. Held line by line, a loop that is quadratic but short is found in small
inputs. Loops inside C code are not counted.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pytest
from gate_cases import finding, profile, session, verdict
from msgspec.structs import replace
from records import summary, write_json
from verdicts import lawful

from perfgate.__main__ import run
from perfgate.core.finding import Status
from perfgate.core.run import UNSPECIFIED
from perfgate.core.text import canonical
from perfgate.core.text.canonical import dumps
from perfgate.render.comment import comment
from perfgate.render.markdown.spans import code
from perfgate.report.codec import to_data
from perfgate.report.verdict.value import value_of
from perfgate.store.codec import encode_baseline, file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import CodeType, FrameType

    from perfgate.core.finding import Finding
    from perfgate.core.profile import Profile

SIZES = (2, 12, 120)
"""The smallest shows the work that does not depend on the input."""
LINEAR = (SIZES[2] - SIZES[0]) / (SIZES[1] - SIZES[0])
"""By which factor linear work grows from the second size to the third, the fixed part subtracted."""
SLACK = 1.1
"""Inputs that reach a limit in steps, such as a table that is cut, may add a tenth."""
FEW = 20
"""Up to so many times an item may pass a line that no smaller input reaches. A loop over all items for each item
passes it 60 times or more at the third size."""

Line = tuple[str, str, int]
"""File, function and number of a line of code."""


class Work:
    """Counts how often each line of Python runs while it is entered."""

    def __init__(self) -> None:
        self._counters: dict[CodeType, tuple[Counter[int], Callable[..., Any]]] = {}

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any]:
        code = frame.f_code
        if code not in self._counters:
            counter: Counter[int] = Counter()

            def count(frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
                if event == "line":
                    counter[frame.f_lineno] += 1
                return count

            self._counters[code] = counter, count
        return self._counters[code][1]

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def lines(self) -> Counter[Line]:
        """Return how often each line ran."""
        return Counter(
            {
                (code.co_filename, code.co_name, number): times
                for code, (counter, _) in self._counters.items()
                for number, times in counter.items()
            }
        )


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command, and an input of it that grows."""

    name: str
    """What grows, for which command."""
    make: Callable[[Path, int], object]
    """Writes the input of a size into an empty folder."""
    words: tuple[str, ...]
    """The command line that is counted."""
    before: tuple[tuple[str, ...], ...] = ()
    """Command lines that run before it, not counted."""
    code: int = 0
    """The exit code, which shows that the command did its work."""
    known: str = ""
    """What grows faster today, and where; empty: nothing."""


def runs(count: int, folder: Path, **stated: Any) -> None:
    """Write run summaries of one benchmark."""
    for i in range(count):
        more = {"session": "now", "started_at": "2026-01-02T00:00:00Z", "benchmark": "train", **stated}
        name = f"{more['benchmark']}-{more['session'].replace('/', '-')}-{i}"
        write_json(
            folder / "outputs/model_runs" / f"{name}.json", summary(name, elapsed_sec=1 + 0.001 * (i % 7), **more)
        )


def commit_baseline(folder: Path, made: Profile) -> None:
    """Write a baseline file."""
    path = folder / "baselines" / UNSPECIFIED / file_name(made.benchmark, made.labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_baseline(replace(made, machine_class=UNSPECIFIED)))


def baseline(name: str = "train", sessions: int = 5) -> Profile:
    """Return a baseline of several sessions."""
    dated = [
        replace(session(f"s{i}", machine=""), started_at=f"2025-{1 + i // 28:02}-{1 + i % 28:02}T00:00:00Z")
        for i in range(sessions)
    ]
    values = {f"s{i}": [1.0 + 0.001 * (i % 5), 1.002, 1.0031] for i in range(sessions)}
    return replace(profile({"elapsed": values}, name=name), sessions=tuple(dated))


def benchmarks(folder: Path, count: int) -> None:
    """Write a baseline and two runs of each of several benchmarks."""
    for i in range(count):
        commit_baseline(folder, baseline(f"bench{i:03}"))
        runs(2, folder, benchmark=f"bench{i:03}")


def baselines(folder: Path, count: int) -> None:
    """Write baselines alone."""
    for i in range(count):
        commit_baseline(folder, baseline(f"bench{i:03}"))


def new_benchmarks(folder: Path, count: int) -> None:
    """Write runs of benchmarks without a baseline."""
    for i in range(count):
        runs(1, folder, benchmark=f"bench{i:03}")


def absent_benchmarks(folder: Path, count: int) -> None:
    """Write baselines, and failed runs of their benchmarks."""
    for i in range(count):
        commit_baseline(folder, baseline(f"bench{i:03}"))
        runs(1, folder, benchmark=f"bench{i:03}", status="failed")


def machine_classes(folder: Path, count: int) -> None:
    """Write baselines of several machine classes, and runs of one of them."""
    for i in range(count):
        made = baseline(f"bench{i:03}")
        path = folder / "baselines" / f"class-{i:03}" / file_name(made.benchmark, made.labels)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_baseline(replace(made, machine_class=f"class-{i:03}")))
        runs(1, folder, benchmark=f"bench{i:03}")


def files(folder: Path, count: int) -> None:
    """Write a baseline, and run files of its benchmark."""
    commit_baseline(folder, baseline())
    runs(count, folder)


def sessions(folder: Path, old: int, new: int) -> None:
    """Write a baseline of several sessions, and runs of others."""
    commit_baseline(folder, baseline(sessions=old))
    for i in range(new):
        runs(1, folder, session=f"now-{i}", started_at=f"2026-{1 + i // 28:02}-{1 + i % 28:02}T00:00:00Z")


def batches(folder: Path, count: int) -> None:
    """Write a baseline, and runs of one session in several batches."""
    commit_baseline(folder, baseline())
    for i in range(count):
        runs(1, folder, session=f"now/{i}", started_at=f"2026-01-02T00:{i // 60:02}:{i % 60:02}Z")


def rules(folder: Path, count: int) -> None:
    """Write a configuration of several rules, of which each governs a benchmark, and one benchmark's files."""
    files(folder, 2)
    tables = (f'[[rule]]\nbenchmark = "other{i:03}"\nthreshold = "+7%"\n' for i in range(count))
    (folder / "perfgate.toml").write_text("\n".join(tables))


def budgets(folder: Path, count: int) -> None:
    """Write a configuration of several budgets for one benchmark."""
    files(folder, 2)
    tables = (
        f'[[budget]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p50"\nlimit = "< {i + 2}s"\n'
        for i in range(count)
    )
    (folder / "perfgate.toml").write_text("\n".join(tables))


def excluded(folder: Path, count: int) -> None:
    """Write a configuration that excludes several benchmarks."""
    files(folder, 2)
    (folder / "perfgate.toml").write_text(f"exclude = {json.dumps([f'other{i}' for i in range(count)])}\n")


def write_waivers(folder: Path, names: Sequence[str]) -> None:
    """Write a waiver for each benchmark."""
    rest = 'metric = "elapsed_sec"\nceiling = "+30%"\nuntil = 2026-06-30\nreason = "r"\n'
    tables = (f'[[waiver]]\nbenchmark = "{name}"\n{rest}' for name in names)
    (folder / "baselines/waivers.toml").write_text("\n".join(tables))


def waivers(folder: Path, count: int) -> None:
    """Write waivers beside one benchmark's files."""
    files(folder, 2)
    write_waivers(folder, [f"other{i:03}" for i in range(count)])


def waived_benchmarks(folder: Path, count: int) -> None:
    """Write benchmarks, with a waiver for each."""
    benchmarks(folder, count)
    write_waivers(folder, [f"bench{i:03}" for i in range(count)])


def shards(folder: Path, count: int) -> None:
    """Write the profile file of each shard."""
    for i in range(count):
        content = json.loads(encode_baseline(baseline(f"bench{i:03}")))
        del content["schema"]
        document = {
            "schema": "perfgate/profile/1",
            "shard": {"index": i + 1, "total": count, "commit": "c0ffee", "rules": "0" * 12},
            "profiles": [content],
        }
        write_json(folder / "shards" / f"{i}.json", document)


def findings(count: int) -> list[Finding]:
    """Return findings of benchmarks, one after the other of each status."""
    statuses = list(Status)
    return [lawful(finding(statuses[i % len(statuses)], benchmark=f"bench{i:03}")) for i in range(count)]


def report(folder: Path, count: int) -> None:
    """Write a report of several benchmarks; the values of its findings are not those of its samples."""
    sides = tuple(baseline(f"sample{i:03}", sessions=1) for i in range(count))
    made = replace(verdict(*findings(count)), baseline=sides, current=sides)
    (folder / "report.json").write_text(dumps(to_data(made)))


def pytest_file(folder: Path, count: int) -> None:
    """Write one file of pytest-benchmark with several benchmarks."""
    stats = {"data": [1.0, 1.1, 1.2], "rounds": 3, "iterations": 1, "min": 1.0, "max": 1.2, "mean": 1.1, "median": 1.1,
             "stddev": 0.1, "q1": 1.0, "q3": 1.2, "iqr": 0.2, "ops": 0.9, "total": 3.3}  # fmt: skip
    items = [
        {"group": None, "name": f"t{i}", "fullname": f"t.py::t{i}", "params": None, "param": None, "extra_info": {},
         "options": {}, "stats": stats}
        for i in range(count)
    ]  # fmt: skip
    about = {"machine_info": {"node": "n", "cpu": {}}, "commit_info": {"id": "c" * 40}, "version": "5.1.0",
             "datetime": "2026-01-01T00:00:00+00:00"}  # fmt: skip
    write_json(folder / "outputs/model_runs/b.json", {**about, "benchmarks": items})


def run_lines(folder: Path, count: int) -> None:
    """Write one file of run summaries, one a line."""
    path = folder / "outputs/model_runs/all.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(summary(f"r{i}", benchmark=f"b{i % 3}")) + "\n" for i in range(count)))


def junit(folder: Path, count: int) -> None:
    """Write one JUnit file of several test cases."""
    cases = "".join(f'<testcase classname="c" name="t{i}" time="1.5"/>' for i in range(count))
    path = folder / "outputs/model_runs/junit.xml"
    path.parent.mkdir(parents=True)
    path.write_text(f'<testsuite name="s" tests="{count}">{cases}</testsuite>')


def log(folder: Path, count: int, *, routes: int = 3) -> None:
    """Write a log of several rows, and the map that reads it."""
    (folder / "perfgate.toml").write_text(
        '[[map]]\nname = "m"\nfiles = ["*.jsonl"]\nbenchmark = "{route}"\nvalues = [{ value = "took_ms" }]\n'
    )
    rows = ({"route": f"r{i % routes}", "took_ms": 5 + i % 11} for i in range(count))
    path = folder / "outputs/model_runs/web.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def csv_log(folder: Path, count: int) -> None:
    """Write the results of a load test, one request a row."""
    head = "timeStamp,elapsed,label,responseCode,success\n"
    path = folder / "outputs/model_runs/load.jtl"
    path.parent.mkdir(parents=True)
    path.write_text(head + "".join(f"{1767225600000 + i},{90 + i % 9},home,200,true\n" for i in range(count)))


def deep(folder: Path, depth: int) -> None:
    """Write a run summary with a value nested to a depth below what Python can nest."""
    files(folder, 2)
    write_json(folder / "outputs/model_runs/deep.json", summary("deep", benchmark="train", session="now"))
    text = json.dumps(summary("deep", benchmark="train", session="now", extra="HERE"))
    nested = '{"a": [' * (depth // 2) + "1" + "]}" * (depth // 2)
    (folder / "outputs/model_runs/deep.json").write_text(text.replace('"HERE"', nested))


def wide(folder: Path, count: int) -> None:
    """Write a run summary with several keys that perfgate does not know."""
    files(folder, 2)
    more = {f"key{i}": [i] for i in range(count)}
    write_json(folder / "outputs/model_runs/wide.json", summary("wide", benchmark="train", session="now", **more))


def metrics(folder: Path, count: int) -> None:
    """Write a run summary with several metrics of its own."""
    own = {f"m{i}": {"value": 1.5, "unit": "s"} for i in range(count)}
    for i in range(2):
        runs(1, folder, session=f"s{i}", metrics=own)


CHECK = ("check", "--today", "2026-02-01", "--no-github")
REPORT = (*CHECK, "--report", "report.json")
REFRESH = ("baseline", "refresh", "--keep", "1000")
AUDIT = ("audit", "--today", "2026-02-01", "--fail-on", "never")
CASES = (
    Case(name="check-files", make=files, words=CHECK),
    Case(name="check-benchmarks", make=benchmarks, words=CHECK),
    Case(name="check-new-benchmarks", make=lambda folder, n: (files(folder, 2), new_benchmarks(folder, n)),
         words=CHECK),
    Case(name="check-absent-benchmarks", make=absent_benchmarks, words=CHECK, code=2),
    Case(name="check-missing-benchmarks", make=lambda folder, n: (baselines(folder, n), runs(2, folder)), words=CHECK,
         code=2),
    Case(name="check-machine-classes", make=machine_classes, words=CHECK, code=2),
    Case(name="check-sessions", make=lambda folder, n: sessions(folder, 5, n), words=CHECK),
    Case(name="check-baseline-sessions", make=lambda folder, n: sessions(folder, n, 1), words=CHECK),
    Case(name="check-all-sessions", make=lambda folder, n: sessions(folder, 5, n), words=(*CHECK, "--sessions", "all")),
    Case(name="check-batches", make=batches, words=(*CHECK, "--sessions", "all")),
    Case(name="check-metrics", make=metrics, before=(REFRESH,), words=CHECK, code=2),
    Case(name="check-rules", make=rules, words=CHECK, code=2),
    Case(name="check-budgets", make=budgets, words=CHECK),
    Case(name="check-excluded", make=excluded, words=CHECK),
    Case(name="check-waivers", make=waivers, words=CHECK),
    Case(name="check-waived-benchmarks", make=waived_benchmarks, words=CHECK),
    Case(name="check-shards", make=shards, words=(*CHECK, "--expect-shards", "N", "shards/*.json"), code=2),
    Case(name="check-one-file", make=pytest_file, before=(("collect", "-o", "base.json"),),
         words=(*CHECK, "--baseline", "base.json"), code=2),
    Case(name="check-current", make=pytest_file, before=(("collect", "-o", "base.json"),),
         words=(*CHECK, "--baseline", "base.json", "--current", "base.json"), code=2),
    Case(name="check-report", make=benchmarks, words=REPORT),
    Case(name="collect-files", make=files, words=("collect",)),
    Case(name="collect-benchmarks", make=new_benchmarks, words=("collect", "-o", "p.json")),
    Case(name="collect-sessions", make=lambda folder, n: sessions(folder, 1, n), words=("collect", "-o", "p.json")),
    Case(name="collect-metrics", make=metrics, words=("collect", "-o", "p.json")),
    Case(name="collect-one-file", make=pytest_file, words=("collect", "-o", "p.json")),
    Case(name="collect-run-lines", make=run_lines, words=("collect", "outputs/model_runs/all.jsonl")),
    Case(name="collect-junit", make=junit, words=("collect", "outputs/model_runs/junit.xml")),
    Case(name="collect-log", make=log, words=("collect", "outputs/model_runs/web.jsonl")),
    Case(name="collect-log-of-many-benchmarks", make=lambda folder, n: log(folder, n, routes=n),
         words=("collect", "outputs/model_runs/web.jsonl")),
    Case(name="collect-load-test", make=csv_log, words=("collect", "outputs/model_runs/load.jtl")),
    Case(name="collect-depth", make=deep, words=("collect",)),
    Case(name="collect-keys", make=wide, words=("collect",)),
    Case(name="refresh-files", make=files, words=REFRESH),
    Case(name="refresh-benchmarks", make=benchmarks, words=REFRESH),
    Case(name="refresh-new-benchmarks", make=new_benchmarks, words=REFRESH),
    Case(name="refresh-sessions", make=lambda folder, n: sessions(folder, n, n), words=(*REFRESH, "--sessions", "all")),
    Case(name="report-markdown", make=report, words=("report", "report.json", "--format", "markdown")),
    Case(name="report-text", make=report, words=("report", "report.json", "--format", "text")),
    Case(name="report-json", make=report, words=("report", "report.json", "--format", "json")),
    Case(name="report-junit", make=report, words=("report", "report.json", "--format", "junit")),
    Case(name="report-openmetrics", make=report,
         words=("report", "report.json", "--format", "openmetrics")),
    Case(name="report-codequality", make=report,
         words=("report", "report.json", "--format", "codequality")),
    Case(name="audit-benchmarks", make=baselines, words=AUDIT),
    Case(name="audit-sessions", make=lambda folder, n: sessions(folder, n, 1), words=AUDIT,
         known="replay judges every session of a baseline against all others"),
    Case(name="audit-rules", make=rules, words=AUDIT),
    Case(name="merge-shards", make=shards, words=("merge", "--expect-shards", "N", "shards", "-o", "p.json")),
    Case(name="validate-benchmarks", make=baselines, words=("validate",)),
    Case(name="validate-sessions", make=lambda folder, n: sessions(folder, n, 1), words=("validate",)),
    Case(name="validate-rules", make=rules, words=("validate",)),
    Case(name="validate-waivers", make=waivers, words=("validate",)),
    Case(name="list-benchmarks", make=baselines, words=("baseline", "list")),
)  # fmt: skip


BY_VALUE = (value_of, code, canonical._exponents)
"""Caches of what was asked for by its value: what an earlier case asked for would make the smaller inputs cheap."""


def count_work(prepare: Callable[[int], Callable[[], object]]) -> list[Counter[Line]]:
    """Return how often each line of a call runs, for each size; `prepare` returns the call, and is not counted."""
    counts = []
    for size in (SIZES[0], *SIZES):  # the first round imports, and fills the caches
        call = prepare(size)
        for cached in BY_VALUE:
            cached.cache_clear()
        with Work() as work:
            call()
        counts.append(work.lines())
    return counts[1:]


def lines_that_grow_faster(counts: Sequence[Counter[Line]]) -> list[str]:
    """Return the lines that run more often than the input grows, each with its counts."""
    small, middle, large = counts
    return [
        f"{file}:{number} in {function}: {small[file, function, number]}, {middle[file, function, number]}, {times}"
        for (file, function, number), times in sorted(large.items())
        if times - small[file, function, number]
        > max(
            LINEAR * SLACK * (middle[file, function, number] - small[file, function, number]),
            FEW * SIZES[2],
        )
    ]


FIRST = {"check-files", "collect-benchmarks", "refresh-files", "report-markdown"}
"""One case of each large command; counting lines makes all of them together slow."""


def marks(case: Case, number: int) -> list[pytest.MarkDecorator]:
    """Return the marks of a case: every other one of those that are not first is left to the heavy tests."""
    known = [pytest.mark.xfail(reason=case.known)] if case.known else []
    return known + ([] if case.name in FIRST else [pytest.mark.heavy if number % 2 else pytest.mark.slow])


PARAMETERS = [pytest.param(case, id=case.name, marks=marks(case, number)) for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", PARAMETERS)
def test_ten_times_the_input_is_at_most_ten_times_the_work(case, tmp_path, monkeypatch, capfd):
    def prepare(size):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        monkeypatch.chdir(folder)
        case.make(folder, size)
        for words in case.before:
            assert run(words) == 0
        return lambda: call([str(size) if word == "N" else word for word in case.words])

    def call(words):
        code = run(words)
        printed = capfd.readouterr()
        assert code == case.code, printed.err + printed.out

    assert lines_that_grow_faster(count_work(prepare)) == []


def test_a_comment_is_cut_in_work_that_grows_no_faster_than_the_report():
    def prepare(size):
        report = verdict(*findings(size))
        return lambda: comment([("", report)], ident="default", run_page="")

    assert lines_that_grow_faster(count_work(prepare)) == []


def test_growth_is_seen_where_each_item_looks_at_all_others():
    def pairwise(size):
        items = list(range(size))
        return lambda: [any(other == item for other in reversed(items)) for item in items]

    assert len(lines_that_grow_faster(count_work(pairwise))) == 1
