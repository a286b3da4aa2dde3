from __future__ import annotations

import json
import random
import re
import sys
from dataclasses import replace

import pytest
from canary_figures import CASES, ROOT, SHAPES, Case, cost, deadline, judge, main, once, rows

PAGE = ROOT / "docs" / "canary.md"
PLAIN = Case(what="of a test", requests=4_000)


def on_the_page():
    """Return the rows of the page's table: what, requests, what is counted, the shares, and the target."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## Figures\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| .* \| [\d,]+ \| ", line)]
    return [[*cells, ""][:7] for cells in lines]


def test_the_page_has_a_row_for_each_case_and_a_share_for_each_shape():
    assert [tuple(row[:3]) for row in on_the_page()] == [(c.what, f"{c.requests:,}", c.counted) for c in CASES]
    assert all(re.fullmatch(r"[\d.]+", share) for row in on_the_page() for share in row[3:6])
    assert [row[6].strip() for row in on_the_page()] == [c.target for c in CASES]


@pytest.mark.parametrize("place", range(len(CASES)), ids=lambda i: f"{CASES[i].what}, {CASES[i].requests}")
def test_a_share_on_the_page_meets_its_target(place):
    assert all(CASES[place].holds(float(share)) for share in on_the_page()[place][3:6])


@pytest.mark.parametrize(
    ("target", "share", "holds"),
    [("<= 2", 2.0, True), ("<= 2", 2.1, False), (">= 85", 85.0, True), (">= 85", 84.9, False), ("", 50.0, True)],
)
def test_a_target_is_an_upper_or_a_lower_bound_or_none(target, share, holds):
    assert replace(PLAIN, target=target).holds(share) is holds


def drawn(case, shape="lognormal", *, is_canary=True):
    return [json.loads(row) for row in rows(case, shape, random.Random(3), is_canary=is_canary)]


@pytest.mark.parametrize("shape", SHAPES)
def test_so_many_requests_of_a_shape_are_beyond_its_deadline(shape):
    late = [row["latency_total_ms"] > deadline(shape, 0.05) for row in drawn(PLAIN, shape)]
    assert sum(late) / len(late) == pytest.approx(0.05, abs=0.015)


def test_a_slower_canary_is_slower_in_every_request_and_a_slow_share_in_some():
    plain = [row["latency_total_ms"] for row in drawn(PLAIN)]
    assert [row["latency_total_ms"] for row in drawn(replace(PLAIN, factor=1.3))] == [
        pytest.approx(1.3 * ms) for ms in plain
    ]
    assert [row["latency_total_ms"] for row in drawn(replace(PLAIN, factor=1.3), is_canary=False)] == plain
    slow = [row["latency_total_ms"] for row in drawn(replace(PLAIN, slow=0.1))]
    changed = [new / old for new, old in zip(slow, plain, strict=True) if new != old]
    assert len(changed) / len(plain) == pytest.approx(0.08, abs=0.02)
    assert set(map(round, changed)) == {5}


def test_hosts_that_differ_are_named_and_those_of_one_arm_are_not_those_of_the_other():
    case = replace(PLAIN, hosts=0.1)
    sides = [{row["instance"] for row in drawn(case, is_canary=side)} for side in (False, True)]
    assert [len(side) for side in sides] == [3, 3]
    assert sides[0].isdisjoint(sides[1])
    assert "instance" not in drawn(PLAIN)[0]


def test_a_replicate_is_the_same_whenever_it_is_simulated():
    case = replace(PLAIN, requests=60, analyses=2)
    assert once(case, "gamma", 1) == once(case, "gamma", 1)


def test_a_log_that_cannot_be_judged_is_no_verdict(tmp_path):
    (tmp_path / "perfgate.toml").write_text("")
    for arm in ("baseline", "canary"):
        (tmp_path / f"{arm}.jsonl").write_text("{}\n")
    with pytest.raises(RuntimeError, match="cannot decide"):
        judge(tmp_path)


def test_a_quick_run_prints_every_row(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["canary_figures.py", "--quick", "--shape", "gamma"])
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == [case.what for case in CASES]


def test_the_cost_of_a_call_is_measured_in_a_process_of_its_own():
    cpu, peak = cost(300)
    assert cpu > 0
    assert 10 < peak < 500
