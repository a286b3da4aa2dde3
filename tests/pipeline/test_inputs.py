"""What the use cases read: the configuration, the runs, and baselines from folder, file or commit."""

from __future__ import annotations

import json

import pytest
from records import a_profile, commit_all, refused, summary, write_json, write_runs

from perfgate import config
from perfgate.pipeline import inputs
from perfgate.pipeline.collect import collect_profiles
from perfgate.store.codec import decode_profiles, encode_baseline, encode_profiles, file_name
from perfgate.store.git import Commit


def put(folder, profile):
    path = folder / profile.machine_class / file_name(*profile.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_baseline(profile))


def test_without_a_configuration_the_built_in_one_governs(workdir):
    here = inputs.read_settings(None)
    assert (here.policy, here.root) == (config.BUILT_IN, "")


def test_a_subfolder_is_governed_by_the_configuration_above_it(workdir, monkeypatch):
    (workdir / "perfgate.toml").write_text('baselines = "base"')
    (workdir / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(workdir / "a" / "b")
    here = inputs.read_settings(None)
    assert (here.policy.baselines, here.root, here.policy.source) == ("base", "../..", "../../perfgate.toml")


def test_a_configuration_given_by_hand_wins_and_its_folder_is_the_root(workdir):
    (workdir / "perfgate.toml").write_text('baselines = "near"')
    (workdir / "sub").mkdir()
    (workdir / "sub" / "other.toml").write_text('baselines = "far"')
    here = inputs.read_settings("sub/other.toml")
    assert (here.policy.baselines, here.root) == ("far", "sub")
    (fault,) = refused(inputs.read_settings, "absent.toml")
    assert fault.slug == "config-unreadable"


@pytest.mark.parametrize("name", ["gha-4cpu", "a", "A.b_c-1"])
def test_a_machine_class_given_by_hand_wins(workdir, name):
    assert inputs.read_settings(None, machine_class=name).policy.machine_class == name


@pytest.mark.parametrize("name", ["a/b", "..", ".a", "-a", "_a", "a b", "ä", "a\n"])
def test_a_machine_class_must_name_a_folder(workdir, name):
    (fault,) = refused(inputs.read_settings, None, machine_class=name)
    assert (fault.slug, fault.place) == ("usage", "--machine-class")


def test_the_configured_runs_are_read_when_no_paths_are_given(workdir):
    write_runs(workdir / "outputs" / "model_runs", [0.1, 0.2])
    write_runs(workdir / "other", [0.5], tag="x")
    here = inputs.read_settings(None)
    collection, problems, notes = inputs.read_runs((), here)
    assert ([p.benchmark for p in collection.profiles], problems, notes) == (["model_run"], [], [])
    assert [p.benchmark for p in inputs.read_runs(["other"], here)[0].profiles] == ["other"]


def test_configured_runs_are_relative_to_the_configuration(workdir, monkeypatch):
    (workdir / "perfgate.toml").write_text('runs = ["out/*.json"]')
    write_runs(workdir / "out", [0.1])
    (workdir / "sub").mkdir()
    monkeypatch.chdir(workdir / "sub")
    assert len(inputs.read_runs((), inputs.read_settings(None))[0].profiles) == 1


def test_no_runs_at_all_is_an_error_that_says_where_was_looked(workdir):
    collection, (problem,), _ = inputs.read_runs((), inputs.read_settings(None))
    assert collection.profiles == ()
    assert (problem.slug, problem.message) == ("no-runs", "no run files in outputs/model_runs")
    _, (problem,), _ = inputs.read_runs(["absent"], inputs.read_settings(None))
    assert problem.slug == "runs-unreadable"


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        pytest.param("a b", "the folder is empty", "perfgate run --out 'a b' -n 10 -- CMD", id="folder"),
        pytest.param("a b/*.json", "no file matches", "correct the pattern", id="glob"),
    ],
)
def test_what_is_named_and_holds_nothing_gets_a_hint_that_fits_it(workdir, path, message, hint):
    (workdir / "a b").mkdir()
    _, (problem,), _ = inputs.read_runs([path], inputs.read_settings(None))
    assert (problem.slug, problem.place, problem.message) == ("no-runs", path, message)
    assert hint in problem.hint


def test_copies_are_noted_and_every_fault_of_files_and_runs_is_told(workdir):
    write_json(workdir / "r" / "1.json", summary("same"))
    write_json(workdir / "r" / "2.json", summary("same"))
    write_json(workdir / "r" / "3.json", {})
    _, problems, notes = inputs.read_runs(["r", "absent"], inputs.read_settings(None))
    assert [p.slug for p in problems] == ["runs-unreadable", "run-invalid"]
    assert [n.message for n in notes] == ["left out, copies of other files: 1"]


def test_in_ci_runs_without_a_session_belong_to_the_job(workdir, monkeypatch):
    write_json(workdir / "r" / "1.json", summary("a"))
    here = inputs.read_settings(None)
    assert inputs.read_runs(["r"], here)[0].seen[0].session.startswith("unknown-")
    monkeypatch.setenv("CI", "true")
    assert not inputs.read_runs(["r"], here)[0].seen[0].session.startswith("unknown-")


def test_baselines_come_from_a_folder_or_from_a_file_of_any_kind(workdir):
    profile = a_profile()
    put(workdir / "base", profile)
    (workdir / "b.json").write_bytes(encode_baseline(profile))
    (workdir / "p.json").write_bytes(encode_profiles((profile, a_profile(benchmark="z"))))
    write_json(workdir / "q.json", {"benchmarks": {"train": {"elapsed_sec": {"p50": 1}}}})
    folder, single, several, plain = (inputs.from_path(n) for n in ("base", "b.json", "p.json", "q.json"))
    assert folder.profiles == single.profiles == (profile,)
    assert [p.benchmark for p in several.profiles] == ["train", "z"]
    assert [s.is_machine_unknown for s in (folder, single, several, plain)] == [False, False, False, True]
    assert plain.profiles[0].metrics[0].quantiles == (("p50", 1.0),)
    assert plain.source == "q.json"


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        pytest.param(b"{}", "percentiles-invalid", id="nothing-known"),
        pytest.param(b'{"schema": "perfgate/baseline/9"}', "baseline-version", id="a-newer-baseline"),
        pytest.param(b'{"schema": "perfgate/profile/1"}', "baseline-invalid", id="half-a-profile"),
        pytest.param(None, "baseline-unreadable", id="absent"),
    ],
)
def test_a_file_that_holds_nothing_to_compare_is_refused(workdir, content, slug):
    if content is not None:
        (workdir / "x.json").write_bytes(content)
    assert {f.slug for f in refused(inputs.from_path, "x.json")} == {slug}


@pytest.fixture
def repository(tmp_path, monkeypatch, outside_ci):
    folder = tmp_path / "repo"
    put(folder / "baselines", a_profile())
    (folder / "perfgate.toml").write_text('machine_class = "ci"')
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder)
    commit_all(folder)
    return folder


def test_baselines_and_policy_of_another_commit_are_read_from_it(repository):
    (repository / "perfgate.toml").write_text('machine_class = "now"')
    put(repository / "baselines", a_profile(benchmark="now"))
    commit, here = Commit("HEAD", "."), inputs.read_settings(None)
    side = inputs.from_commit(commit, here)
    assert ([p.benchmark for p in side.profiles], side.source, side.problems) == (["train"], "HEAD:baselines", ())
    policy = inputs.policy_of_commit(commit, here)
    assert (policy.machine_class, policy.source) == ("ci", "HEAD:perfgate.toml")


def test_from_a_subfolder_the_same_baselines_and_policy_are_found(repository, monkeypatch):
    (repository / "sub" / "x").mkdir()
    monkeypatch.chdir(repository / "sub")
    here = inputs.read_settings(None)
    assert here.root == ".."
    commit = Commit("HEAD", here.root)
    assert [p.benchmark for p in inputs.from_commit(commit, here).profiles] == ["train"]
    assert inputs.policy_of_commit(commit, here).machine_class == "ci"


def test_a_configuration_given_by_hand_is_compared_with_the_baselines_beside_it(repository):
    (repository / "sub" / "perfgate.toml").write_text('machine_class = "below"')
    put(repository / "sub" / "baselines", a_profile(benchmark="below"))
    commit_all(repository)
    here = inputs.read_settings("sub/perfgate.toml")
    commit = Commit("HEAD", here.root)
    side = inputs.from_commit(commit, here)
    assert ([p.benchmark for p in side.profiles], side.source) == (["below"], "HEAD:sub/baselines")
    policy = inputs.policy_of_commit(commit, here)
    assert policy.machine_class == "below"


def test_a_commit_without_a_configuration_has_none_and_one_with_two_is_refused(repository):
    (repository / "perfgate.toml").unlink()
    (repository / "pyproject.toml").write_text("[project]\n")
    commit_all(repository)
    assert inputs.policy_of_commit(Commit("HEAD", "."), inputs.read_settings(None)) is None
    (repository / "pyproject.toml").write_text('[tool.perfgate]\nbaselines = "b"\n')
    commit_all(repository)
    assert inputs.policy_of_commit(Commit("HEAD", "."), inputs.read_settings(None)).baselines == "b"
    (repository / "perfgate.toml").write_text("")
    commit_all(repository)
    (fault,) = refused(inputs.policy_of_commit, Commit("HEAD", "."), inputs.Settings(policy=config.BUILT_IN, root=""))
    assert (fault.slug, fault.place) == ("config-twice", "HEAD")


def test_collecting_gives_a_profile_file_and_says_what_was_left_out(workdir):
    write_runs(workdir / "r", [0.1, 0.2], benchmark="train")
    write_json(workdir / "r" / "bad.json", summary("bad", benchmark="train", session="s1", status="failed"))
    write_json(workdir / "r" / "copy.json", json.loads((workdir / "r" / "r0.json").read_text()))
    found = collect_profiles(["r"], config=None, machine_class="ci")
    assert [p.machine_class for p in found.profiles] == ["ci"]
    assert decode_profiles(found.encode(), "p.json") == found.profiles
    assert found.remarks == ('left out, failed runs of "train": 1', "left out, copies of other files: 1")


def test_failed_runs_in_two_sessions_are_all_counted(workdir):
    for i in (1, 2):
        write_json(workdir / "r" / f"f{i}.json", summary(f"f{i}", benchmark="t", session=f"s{i}", status="failed"))
    write_runs(workdir / "r", [0.1], benchmark="t")
    assert collect_profiles(["r"], config=None, machine_class="").remarks == ('left out, failed runs of "t": 2',)


def test_nothing_to_collect_is_an_error(workdir):
    write_json(workdir / "r" / "bad.json", summary("bad", status="failed"))
    (fault,) = refused(collect_profiles, ["r"], config=None, machine_class="")
    assert fault.slug == "runs-failed"
    (fault,) = refused(collect_profiles, ["absent"], config=None, machine_class="")
    assert fault.slug == "runs-unreadable"
