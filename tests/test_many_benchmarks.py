"""Four times the benchmarks are at most four times the calls, in each command and rendering of a large suite.

Counted is how often each function is called, which is the same on every machine.
`test_growth.py` counts lines of small inputs; here the suites are as large as real ones, and a
comparison that C code makes of each record with each other one is counted, too.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from typing import TYPE_CHECKING, Self

import pytest
from records import write_json

from perfgate.__main__ import run
from perfgate.core.text import canonical
from perfgate.render.comment import comment
from perfgate.render.markdown.spans import code
from perfgate.report.codec import from_data
from perfgate.report.verdict.value import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import CodeType, FrameType

SIZES = (
    pytest.param((100, 400), id="of-hundreds", marks=pytest.mark.slow),
    pytest.param((1_000, 4_000), id="of-thousands", marks=pytest.mark.heavy),
)
"""Benchmarks of the two suites; counting the calls of the larger ones takes minutes."""
SLACK = 1.1
"""Whatever is done in steps, such as sorting, may add a tenth."""
FEW = 4
"""Up to so many times a benchmark a function may be called that the small suite calls less often: a table that
grows in steps, a cache that is full. A loop over all benchmarks for each calls it hundreds of times."""
BY_VALUE = (value_of, code, canonical._exponents)
"""Caches of what was asked for by its value: what one suite asked for would make the next one cheap."""

Function = tuple[str, str]
"""File and name of a function."""


class Calls:
    """Counts the calls of each function of Python while it is entered."""

    def __init__(self) -> None:
        self._counts: Counter[CodeType] = Counter()

    def _count(self, frame: FrameType, _event: str, _argument: object) -> None:
        self._counts[frame.f_code] += 1

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def by_function(self) -> Counter[Function]:
        """Return how often each function was called."""
        counts: Counter[Function] = Counter()
        for called, times in self._counts.items():
            counts[called.co_filename, called.co_qualname] += times
        return counts


def write_suite(path: Path, count: int, *, seed: int, slower: float = 1.0) -> None:
    """Write a file of pytest-benchmark: every hundredth benchmark has a name of its own, every twentieth is slower."""
    rng = random.Random(seed)
    items = []
    for i in range(count):
        size = 10 ** random.Random(i).uniform(-5, -1) * (slower if i % 20 == 0 else 1)
        data = [size * rng.lognormvariate(0, 0.03) for _ in range(5)]
        stats = {"data": data, "rounds": 5, "iterations": 1, "min": min(data), "max": max(data), "mean": sum(data) / 5,
                 "median": sorted(data)[2], "stddev": 0, "q1": 0, "q3": 0, "iqr": 0, "ops": 1, "total": 1}  # fmt: skip
        name = f"t.py::t{i}" if i % 100 else f"t.py::of_{seed}_{i}"
        item = {"group": None, "name": name, "fullname": name, "params": None, "param": None, "extra_info": {},
                "options": {}, "stats": stats}  # fmt: skip
        items.append(item)
    about = {"machine_info": {"node": "n", "cpu": {}}, "commit_info": {"id": "c" * 40}, "version": "5.1.0",
             "datetime": f"2026-01-0{seed}T00:00:00+00:00"}  # fmt: skip
    write_json(path, {**about, "benchmarks": items})


def split(profiles: Path, folder: Path, parts: int) -> None:
    """Write the profiles of a file as those of shards."""
    content = json.loads(profiles.read_text())
    for i in range(parts):
        shard = {"index": i + 1, "total": parts, "commit": "c" * 40, "rules": "0" * 12}
        write_json(folder / f"{i}.json", {**content, "shard": shard, "profiles": content["profiles"][i::parts]})


def call(words: tuple[str, ...], *, code: int = 0) -> None:
    """Run a command."""
    assert run(words) == code


@pytest.fixture(scope="module", params=SIZES)
def suites(tmp_path_factory, request):
    """Folders with a suite of each size: both sides, the profiles of both, a report, baselines and shards."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        for count in (40, *request.param):
            folder = folders[count] = tmp_path_factory.mktemp(f"of-{count}")
            patch.chdir(folder)
            write_suite(folder / "a.json", count, seed=1)
            write_suite(folder / "b.json", count, seed=2, slower=3.0)
            for side in "ab":
                call(("collect", f"{side}.json", "-o", f"profiles-{side}.json"))
            call((*CHECK, "--report", "report.json"), code=2)
            call(("baseline", "refresh", "a.json"))
            split(folder / "profiles-a.json", folder / "shards", 4)
    return folders


CHECK = ("check", "--today", "2026-02-01", "--no-github", "--baseline", "profiles-a.json", "b.json")
COMMANDS = {
    "check": (CHECK, 2),
    "check-reports": ((*CHECK, "--report-dir", "reports"), 2),
    "check-profiles": ((*CHECK[:-1], "--current", "profiles-b.json"), 2),
    "check-folder": ((*CHECK[:4], "b.json"), 2),
    "audit": (("audit", "--today", "2026-02-01", "--fail-on", "never"), 0),
    "merge": (("merge", "--expect-shards", "4", "shards", "-o", "merged.json"), 0),
    **{f"report-{form}": (("report", "report.json", "--format", form), 0)
       for form in ("text", "markdown", "json", "html", "junit", "openmetrics", "codequality")},
}  # fmt: skip


def functions_that_grow_faster(sizes: Iterable[int], prepare: Callable[[int], Callable[[], object]]) -> list[str]:
    """Return the functions that are called more often than the suite grows; `prepare` is not counted.

    Args:
        sizes: of the smallest suite, which only imports and fills the caches, and of the two that are compared.
        prepare: returns for a size what is counted.
    """
    counts = {}
    for size in sizes:
        todo = prepare(size)
        for cached in BY_VALUE:
            cached.cache_clear()
        with Calls() as calls:
            todo()
        counts[size] = calls.by_function()
    _, small, large = counts
    return [
        f"{name} of {file}: {counts[small][file, name]}, {times}"
        for (file, name), times in sorted(counts[large].items())
        if times > max(large / small * SLACK * counts[small][file, name], FEW * large)
    ]


@pytest.mark.sampled
@pytest.mark.parametrize("name", COMMANDS)
def test_four_times_the_benchmarks_are_at_most_four_times_the_calls(name, suites, monkeypatch, capfd):
    words, exit_code = COMMANDS[name]

    def prepare(size):
        monkeypatch.chdir(suites[size])

        def todo():
            call(words, code=exit_code)
            capfd.readouterr()

        return todo

    assert functions_that_grow_faster(suites, prepare) == []


def test_a_comment_on_four_times_the_benchmarks_takes_at_most_four_times_the_calls(suites):
    def prepare(size):
        verdict = from_data(json.loads((suites[size] / "report.json").read_text()), "report.json")
        return lambda: comment([("", verdict)], ident="default", run_page="")

    assert functions_that_grow_faster(suites, prepare) == []


def test_a_loop_over_all_benchmarks_for_each_is_found():
    def prepare(size):
        items = list(range(size))

        def is_item(item: int, other: int) -> bool:
            return item == other

        return lambda: [any(is_item(item, other) for other in reversed(items)) for item in items]

    assert any("is_item" in line for line in functions_that_grow_faster((4, 40, 160), prepare))
