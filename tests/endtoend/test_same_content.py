"""Result files whose content is that of the baseline: sizes and counts are judged, times are the same measurement."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from support import Project, assert_cannot_decide, opening

if TYPE_CHECKING:
    from collections.abc import Callable

MAP = '[[map]]\nname = "sizes"\nfiles = ["dist/*.json"]\nbenchmark = "{asset}"\nvalues = [{ value = "size_bytes" }]\n'
ROWS = json.dumps([{"asset": "vendor.js", "size_bytes": 481_223}, {"asset": "shop.css", "size_bytes": 20_411}])
ENTRIES = json.dumps(
    [{"name": "wheel", "unit": "kB", "value": 731.5}, {"name": "modules", "unit": "files", "value": 214}]
)
METRICS = json.dumps({"wheel": {"file-size": {"value": 812_004}}})
TIMES = json.dumps([{"name": "wheel", "unit": "kB", "value": 731.5}, {"name": "build", "unit": "ms", "value": 1912.4}])
RATES = json.dumps([{"name": "frames", "unit": "FPS", "value": 59.9}])


def by_map(project: Project) -> tuple[str, ...]:
    project.write("perfgate.toml", MAP)
    project.write("dist/sizes.json", ROWS)
    return ("dist/sizes.json",)


def by_name(project: Project) -> tuple[str, ...]:
    project.write("dist/sizes.json", METRICS)
    return ("dist/sizes.json", "--from", "bencher-bmf", "--direction", "lower")


def entries(text: str) -> Callable[[Project], tuple[str, ...]]:
    def write(project: Project) -> tuple[str, ...]:
        project.write("dist/sizes.json", text)
        return ("dist/sizes.json", "--direction", "lower")

    return write


def refreshed(project: Project, given: Callable[[Project], tuple[str, ...]] = by_map) -> tuple[str, ...]:
    words = given(project)
    outcome = project.cli("baseline", "refresh", *words)
    assert outcome.code == 0, str(outcome)
    return words


@pytest.mark.parametrize(
    "given", [by_map, entries(ENTRIES), by_name], ids=["map", "list of entries", "metrics by name"]
)
@pytest.mark.parametrize(
    "ci", [{}, {"CI": "true", "GITHUB_RUN_ID": "71", "GITHUB_ACTIONS": "true"}], ids=["laptop", "ci"]
)
def test_a_file_of_sizes_that_are_those_of_the_baseline_is_unchanged_and_said_first(
    project: Project, given: Callable[[Project], tuple[str, ...]], ci: dict[str, str]
) -> None:
    words = refreshed(project, given)
    outcome = project.cli("check", *words, env=ci)
    assert outcome.code == 0, str(outcome)
    assert "dist/sizes.json equals what the baseline holds" in opening(outcome.stdout)
    assert "\nWithin the threshold (" in outcome.stdout
    assert set(re.findall(r"^  (\S) .* → ", outcome.stdout, re.MULTILINE)) == {"="}


def test_a_second_file_of_that_content_is_judged_too(project: Project) -> None:
    refreshed(project)
    project.write("dist/later.json", ROWS)
    outcome = project.cli("check", "dist/later.json")
    assert outcome.code == 0, str(outcome)
    assert "dist/later.json equals what the baseline holds" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize("text", [TIMES, RATES], ids=["a time beside a size", "a rate"])
def test_a_file_with_times_of_the_baseline_s_content_is_the_same_measurement(project: Project, text: str) -> None:
    words = refreshed(project, entries(text))
    assert_cannot_decide(project.cli("check", *words), "belong to the baseline", "measure again")


def test_a_file_that_says_when_it_was_written_is_the_same_measurement(project: Project) -> None:
    project.write("perfgate.toml", MAP.replace("values", 'time = "at"\nvalues'))
    project.write("dist/sizes.json", json.dumps([{"asset": "a.js", "size_bytes": 5, "at": "2026-03-01T10:00:00Z"}]))
    assert project.cli("baseline", "refresh", "dist/sizes.json").code == 0
    assert_cannot_decide(project.cli("check", "dist/sizes.json"), "belong to the baseline", "measure again")


def test_a_folder_with_the_baseline_s_file_and_a_newer_one_is_judged_by_the_newer(project: Project) -> None:
    refreshed(project)
    project.write("dist/today.json", ROWS.replace("481223", "901223"))
    outcome = project.cli("check", "dist/*.json", "--report", "r.json")
    assert outcome.code == 1, str(outcome)
    found = {f["benchmark"]: f["current"] for f in project.read_json("r.json")["findings"]}
    assert found == {"vendor.js": 901_223, "shop.css": 20_411}


def test_a_committed_file_that_nobody_wrote_anew_cannot_be_judged(project: Project) -> None:
    refreshed(project)
    project.git("init", "-q")
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "all")
    outcome = project.cli("check", "dist/sizes.json")
    assert_cannot_decide(outcome, "committed in git", "measure in this job")
    project.git("rm", "-q", "--cached", "dist/sizes.json")
    outcome = project.cli("check", "dist/sizes.json")
    assert outcome.code == 0, str(outcome)


def test_in_ci_a_file_older_than_the_commit_cannot_be_judged(project: Project) -> None:
    refreshed(project)
    project.git("init", "-q")
    project.git("add", "baselines", "perfgate.toml")
    project.git("commit", "-q", "-m", "all")
    os.utime(project.path("dist/sizes.json"), (1_700_000_000, 1_700_000_000))
    outcome = project.cli("check", "dist/sizes.json", env={"CI": "true"})
    assert_cannot_decide(outcome, "older than the commit", "measure in this job")
    assert project.cli("check", "dist/sizes.json").code == 0
    os.utime(project.path("dist/sizes.json"), (0, 0))  # a program that writes no time of its own
    assert project.cli("check", "dist/sizes.json", env={"CI": "true"}).code == 0


def test_a_file_is_no_measurement_beside_itself(project: Project) -> None:
    words = entries(ENTRIES)(project)
    assert project.cli("check", *words, "--baseline", "dist/sizes.json").code == 2
    project.write("dist/base.json", ENTRIES)
    outcome = project.cli("check", *words, "--baseline", "dist/base.json")
    assert outcome.code == 0, str(outcome)


def test_a_refresh_with_the_same_sizes_adds_nothing(project: Project) -> None:
    words = refreshed(project)
    before = project.baseline_files()
    assert project.cli("baseline", "refresh", *words).code == 0
    assert project.baseline_files() == before


@pytest.mark.parametrize("text", [ENTRIES, TIMES], ids=["sizes", "times"])
def test_a_profile_that_was_collected_from_such_a_file_is_judged_likewise(project: Project, text: str) -> None:
    words = refreshed(project, entries(text))
    done = project.cli("collect", *words, "--output", "now.json")
    assert done.code == 0, str(done)
    outcome = project.cli("check", "--current", "now.json")
    assert outcome.code == (0 if text == ENTRIES else 2), str(outcome)
    assert ("now.json equals what the baseline holds" in " ".join(outcome.stdout.split())) is (text == ENTRIES)


def test_shards_of_sizes_are_judged_likewise(project: Project) -> None:
    for shard, name in (("1/2", "wheel"), ("2/2", "sdist")):
        project.write(f"{name}.json", json.dumps([{"name": name, "unit": "kB", "value": 88.5}]))
        words = ("collect", f"{name}.json", "--direction", "lower", "--shard", shard, "--output", f"parts/{name}.json")
        done = project.cli(*words, env={"PERFGATE_COMMIT": "a" * 40})
        assert done.code == 0, str(done)
        assert project.cli("baseline", "refresh", f"{name}.json", "--direction", "lower").code == 0
    outcome = project.cli("check", "parts", "--expect-shards", "2")
    assert outcome.code == 0, str(outcome)


def test_a_committed_file_is_recognised_without_a_filter_of_the_repository(project: Project) -> None:
    project.write("sizes.json", '[{"name": "wheel", "unit": "bytes", "value": 4096}]\n')
    project.git("init", "-q", "-b", "main")
    assert project.cli("baseline", "refresh", "--direction", "lower", "sizes.json").code == 0
    project.commit("Gate")
    project.write(".git/info/attributes", "sizes.json filter=vault\n")
    project.git("config", "filter.vault.clean", f"touch {project.root}/../log; cat; echo")
    project.write("sizes.json", project.path("sizes.json").read_text())
    outcome = project.cli("check", "--direction", "lower", "sizes.json")
    assert_cannot_decide(outcome, "committed in git, and not changed since", "measure in this job")
    assert not (project.root / "../log").exists()
