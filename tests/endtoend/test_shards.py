"""Shards of a matrix: `collect --shard`, `merge` and `check --expect-shards`. A dead shard is never green."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, assert_green

from perfgate.core.finding import HOLDS

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "c" * 40
BENCHMARKS = ("load", "train", "score")
FACTS = {"os": "linux", "arch": "x64", "cpus": "4", "ci": "gha"}


def measure(project: Project, shard: int, *, day: int = 9, folder: str = "", **keys: object) -> None:
    """Write what one of three shards measures: one benchmark, on a machine of its own."""
    benchmark = BENCHMARKS[shard - 1]
    known = {
        "benchmark": benchmark, "shard": f"{shard}/3", "session": f"gha-{day}-1-bench-{benchmark}", "commit": COMMIT,
        "environment": {**FACTS, "machine": f"m{shard}"}, "memory_source": "vmhwm",
        "started_at": f"2026-01-{day:02}T00:0{shard}:00Z",
    }  # fmt: skip
    paths = project.write_runs(5, f"d{day}-{benchmark}", seed=day * 10 + shard, **{**known, **keys})
    if folder:
        for path in paths:
            target = project.path(folder) / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Baselines of three benchmarks from four days."""
    project = Project(tmp_path_factory.mktemp("shards") / "project")
    for day in range(1, 5):
        for shard in (1, 2, 3):
            measure(project, shard, day=day)
    done = project.cli("baseline", "refresh")
    assert done.code == 0, str(done)
    project.drop_runs("*")
    return project


@pytest.fixture
def gated(template: Project, tmp_path: Path) -> Project:
    """The same, and what three shards measured today, each in the folder of its artifact."""
    project = template.copy_to(tmp_path / "project")
    for shard in (1, 2, 3):
        measure(project, shard, folder=f"runs-{shard}")
    return project


def collect(project: Project, shard: int, **variables: str) -> str:
    name = f"profiles/{shard}.json"
    project.path("profiles").mkdir(exist_ok=True)
    done = project.cli("collect", f"runs-{shard}", "--shard", f"{shard}/3", "--output", name, env=variables)
    assert done.code == 0, str(done)
    return name


def merged(project: Project, *arguments: str) -> bytes:
    done = project.cli("merge", *(arguments or ("profiles",)), "--expect-shards", "3", "-o", "merged.json")
    assert done.code == 0, str(done)
    return project.path("merged.json").read_bytes()


def test_the_runs_of_all_shards_are_judged_as_one_measuring(gated: Project) -> None:
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json", "--report", "r.json")
    assert_green(outcome)
    report = gated.read_json("r.json")
    rows = {f["benchmark"] for f in report["findings"] if f["level"] == "fail" and f["status"] in HOLDS}
    assert rows >= set(BENCHMARKS)
    assert report["provenance"]["reproduce"] == "perfgate check --expect-shards 3 'runs-*/*.json'"


def test_a_regression_in_one_shard_fails(gated: Project) -> None:
    measure(gated, 2, folder="runs-2", elapsed=2.0)
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert outcome.code == 1, str(outcome)


def test_the_profiles_of_all_shards_give_the_same_verdict_as_their_runs(gated: Project) -> None:
    for shard in (1, 2, 3):
        collect(gated, shard)
    findings = []
    for given in (("--expect-shards", "3", "profiles"), ("--expect-shards", "3", "runs-*/*.json")):
        outcome = gated.cli("check", *given, "--report", "r.json")
        assert_green(outcome)
        findings.append(gated.read_json("r.json")["findings"])
    assert [(f["benchmark"], f["metric"], f["status"], f["change"]) for f in findings[0]] == [
        (f["benchmark"], f["metric"], f["status"], pytest.approx(f["change"], abs=1e-5)) for f in findings[1]
    ]


def test_the_merged_profile_is_the_one_of_all_runs_byte_for_byte(gated: Project) -> None:
    names = [collect(gated, shard) for shard in (1, 2, 3)]
    assert gated.cli("collect", "runs-*/*.json", "--output", "whole.json").code == 0
    assert merged(gated) == gated.path("whole.json").read_bytes()
    assert merged(gated, *reversed(names)) == gated.path("whole.json").read_bytes()
    assert_green(gated.cli("check", "--current", "merged.json", "--sessions", "all"))
    assert_green(gated.cli("check", "--current", "merged.json"))


def test_runs_that_all_failed_in_one_shard_are_counted_after_the_merge(gated: Project) -> None:
    measure(gated, 2, folder="runs-2", day=10, benchmark="load", status="failed", session="gha-9-1-bench-train")
    for shard in (1, 2, 3):
        collect(gated, shard)
    for given in ("profiles", "runs-*/*.json"):
        outcome = gated.cli("check", "--expect-shards", "3", given)
        assert_cannot_decide(outcome, '"load" was measured by', "name the part that each shard measures")
    assert gated.cli("collect", "runs-*/*.json", "--output", "whole.json").code == 0
    assert merged(gated) == gated.path("whole.json").read_bytes()
    stated = [s for p in gated.read_json("whole.json")["profiles"] for s in p["sessions"].values()]
    assert [s.get("failed", 0) for s in stated] == [5, 0, 0]


def test_a_dead_shard_is_never_green(gated: Project) -> None:
    for path in gated.path("runs-3").iterdir():
        path.unlink()
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json", "--report", "r.json")
    assert_cannot_decide(outcome, "shard 3 of 3 is missing", "run the job of that shard again")
    assert gated.read_json("r.json")["verdict"] == "error"
    for shard in (1, 2):
        collect(gated, shard)
    for command in ("check", "merge"):
        outcome = gated.cli(command, "profiles", "--expect-shards", "3")
        assert_cannot_decide(outcome, "shard 3 of 3 is missing", "run the job of that shard again")


def test_a_dead_shard_of_new_benchmarks_is_never_green(gated: Project) -> None:
    """No baseline asks for what it would have measured, so that only the number of shards can tell."""
    gated.baseline("score").unlink()
    for path in gated.path("runs-3").iterdir():
        path.unlink()
    assert_green(gated.cli("check", "--sessions", "all", "runs-*/*.json"))
    assert gated.cli("check", "--expect-shards", "3", "runs-*/*.json").code == 2


def test_no_shard_at_all_is_never_green(gated: Project) -> None:
    gated.path("empty").mkdir()
    for command in ("check", "merge"):
        outcome = gated.cli(command, "empty", "--expect-shards", "3")
        assert outcome.code == 2, str(outcome)
        assert "shard 3 of 3 is missing" in outcome.stderr
        outcome = gated.cli(command, "gone", "--expect-shards", "3")
        assert_cannot_decide(outcome, "gone does not exist", "check the path|runs are here")


def test_a_shard_that_ran_twice_is_refused(gated: Project) -> None:
    measure(gated, 2, folder="runs-2b", session="gha-9-2-bench-train", day=10)
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert_cannot_decide(outcome, "shard 2 of 3 is there 2 times", "newest attempt")
    for shard in (1, 2, 3):
        collect(gated, shard)
    gated.write("profiles/copy.json", gated.path("profiles/2.json").read_bytes())
    for command in ("check", "merge"):
        outcome = gated.cli(command, "profiles", "--expect-shards", "3")
        assert_cannot_decide(outcome, r"shard 2 of 3 is there 2 times \(profiles/2.json, profiles/copy.json\)", "keep")


def test_a_benchmark_of_two_shards_is_refused_whichever_is_slow(gated: Project) -> None:
    for path in gated.path("runs-3").glob("*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "benchmark": "train", "elapsed_sec": 3.0}))
    outcome = gated.cli("check", "runs-1", "runs-2", "runs-3", "--expect-shards", "3")
    assert_cannot_decide(outcome, '"train" was measured by shard 2/3', "--benchmark NAME")
    for shard in (1, 2, 3):
        collect(gated, shard)
    for command in ("check", "merge"):
        outcome = gated.cli(command, "profiles", "--expect-shards", "3")
        assert_cannot_decide(outcome, '"train" was measured by ', "--benchmark NAME")


def test_one_shard_in_place_of_another_is_refused(gated: Project) -> None:
    for path in gated.path("runs-3").iterdir():
        path.write_text(path.read_text().replace('"3/3"', '"2/3"'))
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert_cannot_decide(outcome, "shard 3 of 3 is missing", "again")
    assert "[shard-twice]" in outcome.stderr


def test_shards_of_two_commits_are_refused(gated: Project) -> None:
    measure(gated, 3, folder="runs-3", commit="d" * 40)
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert_cannot_decide(outcome, "shard 3/3 .* another commit", "at one commit")
    for shard in (1, 2, 3):
        collect(gated, shard)
    assert_cannot_decide(gated.cli("merge", "profiles", "--expect-shards", "3"), "another commit", "at one commit")


def test_shards_of_two_classes_of_machine_are_refused(gated: Project) -> None:
    measure(gated, 3, folder="runs-3", environment={**FACTS, "arch": "arm64"})
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert_cannot_decide(outcome, "shard 3/3 .* another class of machine", "at one commit")


def test_shards_collected_by_two_configurations_are_refused(gated: Project) -> None:
    collect(gated, 1)
    collect(gated, 2)
    gated.write("perfgate.toml", '[defaults]\nthreshold = "+50%"\n')
    collect(gated, 3)
    for command in ("check", "merge"):
        outcome = gated.cli(command, "profiles", "--expect-shards", "3")
        assert_cannot_decide(outcome, "profiles/3.json.* another configuration", "one run of the workflow")
    gated.write("perfgate.toml", '# why\n[defaults]\nthreshold = "+5%"\n')
    collect(gated, 3)
    merged(gated)


def test_runs_that_do_not_say_their_shard_are_refused(gated: Project) -> None:
    for path in gated.path("runs-3").iterdir():
        path.write_text(path.read_text().replace('"shard"', '"other"'))
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert "[shard-unknown]" in outcome.stderr
    assert outcome.code == 2, str(outcome)


def test_a_profile_that_does_not_say_its_shard_is_refused(gated: Project) -> None:
    for shard in (1, 2, 3):
        collect(gated, shard)
    assert gated.cli("collect", "runs-3", "--output", "profiles/3.json").code == 0
    outcome = gated.cli("merge", "profiles", "--expect-shards", "3")
    assert "profiles/3.json does not say which shard it is" in outcome.stderr
    assert outcome.code == 2, str(outcome)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema": "perfgate/profile/1", "profiles": []}'])
def test_a_profile_that_is_broken_is_named(gated: Project, content: str) -> None:
    for shard in (1, 2, 3):
        collect(gated, shard)
    gated.write("profiles/3.json", content)
    outcome = gated.cli("merge", "profiles", "--expect-shards", "3", "-o", "merged.json")
    assert_cannot_decide(outcome, r"profiles/3\.json", "restore|measure")
    assert not gated.path("merged.json").exists()
    assert_cannot_decide(gated.cli("check", "profiles", "--expect-shards", "3"), r"profiles/3\.json", "restore|measure")


def test_run_files_and_profiles_do_not_mix(gated: Project) -> None:
    collect(gated, 1)
    for name in ("a.json", "z.json"):
        gated.write(name, gated.path("profiles/1.json").read_bytes())
        outcome = gated.cli("check", "--expect-shards", "3", name, "runs-2", "runs-3")
        assert outcome.code == 2, str(outcome)


def test_runs_of_the_baseline_beside_the_shards_count_for_no_shard(gated: Project) -> None:
    for shard in (1, 2, 3):
        measure(gated, shard, day=4)
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json", "outputs/model_runs", "--report", "r.json")
    assert_green(outcome)
    assert gated.read_json("r.json")["suite"]["baseline_runs"] == 15
    outcome = gated.cli("check", "--expect-shards", "3", "outputs/model_runs")
    assert_cannot_decide(outcome, "shard 1 of 3 is missing", "again")


def test_a_shard_collects_only_its_own_runs_of_one_commit(gated: Project) -> None:
    outcome = gated.cli("collect", "runs-*/*.json", "--shard", "1/3")
    assert_cannot_decide(outcome, "the input has runs of shard 2/3", "only the runs of shard 1/3")
    measure(gated, 1, folder="runs-1", commit="d" * 40, day=10)
    assert_cannot_decide(gated.cli("collect", "runs-1", "--shard", "1/3"), "more than one commit", "older runs")


def test_the_shard_is_taken_from_the_environment(project: Project) -> None:
    where = {"PERFGATE_SHARD": "2/4", "PERFGATE_COMMIT": COMMIT}
    done = project.cli("run", "-n", "1", "--warmup", "0", "--", sys.executable, "-c", "pass", env=where)
    assert done.code == 0, str(done)
    (run,) = project.runs()
    assert json.loads(run.read_text())["shard"] == "2/4"
    assert project.cli("collect", "--output", "p.json", env=where).code == 0
    shard = project.read_json("p.json")["shard"]
    assert (shard["index"], shard["total"], shard["commit"]) == (2, 4, COMMIT)


@pytest.mark.parametrize("shard", ["5/4", "0/4", "two", "2"])
def test_an_environment_that_names_no_shard_ends_the_measuring_before_it_begins(project: Project, shard: str) -> None:
    done = project.cli("run", "-n", "1", "--warmup", "0", "--", "true", env={"PERFGATE_SHARD": shard})
    assert_cannot_decide(done, f"PERFGATE_SHARD='{shard}' must be a shard such as 2/4", "--help")
    assert project.runs() == []


def test_a_commit_that_nobody_knows_is_refused(gated: Project) -> None:
    for path in gated.path("runs-1").iterdir():
        path.write_text(path.read_text().replace(f'"{COMMIT}"', '""'))
    nowhere = {"GIT_CEILING_DIRECTORIES": str(gated.root.parent)}
    outcome = gated.cli("collect", "runs-1", "--shard", "1/3", env=nowhere)
    assert_cannot_decide(outcome, "not known which commit shard 1/3 measured", "PERFGATE_COMMIT")
    collect(gated, 1, PERFGATE_COMMIT=COMMIT)
    outcome = gated.cli("check", "--expect-shards", "3", "runs-*/*.json")
    assert "do not say which commit they measured" in outcome.stderr
    assert outcome.code == 2, str(outcome)


@pytest.mark.parametrize("arguments", [("--shard", "5/4"), ("--shard", "two"), ("--shard", "")])
def test_what_is_no_shard_is_refused(gated: Project, arguments: tuple[str, ...]) -> None:
    assert_cannot_decide(gated.cli("collect", "runs-1", *arguments), "--shard", "--help")


@pytest.mark.parametrize("n", ["0", "-1", "many"])
def test_a_number_of_shards_that_cannot_be_is_refused(gated: Project, n: str) -> None:
    for command in ("check", "merge"):
        assert_cannot_decide(gated.cli(command, "runs-1", "--expect-shards", n), "--expect-shards", "--help")
    assert_cannot_decide(gated.cli("merge", "runs-1"), "--expect-shards", "--help")
    assert_cannot_decide(gated.cli("check", "--current", "p.json", "--expect-shards", "3"), "--current", "--help")
