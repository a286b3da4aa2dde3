"""hyperfine: exit codes that are failures, and one that is the program's answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cases import contents, values_of

from perfgate.formats.convert import to_runs

if TYPE_CHECKING:
    from pathlib import Path

TIMES = [0.1, 0.11, 0.12, 0.13]


def read(folder: Path, codes: list[int | None]):
    result = {"command": "check .", "mean": 0.115, "stddev": 0.01, "median": 0.115, "user": 0.1, "system": 0.01,
              "min": 0.1, "max": 0.13, "times": TIMES, "exit_codes": codes}  # fmt: skip
    path = folder / "bench.json"
    path.write_text(json.dumps({"results": [result]}), encoding="utf-8")
    return contents(path)


@pytest.mark.parametrize(
    ("codes", "kept", "rate", "flags"),
    [
        pytest.param([0, 0, 0, 0], TIMES, 0.0, (), id="none-failed"),
        pytest.param([0, 1, 0, 0], [0.1, 0.12, 0.13], 0.25, ("nonzero-exit",), id="one-failed"),
        pytest.param([1, 1, 1, 1], TIMES, 1.0, ("exit-code",), id="the-programs-answer"),
        pytest.param([1, 2, 1, 1], None, 1.0, None, id="all-failed-in-several-ways"),
        pytest.param([None] * 4, None, 1.0, None, id="all-killed"),
    ],
)
def test_an_exit_code_that_all_runs_share_is_the_programs_answer(tmp_path, codes, kept, rate, flags):
    got = read(tmp_path, codes)
    rates = [values_of(r) for r in got.records if r.metric == "error_rate"]
    assert rates == [[rate]]
    (run,) = to_runs(got, "bench.json").runs
    times = {s.metric.name: s.values for s in run.series}.get("time")
    assert times == (None if kept is None else tuple(kept))
    assert [r.flags for r in got.records if r.metric == "time"] == ([] if flags is None else [flags])
    assert [s.why for s in got.skipped] == (["every run failed"] if kept is None else [])
