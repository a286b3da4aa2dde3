"""How far `perfgate ab` is: what it calls both sides, and the combination that is next."""

from __future__ import annotations

import subprocess

import pytest

from perfgate.formats.options import ForeignOptions
from perfgate.pipeline.ab.compare import ab
from perfgate.pipeline.ab.request import Request
from perfgate.pipeline.measuring.hooks import Hooks
from perfgate.pipeline.measuring.parameters import parse_lists

STAND_IN = """#!/bin/sh
if [ "$1" = --version ]; then echo valgrind-9.9.9; exit 0; fi
while [ "$1" != -- ]; do
  case "$1" in --log-file=*) log=${1#--log-file=};; esac
  shift
done
printf '==1== Cachegrind\\n==1== I   refs:      1,000,000\\n' > "$(printf %s "$log" | sed "s/%p/$$/")"
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a")
    for words in (["init", "-q", "-b", "main"], *(["commit", "-q", "--allow-empty", "-m", m] for m in "ab")):
        subprocess.run(["git", *words], check=True)
    return folder


def standings(**changes):
    fields = {
        "argv": ("true",), "base_cmd": (), "head_cmd": (), "base": "HEAD~1", "head": None, "runs": 2, "rounds": 1,
        "warmup": 1, "hooks": Hooks(), "max_time": None, "benchmark": None, "rows": None, "timeout": None, "out": None,
        "seed": 0, "config": None, "is_whole": False, "results": (), "counts": False,
        "foreign": ForeignOptions(source="", map="", direction=None, min_time=0.1, tolerance=0.01), "options": (),
    }  # fmt: skip
    found = []
    outcome = ab(Request(**{**fields, **changes}), found.append)
    assert not outcome.verdict.problems, outcome.verdict.problems
    return found


def test_a_clean_tree_whose_instructions_are_counted_is_called_by_its_commit(repository, monkeypatch):
    tool = repository.parent / "bin" / "valgrind"
    tool.parent.mkdir()
    tool.write_text(STAND_IN)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout[:12]
    assert standings(counts=True)[0].names[1] == head
    (repository / "new").write_text("")
    assert standings(counts=True)[0].names[1] == "working tree"
    assert standings()[0].names[1] == "working tree"


def test_each_run_of_each_combination_is_counted_and_named(repository):
    found = standings(argv=("true", "{k}"), parameters=parse_lists([("k", "1,2,3")]))
    assert [s.done for s in found] == list(range(19))
    assert {s.total for s in found} == {18}
    assert (found[0].combination, found[-1].combination) == ("k=1", "")
    assert found[-1].runs == (6, 6)
    assert (found[-1].round, found[-1].rounds, found[-1].combinations) == (1, 1, 3)
    assert [s.round for s in found] == [1] * 19
