"""What a pull request does to its own gate: told first, refused or allowed by the key of the commit."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from support import Project, assert_cannot_decide, assert_green, opening

if TYPE_CHECKING:
    from collections.abc import Callable

CHECK = ("check", "--baseline-ref", "HEAD", "--report", "r.json")
EDITED = "this change edits the gate itself: "
WAIVER = '[[waiver]]\nbenchmark = "train"\nmetric = "elapsed"\nstatistic = "p50"\nceiling = "+30%"\n'


@pytest.fixture
def repository(green: Project) -> Project:
    return committed(green, '[defaults]\nthreshold = "+6%"\n')


def committed(project: Project, configuration: str) -> Project:
    project.write(".gitignore", "outputs/\nr.json\n")
    project.write("perfgate.toml", configuration)
    project.git("init", "-q", "-b", "main")
    project.commit("Gate")
    return project


def changes(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.read_json("r.json")["gate_changes"]
    return found


def loosen(project: Project) -> None:
    project.write("perfgate.toml", 'baseline_changes = "allow"\n[defaults]\nthreshold = "+50%"\n')


def slow_down(project: Project) -> None:
    """Make a baseline three times slower, as a refresh from slow runs would."""
    project.drop_runs("old-*")
    kept = {path: path.read_bytes() for path in project.runs()}
    project.change_runs("new-train-*", elapsed_sec=3.0)
    done = project.cli("baseline", "refresh", "--replace", "--reason", "slower", "--benchmark", "train")
    assert done.code == 0, str(done)
    for path, content in kept.items():
        path.write_bytes(content)


def waive(project: Project) -> None:
    project.write("baselines/waivers.toml", WAIVER + 'until = "2999-01-01"\nreason = "known"\n')


def test_nothing_is_told_when_nothing_is_edited(repository: Project) -> None:
    assert_green(repository.cli(*CHECK))
    assert changes(repository) == []


def test_a_loosened_threshold_is_told_before_and_after(repository: Project) -> None:
    loosen(repository)
    outcome = repository.cli(*CHECK)
    assert outcome.code == 0, str(outcome)
    (change,) = changes(repository)
    assert (change["kind"], change["edit"], change["path"]) == ("configuration", "changed", "perfgate.toml")
    assert [(m["what"], m["before"], m["after"], m["laxer"]) for m in change["moves"]] == [
        ("threshold", "+6%", "+50%", True), ("baseline_changes", "report", "allow", True),
    ]  # fmt: skip
    blocks = outcome.stdout.split("\n\n")
    assert EDITED + "the configuration" in " ".join(blocks[1].split())
    assert "perfgate.toml changed: threshold +6% → +50% (lets more pass)" in " ".join(blocks[2].split())


def test_a_baseline_that_got_slower_is_told_with_both_values(repository: Project) -> None:
    slow_down(repository)
    outcome = repository.cli(*CHECK)
    (change,) = changes(repository)
    assert (change["kind"], change["edit"], change["name"]) == ("baseline", "changed", "train")
    assert repository.path(change["path"]).is_file()
    moves = {m["what"]: m for m in change["moves"]}
    assert moves["elapsed p50"]["after"] == 3.0
    assert moves["elapsed p50"]["change"] == pytest.approx(2.0, abs=0.1)
    assert moves["elapsed p50"]["laxer"] is True
    assert "(lets more pass)" not in outcome.stdout
    assert "3 s (+" in outcome.stdout
    assert ", lets more pass)" in " ".join(outcome.stdout.split())


def test_a_waiver_that_is_added_is_told(repository: Project) -> None:
    waive(repository)
    outcome = repository.cli(*CHECK)
    (change,) = changes(repository)
    assert (change["kind"], change["edit"], change["path"]) == ("waivers", "added", "baselines/waivers.toml")
    assert change["moves"][0]["after"] == "+30% until 2999-01-01: known"
    assert EDITED + "the waivers" in " ".join(outcome.stdout.split())


def test_files_that_are_added_removed_or_unreadable_are_told_as_such(repository: Project) -> None:
    repository.baseline("train").unlink()
    repository.baseline("score").write_text("{")
    repository.write("baselines/unspecified/new-00000000.json", "version https://git-lfs.github.com/spec/v1\n")
    repository.write("baselines/waivers.toml", "[[")
    repository.path("perfgate.toml").unlink()
    outcome = repository.cli(*CHECK)
    assert outcome.code == 0, str(outcome)
    told = [(c["kind"], c["edit"], c["name"] or c["path"]) for c in changes(repository)]
    assert told == [
        ("configuration", "removed", "perfgate.toml"),
        ("baseline", "removed", "train"),
        ("baseline", "unreadable", "score"),
        ("baseline", "unreadable", "baselines/unspecified/new-00000000.json"),
        ("waivers", "unreadable", "baselines/waivers.toml"),
    ]
    assert "3 baselines (new-00000000.json, score, train), the waivers" in " ".join(outcome.stdout.split())


EDITS = [loosen, slow_down, waive]


@pytest.mark.parametrize("edit", EDITS)
def test_refused_edits_exit_2_with_the_report(green: Project, edit: Callable[[Project], None]) -> None:
    committed(green, 'baseline_changes = "refuse"\n')
    assert_green(green.cli(*CHECK))
    edit(green)
    outcome = green.cli(*CHECK)
    assert_cannot_decide(outcome, EDITED + '.*HEAD, which has .* = "refuse"', "a pull request of their own")
    assert green.read_json("r.json")["verdict"] == "error"
    assert len(changes(green)) == 1


def test_refused_edits_are_told_also_when_nothing_was_measured(green: Project) -> None:
    committed(green, 'baseline_changes = "refuse"\n')
    loosen(green)
    green.drop_runs("*")
    outcome = green.cli(*CHECK)
    assert outcome.code == 2
    assert "[gate-edit-refused]" in outcome.stderr
    assert len(changes(green)) == 1


@pytest.mark.parametrize("edit", EDITS)
def test_allowed_edits_are_one_line_at_the_end(green: Project, edit: Callable[[Project], None]) -> None:
    committed(green, 'baseline_changes = "allow"\n')
    edit(green)
    green.write("perfgate.toml", green.path("perfgate.toml").read_text().replace("allow", "refuse"))
    outcome = green.cli(*CHECK)
    assert outcome.code == 0, str(outcome)
    before, _, notes = outcome.stdout.partition("Notes\n")
    assert "edits the gate" not in before
    assert notes.count("(gate-edit-allowed)") == 1
    context = r"current: [^;]+; baseline: [^;]+; unspecified"
    assert re.fullmatch(context, opening(outcome.stdout)), "no edit by its name"
    assert "→" not in notes


def test_a_report_drawn_again_tells_the_same(repository: Project) -> None:
    loosen(repository)
    slow_down(repository)
    shown = repository.cli(*CHECK).stdout
    assert repository.cli("report", "r.json").stdout == shown


def test_a_report_of_an_earlier_version_is_still_read(repository: Project) -> None:
    repository.cli(*CHECK)
    report = repository.read_json("r.json")
    del report["gate_changes"]
    repository.write("r.json", json.dumps(report))
    assert_green(repository.cli("report", "r.json"))


def test_a_hostile_name_in_an_edit_stays_a_name(repository: Project) -> None:
    repository.write(
        "perfgate.toml", 'exclude = ["`<img src=x>` @team #1\\n::error::x"]\n[defaults]\nthreshold = "+6%"\n'
    )
    shown = repository.cli(*CHECK, "--format", "markdown").stdout
    (line,) = (x for x in shown.splitlines() if "<img" in x and x.startswith("- "))
    assert "`` `<img src=x>` @team #1 ::error::x ``" in line


def test_under_ab_the_key_of_the_base_counts(green: Project) -> None:
    committed(green, 'baseline_changes = "refuse"\n')
    loosen(green)
    outcome = green.cli("ab", "--base", "HEAD", "-n", "2", "--warmup", "0", "--", "true")
    assert_cannot_decide(outcome, EDITED + "the configuration", "a pull request of their own")
