"""The profiles that the processes of one program leave are put together, whatever else they write."""

from __future__ import annotations

import json
import subprocess
import sys

from support import ROOT

from perfgate.pipeline.measuring.profiling import _merge


def function(name, calls, own=10, cumulative=20):
    return {"function": name, "file": "a.py", "line": 1, "calls": calls, "own_ns": own, "cumulative_ns": cumulative}


def profile(calls, *functions, fingerprint="python 3.11, packages 1a2b3c4d", skipped=0):
    return {"function_calls": calls, "fingerprint": fingerprint, "skipped": skipped, "functions": [*functions]}


def lines(*records):
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


def test_of_blocks_in_several_processes_the_sum_counts():
    one = {"run": None, "profile": profile(5, function("f", 2), function("g", 3), skipped=1)}
    other = {"run": None, "profile": profile(4, function("f", 4, cumulative=900), skipped=2)}
    assert _merge(lines(one, other))[0] == {
        None: profile(9, function("f", 6, own=20, cumulative=920), function("g", 3), skipped=3)
    }


def test_of_a_benchmark_the_last_profile_counts_and_labels_tell_two_apart():
    first, second = ({"run": {"benchmark": "b", "labels": {"n": "1"}}, "profile": profile(n)} for n in (3, 4))
    other = {"run": {"benchmark": "b", "labels": {}}, "profile": profile(9)}
    found, _ = _merge(lines(first, other, second))
    assert {k: p["function_calls"] for k, p in found.items()} == {("b", (("n", "1"),)): 4, ("b", ()): 9}


def test_blocks_of_another_interpreter_are_not_added():
    one, other = ({"run": None, "profile": profile(n, fingerprint=f"python 3.{n}")} for n in (11, 13))
    assert _merge(lines(one, other))[0][None]["function_calls"] == 11


def test_what_a_killed_process_left_half_written_is_left_out():
    whole = lines({"run": None, "profile": profile(5)})
    assert _merge(whole + b'{"run": null, "profile": {"func\n[]\n{}\nnull\n')[0][None] == profile(5)


def test_a_process_whose_count_is_a_race_leaves_the_sum_without_one():
    one, other = ({"run": None, "profile": profile(n)} for n in (5, 4))
    del other["profile"]["function_calls"]
    found, _ = _merge(lines(one, other))
    assert found[None]["function_calls"] is None


def test_the_sum_of_blocks_lacks_what_another_profiler_took_but_a_run_has_its_own():
    run = {"run": {"benchmark": "b", "labels": {}}, "profile": profile(4)}
    found, is_spoilt = _merge(lines({"is_spoilt": True}, {"run": None, "profile": profile(5)}, run))
    assert is_spoilt
    assert list(found) == [("b", ())]


def test_perfgate_run_does_not_load_what_judges():
    code = "import sys; import perfgate.pipeline.measuring.profiling as p; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    loaded = set(done.stdout.split())
    assert "perfgate.pipeline.measuring.run" in loaded
    assert not loaded & {"perfgate.gate", "perfgate.pipeline.runs", "perfgate.pipeline.verdicts"}
