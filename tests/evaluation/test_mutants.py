from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutants import EXPLAINED, draw, read_explained, stages
from mutants_record import Record
from mutants_sites import changed_line, is_fault, mutate, sites

ROOT = Path(__file__).parents[2]

SOURCE = '''"""Say 1 < 2."""
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike
LEVEL: float = 0.05
NAMES = ("a", "b")


def worst(values: list[int], limit: int | None = None, *, ascending: bool = True) -> int:
    """Return the worst of 3."""
    if not values or len(values) < 2:
        raise ValueError(f"{len(values) + 1} values")
    fsync(values)
    return max(v - limit for v in sorted(values, key=abs) if v is not None)
'''


def faults_of(source):
    return {after for site in sites(source) if is_fault(source, site) for _, after in [changed_line(source, site)]}


@pytest.mark.parametrize(
    "line",
    [
        "LEVEL: float = 0.1",
        "def worst(values: list[int], limit: int | None = None, *, ascending: bool = False) -> int:",
        "if values or len(values) < 2:",
        "if not values and len(values) < 2:",
        "if not values or len(values) <= 2:",
        "if not values or len(values) < 3:",
        "if True:",
        "if False:",
        "pass",  # for the call of fsync and for raise
        "return None",
        "return min(v - limit for v in sorted(values, key=abs) if v is not None)",
        "return max(v + limit for v in sorted(values, key=abs) if v is not None)",
        "return max(v - limit for v in list(values) if v is not None)",
        "return max(v - limit for v in sorted(values, key=abs) if v is None)",
        "return max(v - limit for v in sorted(values, key=abs) if True)",
        "return max(v - limit for v in sorted(values, key=abs) if False)",
    ],
)
def test_a_fault_of_each_kind_is_found(line):
    assert line in faults_of(SOURCE)


def test_nothing_but_these_faults_is_found():
    assert len(faults_of(SOURCE)) == 16
    assert len(sites(SOURCE)) == 17  # two statements are replaced by `pass`


def test_every_fault_of_a_module_is_one_change_that_is_valid_python():
    source = (ROOT / "perfgate/stats/multiplicity.py").read_text()
    found = [site for site in sites(source) if is_fault(source, site)]
    assert len(found) > 20
    for site in found:
        mutated = mutate(source, site)
        ast.parse(mutated)
        assert mutated != source
        assert changed_line(source, site)[0] != changed_line(source, site)[1]


def test_a_draw_depends_on_its_seed_and_holds_each_fault_once():
    sources = {"perfgate/gate/a.py": SOURCE, "perfgate/store/b.py": SOURCE}
    drawn = [[str(mutant) for mutant in draw(sources, seed, 20)] for seed in ("1", "1", "2")]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == len(drawn[0]) == 20
    assert {mutant.file for mutant in draw(sources, "1", 5, "perfgate/store")} == {"perfgate/store/b.py"}


def test_the_quickest_tests_of_the_changed_line_run_first_and_those_of_the_mirrored_folder_last():
    (mutant,) = draw({"perfgate/gate/a.py": "def half(n):\n    return n * 0.5\n"}, "1", 1)
    record = Record(
        seconds={
            "tests/cli/t.py::a": 0.1,
            "tests/gate/t.py::b": 0.9,
            "tests/gate/t.py::c": 0.2,
            "tests/core/t.py::d": 0,
        },
        lines={"perfgate/gate/a.py": {1: [], 2: ["tests/cli/t.py::a", "tests/gate/t.py::b"]}},
        sums={},
    )
    assert list(stages(mutant, record)) == [["tests/cli/t.py::a", "tests/gate/t.py::b"], ["tests/gate/t.py::c"]]


def test_each_explained_mutant_is_one_of_today():
    gone = []
    for file, line, becomes in read_explained(EXPLAINED):
        source = (ROOT / file).read_text()
        if (line, becomes) not in {changed_line(source, site) for site in sites(source)}:
            gone.append(f"{file}: {line} -> {becomes}")
    assert not gone
