"""What 0.1.0 wrote is read, judged, drawn and confirmed as 0.1.0 did."""

from __future__ import annotations

import json
import math
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from perfgate.__main__ import run

OLD = Path(__file__).parents[1] / "data" / "v0.1.0"
CASES = json.loads((OLD / "expected.json").read_text())
COMPARED = tomllib.loads((Path(__file__).parent / "expected.toml").read_text())["compared"]
MILDEST_FIRST = ["unchanged", "advisory", "suspected", "regressed"]
IDS = [case["report"].removesuffix(".json") for case in CASES]
REPORTS = [f"{case['folder']}/{case['report']}" for case in CASES]


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """Return a copy of the files outside a repository."""
    return shutil.copytree(OLD, tmp_path_factory.mktemp("old") / "old")


@pytest.fixture
def read_only(copied, monkeypatch, outside_ci) -> Path:
    """Return the folder of the files, in which commands must not write."""
    monkeypatch.chdir(copied)
    return copied


@pytest.fixture
def old(tmp_path, monkeypatch, outside_ci) -> Path:
    """Return a copy of the files, in which commands may write."""
    shutil.copytree(OLD, tmp_path / "old")
    monkeypatch.chdir(tmp_path / "old")
    return tmp_path / "old"


def findings(report: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return what is compared of each finding, by what it is about."""
    found = {}
    for finding in report["findings"]:
        entry = {COMPARED["renamed"].get(key, key): value for key, value in finding.items()}
        entry["reason"] = COMPARED["slugs"].get(entry["reason"], entry["reason"])
        entry["status"] = COMPARED["statuses"].get(entry["status"], entry["status"])
        labels = json.dumps(entry["labels"], sort_keys=True)
        place = (entry["benchmark"], labels, entry["metric"], entry["statistic"], str(entry["limit"]))
        assert place not in found
        found[place] = {key: entry[key] for key in COMPARED["finding"]}
    return found


def is_equal(old: Any, new: Any) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_equal, old, new))
    if isinstance(old, float) and isinstance(new, float | int):
        return math.isclose(old, new, rel_tol=1e-9)
    return bool(old == new)


def is_limit_lower(place: tuple[str, ...], key: str, old: Any, new: Any) -> bool:
    """Is a difference due to limits that are lower: metrics have priors of their own, and rows count together?"""
    if key == "visible":
        return abs(new) < abs(old)
    if key == "status":
        return MILDEST_FIRST.index(new) > MILDEST_FIRST.index(old)
    if key == "reason":
        return old in {"too-noisy", "within-noise", "within-threshold", "few-runs", "not-proven"}
    return key == "interval" and "peak_memory" in place


def shows_a_smaller_change(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Is of several fresh sessions, none of which decides, now the one shown that changed least?"""
    if then["change"] is None or {then["status"], now["status"]} != {"unchanged"}:
        return False
    return abs(math.log1p(now["change"])) < abs(math.log1p(then["change"]))


def slugs(report: dict[str, Any], part: str) -> list[str]:
    return sorted(COMPARED["slugs"].get(entry["slug"], entry["slug"]) for entry in report[part])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_its_runs_and_baselines_are_judged_as_it_judged_them(old: Path, monkeypatch, capsys, case) -> None:
    monkeypatch.chdir(old / case["folder"])
    then = json.loads(Path(case["report"]).read_text())
    code = run([*case["arguments"], "--report", "now.json"])
    now = json.loads(Path("now.json").read_text())
    assert (code, now["verdict"], now["exit_code"]) == (case["exit_code"], case["verdict"], case["exit_code"])
    assert "crashed" not in capsys.readouterr().err
    before, after = findings(then), findings(now)
    for place, finding in after.items():
        if "error_rate" in place:  # 0.1.0 knew the share alone, and counted it as one value
            finding |= {key: before[place][key] for key in ("n_baseline", "n_current")}
    assert before.keys() == after.keys()
    different = {
        (p, k): (v, after[p][k]) for p, e in before.items() for k, v in e.items() if not is_equal(v, after[p][k])
    }
    if len(now["provenance"]["sessions"]) > 1:
        nearer = {p for p in before if shows_a_smaller_change(before[p], after[p])}
        shown = {"change", "current", "interval", "visible", "reason"}
        different = {(p, k): sides for (p, k), sides in different.items() if p not in nearer or k not in shown}
    assert {place: sides for place, sides in different.items() if not is_limit_lower(*place, *sides)} == {}
    for part in ("problems", "notes"):
        assert slugs(now, part) == slugs(then, part)
    for side in now["samples"].values():
        for metric in (m for profile in side for m in profile["metrics"].values()):
            metric.pop("stands_for", None)
            metric.pop("hits", None)
        for facts in (s for profile in side for s in profile["sessions"].values()):
            facts.pop("cpu_model", None)
            facts["runs"] = sorted(run[:12] for run in facts["runs"])
    assert now["samples"] == then["samples"]


@pytest.mark.parametrize("form", ["text", "markdown", "json", "junit", "openmetrics", "codequality"])
@pytest.mark.parametrize("name", REPORTS)
def test_its_reports_are_drawn_in_every_format(read_only: Path, capsys, name: str, form: str) -> None:
    assert run(["report", name, "--format", form]) == 0
    drawn = capsys.readouterr()
    assert drawn.err == ""
    if form == "json":
        then, now = json.loads(Path(name).read_text()), json.loads(drawn.out)
        assert (now["verdict"], findings(now)) == (then["verdict"], findings(then))
    elif form != "codequality":  # which lists only what is worse
        assert drawn.out.strip()


def test_the_set_holds_every_verdict_and_a_candidate_for_confirming() -> None:
    reports = [json.loads((OLD / name).read_text()) for name in REPORTS]
    assert {r["verdict"] for r in reports} == {"pass", "regression", "error"}
    statuses = {f["status"] for r in reports for f in r["findings"]}
    assert statuses >= {"unchanged", "regressed", "suspected", "waived", "missing", "new"}
    confirming = [case for case in CASES if "--confirm" in case["arguments"]]
    assert [case["exit_code"] for case in confirming] == [1, 1]


def test_its_baselines_are_added_to_without_a_change_of_what_they_hold(old: Path, monkeypatch) -> None:
    monkeypatch.chdir(old / "project")
    path = next(Path("baselines").rglob("train-*.json"))
    then = json.loads(path.read_text())
    assert run(["validate"]) == 0
    assert run(["baseline", "refresh", "runs/pass"]) == 0
    now = json.loads(path.read_text())
    assert (then["schema"], sorted(now["sessions"])) == (now["schema"], sorted([*then["sessions"], "job-10"]))
    for name, metric in then["metrics"].items():
        assert {s: v for s, v in now["metrics"][name]["values"].items() if s != "job-10"} == metric["values"]


def test_refreshing_from_its_own_runs_again_writes_its_bytes(old: Path, monkeypatch) -> None:
    monkeypatch.chdir(old / "measured")
    then = {path: path.read_bytes() for path in Path("baselines").rglob("*.json")}
    assert then
    assert run(["baseline", "refresh", "measured-1"]) == 0
    assert {path: path.read_bytes() for path in Path("baselines").rglob("*.json")} == then


def test_the_report_with_every_status_is_drawn_too(old: Path, capsys) -> None:
    assert run(["report", "golden.json", "--format", "json"]) == 0
    then, now = json.loads(Path("golden.json").read_text()), json.loads(capsys.readouterr().out)
    assert [f["status"] for f in now["findings"]] == [f["status"] for f in then["findings"]]


def test_the_set_stays_small() -> None:
    assert sum(path.stat().st_size for path in OLD.rglob("*") if path.is_file()) < 300_000
