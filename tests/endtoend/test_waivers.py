"""``perfgate waive``, and what a waiver does to a check, a comparison and an audit."""

from __future__ import annotations

import re

import pytest
from support import Project, assert_cannot_decide, assert_green, verdict_of

WAIVE = ("waive", "train", "elapsed", "--ceiling", "+50%", "--until", "2099-01-31", "--reason", "new parser")


@pytest.fixture
def slower(green: Project) -> Project:
    """A project whose check fails: one benchmark takes 1.3 times as long."""
    green.change_runs("new-train-*", elapsed_sec=1.3, cpu_sec=1.3)
    assert green.cli("check").code == 1
    return green


def row(project: Project) -> dict[str, object]:
    """Return the row of the slower benchmark."""
    findings = project.read_json("r.json")["findings"]
    (found,) = [f for f in findings if (f["benchmark"], f["metric"], f["statistic"]) == ("train", "elapsed", "p50")]
    return dict(found)


def test_a_waived_row_passes_and_is_told(slower: Project) -> None:
    done = slower.cli(*WAIVE, "--issue", "https://example.org/7")
    assert_green(done)
    assert done.stdout.startswith("waived train elapsed p50 up to +50% until 2099-01-31: baselines/waivers.toml\n")
    outcome = slower.cli("check", "--report", "r.json", "--report", "r.md")
    assert_green(outcome)
    assert verdict_of(outcome.stdout).startswith(
        "PASS 4 gated values, 1 worse and waived, no other significantly worse."
    )
    found = row(slower)
    assert (found["status"], found["reason"]) == ("waived", "waived")
    text = slower.path("r.md").read_text()
    assert text.startswith("## ✅ perfgate: no performance regressions except 1 waived\n")
    assert (
        "- `train` elapsed: worse, but waived for a time: up to +50% until 2099-01-31: new parser"
        " (`https://example.org/7`)\n" in text.partition("\n**Worse, and waived (1)**\n")[2]
    )
    again = slower.cli("report", "r.json", "--format", "markdown")
    assert again.stdout == text


def test_a_row_beyond_its_ceiling_fails(slower: Project) -> None:
    assert_green(slower.cli(*WAIVE, "--statistic", "p95"))
    assert_green(slower.cli(*(w.replace("+50%", "+20%") for w in WAIVE)))
    assert slower.cli("check", "--report", "r.json").code == 1
    assert row(slower)["reason"] == "beyond-waiver"


def test_one_that_has_ended_fails_and_is_told(slower: Project) -> None:
    assert_green(slower.cli(*WAIVE))
    assert_green(slower.cli("check", "--today", "2099-01-31"))
    outcome = slower.cli("check", "--today", "2099-02-01", "--report", "r.json")
    assert outcome.code == 1
    assert [n["slug"] for n in slower.read_json("r.json")["notes"]][:2] == ["today-given", "waiver-expired"]
    assert "it ended on 2099-01-31" in " ".join(outcome.stdout.split())
    assert "--today 2099-02-01" in slower.read_json("r.json")["provenance"]["reproduce"]


def test_a_pull_request_cannot_waive_itself(slower: Project) -> None:
    slower.write(".gitignore", "outputs/\nr.json\n")
    slower.git("init", "-q", "-b", "main")
    slower.commit("Gate")
    assert_green(slower.cli(*WAIVE))
    assert_green(slower.cli("check"))
    assert slower.cli("check", "--baseline-ref", "HEAD").code == 1
    slower.commit("Waive")
    assert_green(slower.cli("check", "--baseline-ref", "HEAD"))


@pytest.mark.slow
def test_a_comparison_in_turns_knows_the_waivers_of_the_base(project: Project) -> None:
    project.write("perfgate.toml", 'exclude = ["*:peak_memory"]\n')
    project.write("bench.sh", "sleep 0.02\n")
    assert_green(
        project.cli("waive", "bench", "elapsed", "--ceiling", "+9000%", "--until", "2099-01-31", "--reason", "sleep")
    )
    project.git("init", "-q", "-b", "main")
    project.commit("Base")
    project.write("bench.sh", "sleep 0.2\n")
    words = ("ab", "-n", "5", "--base", "HEAD", "--benchmark", "bench", "--", "sh", "bench.sh")
    outcome = project.cli(*words)
    assert_green(outcome)
    assert verdict_of(outcome.stdout).startswith("PASS 1 gated value, worse and waived. Smallest")
    project.git("rm", "-q", "--cached", "baselines/waivers.toml")
    project.git("commit", "-q", "-m", "No waiver")
    assert project.cli(*words).code == 1


def test_an_audit_warns_of_one_that_has_ended(green: Project) -> None:
    assert_green(green.cli(*WAIVE))
    found = green.cli("audit", "--today", "2099-02-01", "--format", "json").stdout
    assert re.search(r'"slug": "waiver-expired"', found)
    assert "waiver-expired" not in green.cli("audit", "--today", "2099-01-31", "--format", "json").stdout


@pytest.mark.parametrize(
    ("words", "place", "cure"),
    [
        pytest.param(("trian", "elapsed"), 'no benchmark "trian"', 'did you mean "train"', id="unknown-benchmark"),
        pytest.param(("*", "elapsed"), "means 2 benchmarks", "one by one", id="a-pattern"),
        pytest.param(("train", "latency"), 'no metric "latency"', "known: elapsed", id="unknown-metric"),
        pytest.param(("train", "elapsed", "--ceiling", "1.5"), "--ceiling", "--help", id="no-ceiling"),
        pytest.param(("train", "elapsed", "--until", "2020-01-01"), "2020-01-01 has passed", "to come", id="past"),
        pytest.param(("train", "elapsed", "--until", "soon"), '"soon" is not a day', "--help", id="no-day"),
        pytest.param(("train", "elapsed", "--reason", " "), "--reason is empty", "--help", id="no-reason"),
        pytest.param(("train", "elapsed", "--reason", "a\nb"), "cannot be printed", "--help", id="two-lines"),
    ],
)
def test_a_waiver_that_means_nothing_is_refused(green: Project, words: tuple[str, ...], place: str, cure: str) -> None:
    outcome = green.cli("waive", *WAIVE[3:], *words)
    assert_cannot_decide(outcome, re.escape(place), re.escape(cure))
    assert not green.path("baselines/waivers.toml").exists()


def test_a_row_is_waived_once(green: Project) -> None:
    assert_green(green.cli(*WAIVE))
    before = green.path("baselines/waivers.toml").read_bytes()
    assert_cannot_decide(green.cli(*WAIVE), "waived already, up to .50% until 2099-01-31", "change that entry")
    assert green.path("baselines/waivers.toml").read_bytes() == before


@pytest.mark.parametrize("content", ["[[waiver]]\n", "waiver = 3", "\0", '[[waiver]]\nbenchmark = "train"\n'])
@pytest.mark.parametrize("command", ["check", "audit", "waive"])
def test_a_broken_file_is_exit_2_everywhere(green: Project, command: str, content: str) -> None:
    green.write("baselines/waivers.toml", content)
    words = WAIVE if command == "waive" else (command,)
    assert_cannot_decide(green.cli(*words), r"baselines/waivers\.toml", "docs/waivers.md|correct that line")
    assert green.path("baselines/waivers.toml").read_text() == content


def test_a_refresh_leaves_the_waivers_alone(green: Project) -> None:
    assert_green(green.cli(*WAIVE))
    before = green.path("baselines/waivers.toml").read_bytes()
    assert_green(green.cli("baseline", "refresh"))
    assert green.path("baselines/waivers.toml").read_bytes() == before


def test_a_broken_file_of_the_base_is_exit_2(green: Project) -> None:
    green.write("baselines/waivers.toml", "waiver = 3")
    green.write(".gitignore", "outputs/\n")
    green.git("init", "-q", "-b", "main")
    green.commit("Gate")
    green.path("baselines/waivers.toml").unlink()
    assert_cannot_decide(green.cli("check", "--baseline-ref", "HEAD"), "HEAD:baselines/waivers.toml", "waivers.md")
