"""The demo, and profile files given as the current side, through the door."""

import json
from pathlib import Path

import pytest

from perfgate.__main__ import run

RUNS = Path("outputs") / "model_runs"


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    """Return a folder with a baseline of six runs, outside CI, that is the working directory."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "PERFGATE_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_runs("a", 0.4)
    assert run(["baseline", "refresh"]) == 0
    return tmp_path


def write_runs(prefix, seconds, **more):
    RUNS.mkdir(parents=True, exist_ok=True)
    for i in range(6):
        summary = {"run_id": f"{prefix}{i}", "elapsed_sec": seconds + i / 1000, "rows_used": 10, "peak_memory_mb": 50.1}
        (RUNS / f"{prefix}{i}.json").write_text(json.dumps({**summary, **more}))


def collected(*paths):
    assert run(["collect", *paths, "--output", "now.json"]) == 0


def test_runs_of_the_baseline_do_not_pass_against_themselves_as_a_profile_file(workdir, capsys):
    collected()
    assert run(["check", "--current", "now.json"]) == 2
    assert "all belong to the baseline" in capsys.readouterr().err


@pytest.mark.parametrize(("seconds", "code"), [(0.401, 0), (0.8, 1)], ids=["unchanged", "twice as slow"])
def test_new_runs_are_judged_from_a_profile_file_as_from_their_own(workdir, seconds, code):
    write_runs("b", seconds)
    collected(f"{RUNS}/b*.json")
    assert run(["check", "--current", "now.json"]) == code


def test_a_profile_that_mixes_runs_of_the_baseline_with_others_is_refused(workdir, capsys):
    write_runs("b", 0.8)
    collected()
    assert run(["check", "--current", "now.json"]) == 2
    assert "profile-overlaps" in capsys.readouterr().err


def test_a_profile_of_another_class_of_machine_is_not_compared(workdir, capsys):
    write_runs("b", 0.4, environment={"os": "other"})
    collected(f"{RUNS}/b*.json")
    assert run(["check", "--current", "now.json"]) == 2
    assert "no baseline for this machine class" in capsys.readouterr().err


@pytest.mark.parametrize(("in_ci", "code"), [("true", 2), ("", 0)])
def test_a_new_benchmark_of_which_every_run_failed_is_a_fault_in_ci(workdir, capsys, monkeypatch, in_ci, code):
    monkeypatch.setenv("CI", in_ci)
    write_runs("b", 0.401)
    summary = json.loads((RUNS / "b0.json").read_text())
    (RUNS / "f.json").write_text(json.dumps({**summary, "run_id": "f", "benchmark": "fresh", "status": "failed"}))
    assert run(["check"]) == code
    told = capsys.readouterr()
    assert 'every run of "fresh" failed' in " ".join((told.err if code else told.out).split())


def test_the_demo_tells_its_story_and_leaves_its_folder_inside_a_project_too(tmp_path, capfd):
    project = tmp_path / "perfgate.toml"
    project.write_text('baselines = "kept"\nruns = "measured"\n')
    place = tmp_path / "play"
    code = run(["demo", "--folder", str(place)])
    told = capfd.readouterr()
    assert told.out.count("$ perfgate run -n 10 --benchmark train -- python train.py") == 3
    assert told.out.count("$ perfgate check") == 2
    assert {"train.py", "baselines", "outputs", "unchanged.md", "slowed.md", "slowed.json"} <= {
        p.name for p in place.iterdir()
    }
    assert set(tmp_path.iterdir()) == {project, place}
    assert "REBUILD_FEATURES = True" in (place / "train.py").read_text()
    headings = [(place / name).read_text().partition("\n")[0] for name in ("unchanged.md", "slowed.md")]
    has_failed = ["❌" in heading for heading in headings]
    # On a machine that is busy beyond measure the story may not come out; then the demo says so.
    assert (code, has_failed) == (0, [False, True]) or (code == 2 and "too noisy now" in told.err)
    assert run(["demo", "--folder", str(place)]) == 2
    assert "a demo was played here before" in capfd.readouterr().err
