"""Never green by silence: one fault in the runs of a project that is green without it."""

from __future__ import annotations

import json
import os
import shutil
import socket
from typing import TYPE_CHECKING, Any

import pytest
from support import RUNS, Project, assert_cannot_decide, assert_green

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD: dict[str, Any] = {
    "run_id": "bad", "elapsed_sec": 1.0, "rows_used": 1000, "peak_memory_mb": 100.0, "benchmark": "train",
    "memory_source": "vmhwm", "metrics": {"queue": {"value": 5.0, "unit": "s"}},
}  # fmt: skip


def test_the_project_is_green_before_any_fault(green: Project) -> None:
    green.write(f"{RUNS}/bad.json", json.dumps(GOOD))
    outcome = green.cli("check", "--report", "r.json")
    assert_green(outcome)
    assert green.read_json("r.json")["verdict"] == "pass"


def raw(**texts: str) -> bytes:
    """Return the good summary with the JSON of some keys replaced by a text."""
    entries = {key: json.dumps(value) for key, value in GOOD.items()} | texts
    return ("{" + ", ".join(f'"{key}": {text}' for key, text in entries.items() if text) + "}").encode()


CONTENTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "only-spaces": (b" \n ", "is empty"),
    "truncated": (raw()[:-30], "not JSON"),
    "two-documents": (raw() + raw(), "not JSON"),
    "not-utf-8": (raw(benchmark='"train"').replace(b"train", b"tr\xffin"), "not UTF-8"),
    "lone-surrogate": (raw(benchmark=r'"\ud800"'), "lone surrogate"),
    "array": (b"[1, 2]", "object"),
    "text": (b'"run"', "object"),
    "null": (b"null", "object"),
    "number": (b"3", "object"),
    "deeply-nested": (raw(labels="[" * 100_000), "nested too deeply|not JSON"),
    "no-run-id": (raw(run_id=""), "run_id"),
    "no-elapsed": (raw(elapsed_sec=""), "elapsed_sec"),
    "no-rows": (raw(rows_used=""), "rows_used"),
    "no-memory": (raw(peak_memory_mb=""), "peak_memory_mb"),
    "empty-run-id": (raw(run_id='""'), "/run_id"),
    "time-is-a-text": (raw(elapsed_sec='"1.0"'), "/elapsed_sec"),
    "time-is-null": (raw(elapsed_sec="null"), "/elapsed_sec"),
    "time-is-true": (raw(elapsed_sec="true"), "/elapsed_sec"),
    "half-a-row": (raw(rows_used="1.5"), "rows_used"),
    "negative-rows": (raw(rows_used="-1"), "/rows_used"),
    "run-id-is-a-number": (raw(run_id="7"), "/run_id"),
    "labels-are-a-list": (raw(labels="[1]"), "/labels"),
    "label-is-a-number": (raw(labels='{"size": 1}'), "/labels/size"),
    "unknown-status": (raw(status='"done"'), "/status"),
    "unknown-schema": (raw(schema='"perfgate/run/9"'), "/schema"),
    "metric-is-a-text": (raw(metrics='{"queue": {"value": "5"}}'), "/metrics/queue/value"),
    "nan": (raw(elapsed_sec="NaN"), "NaN"),
    "infinity": (raw(elapsed_sec="Infinity"), "Infinity"),
    "minus-infinity": (raw(elapsed_sec="-Infinity"), "Infinity"),
    "beyond-doubles": (raw(elapsed_sec="1e400"), "too large"),
    "metric-is-nan": (raw(metrics='{"queue": {"value": NaN}}'), "NaN"),
    "metric-beyond-doubles": (raw(metrics='{"queue": {"value": 1e308, "unit": "h"}}'), "at most 1e\\+100"),
    "time-as-a-metric-too": (
        raw(metrics='{"elapsed_sec": {"value": 0.1, "unit": "s"}}'),
        "/metrics/elapsed_sec.*twice",
    ),
    "memory-as-a-metric-too": (
        raw(metrics='{"peak_memory": {"value": 1, "unit": "B"}}'),
        "/metrics/peak_memory.*twice",
    ),
    "negative-time": (raw(elapsed_sec="-0.5"), "/elapsed_sec"),
    "negative-memory": (raw(peak_memory_mb="-1"), "/peak_memory_mb"),
}


@pytest.mark.parametrize(("content", "cause"), CONTENTS.values(), ids=CONTENTS)
def test_a_run_file_with_faulty_contents_cannot_be_passed_over(green: Project, content: bytes, cause: str) -> None:
    green.write(f"{RUNS}/bad.json", content)
    outcome = green.cli("check", "--report", "r.json")
    assert_cannot_decide(outcome, rf"bad\.json.*({cause})", "perfgate schema run prints the format")
    assert_reported(green, outcome.stdout)


def assert_reported(project: Project, stdout: str) -> None:
    report = project.read_json("r.json")
    assert (report["verdict"], report["exit_code"]) == ("error", 2)
    assert "\nCANNOT DECIDE  " in f"\n{stdout}"


def _fifo(project: Project) -> None:
    os.mkfifo(project.path(f"{RUNS}/bad.json"))


def _socket(project: Project) -> None:
    before = os.getcwd()
    os.chdir(project.path(RUNS))  # a socket's path has room for 108 characters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("bad.json")
    finally:
        os.chdir(before)


def _giant(project: Project) -> None:
    os.truncate(project.write(f"{RUNS}/bad.json", raw()), 1 << 30)


ODDITIES: dict[str, tuple[Callable[[Project], object], str]] = {
    "fifo": (_fifo, "pipe"),
    "socket": (_socket, "socket"),
    "folder": (lambda p: p.path(f"{RUNS}/bad.json").mkdir(), "is a folder"),
    "link-loop": (lambda p: p.path(f"{RUNS}/bad.json").symlink_to("bad.json"), "loop of symbolic links"),
    "link-to-nowhere": (lambda p: p.path(f"{RUNS}/bad.json").symlink_to("gone.json"), "does not exist"),
    "device": (lambda p: p.path(f"{RUNS}/bad.json").symlink_to("/dev/zero"), "not a file"),
    "giant": (_giant, "is larger than"),
}


@pytest.mark.parametrize(("make", "cause"), ODDITIES.values(), ids=ODDITIES)
def test_what_is_no_regular_run_file_is_named_and_never_waited_for(
    green: Project, make: Callable[[Project], object], cause: str
) -> None:
    make(green)
    outcome = green.cli("check", "--report", "r.json")
    assert_cannot_decide(outcome, rf"bad\.json:? .*{cause}", "name|check the path|correct")
    assert_reported(green, outcome.stdout)


def _zero(project: Project) -> None:
    project.change_runs("new-train-*", elapsed_sec=0.0)


def _same_id(project: Project) -> None:
    project.write(f"{RUNS}/bad.json", json.dumps({**GOOD, "run_id": "new-train-000", "elapsed_sec": 1.001}))


def _foreign(project: Project) -> None:
    project.drop_runs("old-*")
    project.change_runs("new-*", environment={"os": "linux", "arch": "arm64", "cpus": "64"})


SETS: dict[str, tuple[Callable[[Project], object], str, str]] = {
    "no-folder": (lambda p: shutil.rmtree(p.path("outputs")), r"no run files in outputs/model_runs", "perfgate run"),
    "empty-folder": (lambda p: p.drop_runs("*"), r"no run files in outputs/model_runs", "perfgate run"),
    "zero-times": (_zero, "train elapsed: .*zero", "elapsed_ns"),
    "one-zero-time": (lambda p: p.change_runs("new-train-003", elapsed_sec=0.0), "train elapsed: .*zero", "elapsed_ns"),
    "same-id": (_same_id, r'new-train-000\.json:? .*"new-train-000" is in', "give each run an id"),
    "all-failed": (lambda p: p.change_runs("new-*", status="failed"), "every run .*failed", "fix the program"),
    "one-all-failed": (lambda p: p.change_runs("new-train-*", status="failed"), "train .*failed", "fix the program"),
    "only-baseline-runs": (lambda p: p.drop_runs("new-*"), "belong to the baseline", "perfgate run"),
    "benchmark-gone": (lambda p: p.drop_runs("*-train-*"), "train .*no run of it", "measure it"),
    "metric-gone": (lambda p: p.change_runs("new-train-*", metrics=None), "train queue: no run contains", "record it"),
    "unit-differs": (
        lambda p: p.change_runs("new-train-*", metrics={"queue": {"value": 5.0, "unit": "B"}}),
        "train queue: the units differ", "record the metric in the baseline's unit",
    ),
    "direction-differs": (
        lambda p: p.change_runs("new-train-*", metrics={"queue": {"value": 5.0, "unit": "s", "better": "higher"}}),
        "train queue: the directions differ", "record the metric as the baseline does",
    ),
    "units-mixed": (
        lambda p: p.change_runs("new-train-003", metrics={"queue": {"value": 5.0, "unit": "B"}}),
        r'new-train-.*json: /metrics/queue/unit: the unit of "queue" is', "one unit",
    ),
    "rows-differ": (lambda p: p.change_runs("new-train-*", rows_used=2000), "train .*rows_used", "same input"),
    "one-differs-in-rows": (lambda p: p.change_runs("new-train-004", rows_used=2000), "train .*rows", "same input"),
    "memory-source": (
        lambda p: p.change_runs("new-train-*", memory_source="poll"), "train peak_memory: ", "by one method",
    ),
    "foreign-class": (
        _foreign,
        "2 benchmarks: .*machine class.*64cpu", "--machine-class",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "cause", "cure"), SETS.values(), ids=SETS)
def test_runs_that_cannot_be_compared_are_never_passed_over(
    green: Project, spoil: Callable[[Project], object], cause: str, cure: str
) -> None:
    spoil(green)
    outcome = green.cli("check", "--report", "r.json")
    assert_cannot_decide(outcome, cause, cure)
    assert_reported(green, outcome.stdout)


def test_runs_named_by_hand_must_exist(green: Project) -> None:
    outcome = green.cli("check", "gone.json", RUNS, "--report", "r.json")
    assert_cannot_decide(outcome, r"gone\.json does not exist", "runs are here: outputs/model_runs")
    assert_reported(green, outcome.stdout)


def test_every_fault_of_every_file_is_told_not_the_first_alone(green: Project) -> None:
    green.write(f"{RUNS}/bad-1.json", raw(elapsed_sec='"1"', rows_used='"x"'))
    green.write(f"{RUNS}/bad-2.json", b"")
    outcome = green.cli("check")
    assert outcome.code == 2
    assert outcome.stderr.count("[run-invalid]") == 2
    assert [
        p for p in ("bad-1.json: /elapsed_sec", "bad-1.json: /rows_used", "bad-2.json") if p not in outcome.stderr
    ] == []
