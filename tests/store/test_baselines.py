"""The folder of baselines: what is in it, what does not belong there, and every fault at once."""

from __future__ import annotations

import json
import os

import pytest
from records import a_profile

from perfgate.core.errors import error
from perfgate.store.baselines import LARGEST, load, parse
from perfgate.store.codec import encode_baseline, file_name


@pytest.fixture
def folder(tmp_path):
    for machine_class in ("laptop", "ci"):
        for benchmark in ("train", "serve"):
            put(tmp_path, a_profile(benchmark=benchmark, machine_class=machine_class))
    return tmp_path


def put(folder, profile):
    path = folder / profile.machine_class / file_name(*profile.key)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode_baseline(profile))
    return path


def test_the_baselines_of_all_classes_are_read_in_order(folder):
    found = load(str(folder))
    assert [(p.machine_class, p.benchmark) for p in found.profiles] == [
        ("ci", "serve"), ("ci", "train"), ("laptop", "serve"), ("laptop", "train"),
    ]  # fmt: skip
    assert (found.source, found.problems, found.outdated) == (str(folder), (), frozenset())
    assert {p.machine_class for p in found.profiles} == {"ci", "laptop"}
    assert [p.benchmark for p in found.profiles if p.machine_class == "ci"] == ["serve", "train"]


def test_a_folder_that_does_not_exist_holds_none(tmp_path):
    found = load(str(tmp_path / "absent"))
    assert (found.profiles, found.problems) == ((), ())


def test_other_files_are_no_baselines(folder):
    staged = folder / ".perfgate-new-1f-0123abcd" / "ci"
    staged.mkdir(parents=True)
    (staged / "x.json").write_text("x")
    (folder / "ci" / "README.md").write_text("x")
    (folder / "README.md").write_text("x")
    assert load(str(folder)).problems == ()
    assert len(load(str(folder)).profiles) == 4


@pytest.mark.parametrize("place", ["deep/er/x.json", "ci/sub/x.json", "ci/X.JSON", "ci/.x.json", ".hidden/x.json"])
@pytest.mark.parametrize("is_baseline", [True, False], ids=["baseline", "other"])
def test_json_that_no_check_reads_is_an_error(folder, place, is_baseline):
    own = folder / "ci" / file_name("train", ())
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(own.read_bytes() if is_baseline else b"{}")
    (problem,) = load(str(folder)).problems
    assert (problem.slug, problem.place) == ("baseline-misplaced", str(path))
    assert ("ci/train-" in problem.message) == is_baseline


def test_a_link_that_leads_back_to_the_baselines_is_followed_once(folder):
    (folder / "ci" / "loop").symlink_to(folder)
    assert load(str(folder)).problems == ()


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "baselines").write_text("x")
    (problem,) = load(str(tmp_path / "baselines")).problems
    assert (problem.slug, problem.message) == ("baseline-unreadable", "is a file, not a folder")


@pytest.mark.parametrize(
    ("change", "slug", "message"),
    [
        pytest.param(lambda p: p.write_text("{"), "baseline-invalid", "not JSON", id="cut-off"),
        pytest.param(lambda p: p.write_text(""), "baseline-invalid", "is empty", id="empty"),
        pytest.param(lambda p: (p.unlink(), p.mkdir()), "baseline-unreadable", "Is a directory", id="a-folder"),
        pytest.param(lambda p: (p.unlink(), os.mkfifo(p)), "baseline-unreadable", "no regular file", id="a-pipe"),
        pytest.param(
            lambda p: (p.unlink(), p.symlink_to("nowhere")), "baseline-unreadable", "No such file", id="a-link"
        ),
        pytest.param(lambda p: os.truncate(p, LARGEST + 1), "baseline-unreadable", "is larger than 16", id="large"),
        pytest.param(lambda p: p.rename(p.parent / "x.json"), "baseline-misplaced", "where its content", id="renamed"),
        pytest.param(
            lambda p: p.rename(p.parents[1] / "laptop" / p.name), "baseline-misplaced", "ci/train-", id="moved"
        ),
        pytest.param(lambda p: p.rename(p.parents[1] / p.name), "baseline-misplaced", "ci/train-", id="moved-up"),
    ],
)
def test_a_baseline_that_cannot_be_trusted_is_told_beside_the_good_ones(folder, change, slug, message):
    change(folder / "ci" / file_name("train", ()))
    found = load(str(folder))
    (problem,) = found.problems
    assert problem.slug == slug
    assert message in problem.message
    assert problem.place.startswith(str(folder))
    assert problem.hint
    assert ("ci", "serve") in {(p.machine_class, p.benchmark) for p in found.profiles}
    assert ("ci", "train") not in {(p.machine_class, p.benchmark) for p in found.profiles}


def test_a_file_of_the_flat_layout_is_outdated():
    flat = {
        "schema": "perfgate/baseline/0", "benchmark": "train", "machine_class": "ci",
        "metrics": {"elapsed": {"unit": "s", "values": [1]}},
    }  # fmt: skip
    name = file_name("train", ())
    found = parse("here", [(f"ci/{name}", json.dumps(flat).encode())], [error("earlier", "fault")])
    assert found.outdated == {("ci", name)}
    assert [p.slug for p in found.problems] == ["earlier"]
    assert [p.benchmark for p in found.profiles] == ["train"]


def test_links_to_one_large_file_are_read_up_to_a_bound_of_all_together(folder, monkeypatch):
    large = folder.parent / "large.json"
    large.write_text(json.dumps({"a": "x" * 10_000}))
    for number in range(5):
        (folder / "ci" / f"a{number}.json").symlink_to(large)
    monkeypatch.setattr("perfgate.store.baselines._MOST_BYTES", 25_000)
    (problem,) = [p for p in load(str(folder)).problems if "bytes of JSON files" in p.message]
    assert (problem.slug, problem.place) == ("baseline-unreadable", str(folder))


def test_metrics_of_one_benchmark_are_bounded_since_each_is_held_against_every_rule(folder, monkeypatch):
    monkeypatch.setattr("perfgate.store.codec.MOST_METRICS", 0)
    assert {p.slug for p in load(str(folder)).problems} == {"baseline-invalid"}
