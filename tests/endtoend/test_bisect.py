"""`perfgate bisect` finds the commit that made a value worse, in real repositories, and never names one by chance.

The programs print the values that they "measured", so that the searches do not depend on how busy the machine is.
"""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import ab_cases
import pytest

if TYPE_CHECKING:
    from support import Outcome, Project

CMD = ("--results", "-", "--", "sh", "job.sh")
JOB = ("--direction", "lower", *CMD)
FAST, SLOW = 100, 125


def job(value: float, *, name: str = "parse", more: str = "") -> str:
    """Return a program that reports a value, with a little noise from its process id."""
    result = f'[{{"name": "{name}", "unit": "ms", "value": {value}.%d}}]\\n'
    return f"{more}\nprintf '{result}' $(($$ % 10))\n"


def history(project: Project, scripts: list[str]) -> list[str]:
    """Make a commit of each script, and return their hashes."""
    project.git("init", "-q", "-b", "main")
    hashes = []
    for number, script in enumerate(scripts):
        project.write("job.sh", script)
        project.write("n", str(number))
        project.commit(f"c{number}")
        hashes.append(project.git("rev-parse", "HEAD").strip())
    return hashes


def bisect(project: Project, *words: str, **more: Any) -> Outcome:
    spare = project.root.parent / "spare"
    spare.mkdir(exist_ok=True)
    before = ab_cases.listing(project)
    outcome = project.cli("bisect", *words, env={"TMPDIR": str(spare), **more.pop("env", {})}, **more)
    assert list(spare.iterdir()) == [], str(outcome)
    assert ab_cases.listing(project) == before
    return outcome


def document(outcome: Outcome) -> Any:
    return json.loads(outcome.stdout)


@pytest.mark.heavy
def test_it_finds_the_commit_and_leaves_the_repository_alone(project: Project) -> None:
    hashes = history(project, [job(FAST)] * 6 + [job(SLOW)] * 5)
    project.write("job.sh", "exit 1")  # not committed, so not measured
    outcome = bisect(project, "--good", hashes[0], *JOB)
    assert outcome.code == 0, str(outcome)
    assert f"First slow commit: {hashes[6][:12]}  c6" in outcome.stdout
    assert f"against the commit before it, {hashes[5][:12]}" in " ".join(outcome.stdout.split())
    assert f"git show {hashes[6][:12]}" in outcome.stdout
    assert "head-dirty" in outcome.stderr
    assert project.git("status", "--short").split() == ["M", "job.sh"]


def test_the_report_as_data_names_the_commit_its_parent_and_what_was_measured(project: Project) -> None:
    hashes = history(project, [job(FAST), job(FAST), job(SLOW), job(SLOW)])
    outcome = bisect(project, "--good", hashes[0], "--bad", "main", "--format", "json", *JOB)
    found = document(outcome)
    assert outcome.code == 0, str(outcome)
    assert [c["commit"] for c in found["first"]] == [hashes[2]]
    assert found["first"][0]["subject"] == "c2"
    assert found["confirmed"]["parent"] == hashes[1]
    assert found["confirmed"]["change"] == pytest.approx(0.25, abs=0.02)
    assert (found["good"], found["bad"], found["commits"]) == (hashes[0], hashes[3], 3)
    assert found["value"]["benchmark"] == "parse"


def test_commits_that_do_not_run_are_skipped(project: Project) -> None:
    scripts = [job(FAST)] * 3 + ["exit 7"] * 2 + [job(FAST)] + [job(SLOW)] * 4
    hashes = history(project, scripts)
    outcome = bisect(project, "--good", hashes[0], *JOB)
    assert outcome.code == 0, str(outcome)
    assert f"First slow commit: {hashes[6][:12]}" in outcome.stdout


@pytest.mark.heavy
def test_where_broken_commits_hide_it_the_ones_that_remain_are_named(project: Project) -> None:
    hashes = history(project, [job(FAST)] * 3 + ["exit 7"] * 2 + [job(SLOW)] * 3)
    outcome = bisect(project, "--good", hashes[0], "--format", "json", *JOB)
    assert outcome.code == 2, str(outcome)
    assert "[bisect-skipped]" in outcome.stderr
    assert [c["commit"] for c in document(outcome)["first"]] == hashes[3:6]
    assert {s["commit"] for s in document(outcome)["skipped"]} == set(hashes[3:5])
    assert "exited with 7" in document(outcome)["skipped"][0]["reason"]


@pytest.mark.heavy
def test_a_setup_builds_each_commit_once_and_one_that_fails_skips_it(project: Project) -> None:
    log = project.root.parent / "builds"
    hashes = history(project, [job(FAST)] * 4 + [job(SLOW)] * 4)
    built = f"echo $(git rev-parse HEAD) >> {log}; test $(cat n) != 3"
    outcome = bisect(project, "--good", hashes[0], "--setup", f"sh -c '{built}'", "--cleanup", "true", *JOB)
    assert outcome.code == 2, str(outcome)
    assert "[bisect-skipped]" in outcome.stderr
    lines = log.read_text().split()
    assert len(lines) == len(set(lines))


def test_where_nothing_changed_no_commit_is_named(project: Project) -> None:
    hashes = history(project, [job(FAST)] * 5)
    outcome = bisect(project, "--good", hashes[0], *JOB)
    assert outcome.code == 2
    assert "[bisect-no-difference]" in outcome.stderr
    assert "parse: value" in outcome.stderr
    assert "First slow commit" not in outcome.stdout


@pytest.mark.heavy
def test_a_benchmark_that_got_faster_names_no_commit(project: Project) -> None:
    hashes = history(project, [job(SLOW), job(SLOW), job(FAST)])
    outcome = bisect(project, "--good", hashes[0], *JOB)
    assert (outcome.code, "[bisect-no-difference]" in outcome.stderr) == (2, True), str(outcome)


@pytest.mark.heavy
def test_the_benchmark_that_is_named_is_followed(project: Project) -> None:
    def both(parse: int, write: int) -> str:
        entries = ", ".join(
            f'{{"name": "{name}", "unit": "ms", "value": {value}.%d}}'
            for name, value in (("parse", parse), ("write", write))
        )
        return f"printf '[{entries}]\\n' $(($$ % 10)) $(($$ % 10))\n"

    hashes = history(project, [both(100, 100), both(100, 130), both(180, 130), both(180, 130)])
    worst = bisect(project, "--good", hashes[0], *JOB)
    assert f"First slow commit: {hashes[2][:12]}" in worst.stdout, str(worst)
    named = bisect(project, "--good", hashes[0], "--benchmark", "wr*", *JOB)
    assert f"First slow commit: {hashes[1][:12]}" in named.stdout, str(named)
    absent = bisect(project, "--good", hashes[0], "--benchmark", "nosuch", *JOB)
    assert (absent.code, "[bisect-no-value]" in absent.stderr) == (2, True), str(absent)
    assert "parse: value" in absent.stderr


def test_a_search_goes_on_from_its_file_and_refuses_that_of_another_one(project: Project) -> None:
    hashes = history(project, [job(FAST)] * 9 + [job(SLOW)] * 8)
    first = bisect(project, "--good", hashes[0], "--state", "s.json", "--max-runs", "13", *JOB)
    assert (first.code, "[bisect-unclear]" in first.stderr) == (2, True), str(first)
    trials = project.read_json("s.json")["search"]["trials"]
    assert len(trials) == 1
    second = bisect(project, "--good", hashes[0], "--state", "s.json", *JOB)
    assert f"First slow commit: {hashes[9][:12]}" in second.stdout, str(second)
    assert project.read_json("s.json")["search"]["trials"][:1] == trials
    other = bisect(project, "--good", hashes[1], "--state", "s.json", *JOB)
    assert (other.code, "[bisect-state]" in other.stderr) == (2, True), str(other)
    options = bisect(project, "--good", hashes[0], "--benchmark", "parse", "--state", "s.json", *JOB)
    assert (options.code, "other options" in options.stderr) == (2, True), str(options)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"schema": "perfgate/bisection/2", "search": {}}',
        '{"schema": "perfgate/bisection/1", "search": {"good": 5}}',
        '{"schema": "perfgate/bisection/1", "search": {"good": "g", "commits": [], "measuring": ""}}',
    ],
)
def test_a_file_that_holds_no_search_is_refused_and_kept(project: Project, content: str) -> None:
    hashes = history(project, [job(FAST), job(SLOW)])
    project.write("s.json", content)
    outcome = bisect(project, "--good", hashes[0], "--state", "s.json", *JOB)
    assert (outcome.code, "[bisect-state]" in outcome.stderr) == (2, True), str(outcome)
    assert (project.root / "s.json").read_text() == content


@pytest.mark.heavy
def test_values_of_a_file_that_nobody_measured_are_refused(project: Project) -> None:
    hashes = history(project, [job(FAST), job(FAST), job(SLOW)])
    bisect(project, "--good", hashes[0], "--state", "s.json", "--max-runs", "13", *JOB)
    state = project.read_json("s.json")
    state["search"]["trials"][0]["was"][0] = -1.0
    project.write("s.json", json.dumps(state))
    outcome = bisect(project, "--good", hashes[0], "--state", "s.json", *JOB)
    assert (outcome.code, "[bisect-state]" in outcome.stderr) == (2, True), str(outcome)


def test_ends_that_form_no_range_are_refused_before_anything_is_measured(project: Project) -> None:
    hashes = history(project, [job(FAST), job(SLOW)])
    for words, cause in (
        (("--good", "HEAD"), "are the same"),
        (("--good", "HEAD", "--bad", hashes[0]), f"the other way round: --good {hashes[0][:12]}"),
        (("--good", "nosuch"), "[ref-missing]"),
    ):
        outcome = bisect(project, *words, *JOB)
        assert (outcome.code, cause in outcome.stderr) == (2, True), str(outcome)
    project.git("checkout", "-q", "--orphan", "other")
    project.commit("Other")
    outcome = bisect(project, "--good", "main", *JOB)
    assert (outcome.code, "is no ancestor" in outcome.stderr) == (2, True), str(outcome)
    assert bisect(project, *JOB).code == 2
    assert bisect(project, "--good", "main").code == 2


def test_an_end_that_does_not_run_is_an_error_that_names_it(project: Project) -> None:
    hashes = history(project, ["exit 7", job(FAST), job(SLOW), "exit 8"])
    good = bisect(project, "--good", hashes[0], "--bad", hashes[2], *JOB)
    assert (good.code, f"the good commit {hashes[0][:12]} cannot be measured" in good.stderr) == (2, True), str(good)
    bad = bisect(project, "--good", hashes[1], *JOB)
    assert (bad.code, f"the bad commit {hashes[3][:12]} cannot be measured" in bad.stderr) == (2, True), str(bad)
    assert "[bisect-end]" in good.stderr
    assert "[bisect-end]" in bad.stderr


@pytest.mark.heavy
def test_of_a_merge_it_says_how_to_search_the_branch(project: Project) -> None:
    history(project, [job(FAST)] * 2)
    project.git("checkout", "-q", "-b", "branch")
    for number, value in enumerate((FAST, SLOW, SLOW)):
        project.write("job.sh", job(value))
        project.write("branch", str(number))
        project.commit(f"b{number}")
    project.git("checkout", "-q", "main")
    project.write("other", "1")
    project.commit("On main")
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "branch")
    outcome = bisect(project, "--good", "main~2", *JOB)
    assert "First slow commit" in outcome.stdout, str(outcome)
    branch = project.git("rev-parse", "branch")[:12]
    assert f"--bad {branch}" in outcome.stdout
    fork = project.git("merge-base", "main~1", "branch").strip()
    inside = bisect(project, "--good", fork, "--bad", branch, *JOB)
    assert "b1" in inside.stdout.splitlines()[0], str(inside)


@pytest.mark.heavy
def test_of_two_slow_commits_it_names_one_and_says_that_another_is_likely(project: Project) -> None:
    hashes = history(project, [job(100)] * 3 + [job(130)] * 4 + [job(240)] * 3)
    outcome = bisect(project, "--good", hashes[0], "--bad", hashes[6], *JOB)
    assert f"First slow commit: {hashes[3][:12]}" in outcome.stdout, str(outcome)
    assert "another one is likely" not in outcome.stdout
    whole = bisect(project, "--good", hashes[0], "--format", "json", *JOB)
    found = document(whole)
    assert whole.code == 0, str(whole)
    assert found["first"][0]["commit"] in {hashes[3], hashes[7]}
    assert (found["part"] < 0.6) == (found["first"][0]["commit"] == hashes[3])


@pytest.mark.heavy
def test_higher_is_better_values_are_followed_downwards(project: Project) -> None:
    def rate(value: int) -> str:
        return f'printf \'[{{"name": "serve", "unit": "req/s", "value": {value}.%d}}]\\n\' $(($$ % 10))\n'

    hashes = history(project, [rate(1000)] * 4 + [rate(700)] * 3)
    outcome = bisect(project, "--good", hashes[0], "--direction", "higher", *CMD)
    assert f"First slow commit: {hashes[4][:12]}" in outcome.stdout, str(outcome)


def test_names_from_commits_cannot_write_to_the_terminal(project: Project) -> None:
    history(project, [job(FAST)])
    project.write("job.sh", job(SLOW))
    project.git("add", "-A")
    project.git("commit", "-qm", "evil \x1b[31m\x07 <script>alert(1)</script>", "--author", "e\x1b[2J <a@b>")
    outcome = bisect(project, "--good", "HEAD~1", *JOB)
    assert outcome.code == 0, str(outcome)
    assert "\x1b" not in outcome.stdout + outcome.stderr
    page = bisect(project, "--good", "HEAD~1", "--format", "html", *JOB)
    assert "<script>alert" not in page.stdout


@pytest.mark.slow
def test_an_interruption_keeps_what_was_measured_and_removes_the_worktrees(project: Project) -> None:
    hashes = history(project, [job(FAST, more="sleep 0.05")] * 9 + [job(SLOW, more="sleep 0.05")] * 8)
    spare = project.root.parent / "spare"
    process = ab_cases.begin(project, "--good", hashes[0], "--state", "s.json", *JOB, verb="bisect")
    state = project.root / "s.json"
    deadline = time.monotonic() + 40
    while not (state.exists() and json.loads(state.read_text())["search"]["trials"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 2
    assert b"kept in s.json" in stderr
    assert list(spare.iterdir()) == []
    outcome = bisect(project, "--good", hashes[0], "--state", "s.json", *JOB)
    assert f"First slow commit: {hashes[9][:12]}" in outcome.stdout, str(outcome)


def test_a_good_commit_that_was_merged_in_is_no_part_of_the_range(project: Project) -> None:
    """Its program may differ from that of the branch before the merge, so that the first commits were blamed."""
    history(project, [job(110)])
    project.git("checkout", "-q", "-b", "side")
    project.write("job.sh", job(100))
    project.commit("side")
    project.git("tag", "good")
    project.git("checkout", "-q", "main")
    project.write("other", "1")
    project.commit("main 1")
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    project.write("job.sh", job(112))
    project.commit("slow")
    outcome = bisect(project, "--good", "good", *JOB)
    assert (outcome.code, "[bisect-range]" in outcome.stderr) == (2, True), str(outcome)
    assert f"--good {project.git('rev-parse', 'main~3')[:12]}" in outcome.stderr


def test_a_search_that_is_over_gives_its_answer_again_and_one_of_another_folder_is_refused(project: Project) -> None:
    hashes = history(project, [job(FAST)] * 3 + [job(SLOW)] * 3)
    for _ in range(4):
        outcome = bisect(project, "--good", hashes[0], "--state", "s.json", *JOB)
        assert f"First slow commit: {hashes[3][:12]}" in outcome.stdout, str(outcome)
        assert outcome.code == 0
    assert "0 built, 0 runs" in outcome.stdout
    (project.root / "sub").mkdir()
    other = bisect(project, "--good", hashes[0], "--state", "../s.json", *JOB, cwd="sub")
    assert (other.code, "[bisect-state]" in other.stderr) == (2, True), str(other)


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(project: Project) -> None:
    hashes = history(project, ["exit 1", "exit 1"])
    outcome = bisect(project, "--good", hashes[0], "--state", "no/such/folder.json", *JOB)
    assert (outcome.code, "[bisect-state]" in outcome.stderr) == (2, True), str(outcome)
    (project.root / "link").symlink_to("nowhere")
    assert "[bisect-end]" in bisect(project, "--good", hashes[0], "--state", "link", *JOB).stderr


@pytest.mark.heavy
def test_a_value_that_fell_to_zero_is_said_to_have_no_ratio(project: Project) -> None:
    zero = 'printf \'[{"name": "parse", "unit": "ops", "value": 0}]\\n\'\n'
    rate = 'printf \'[{"name": "parse", "unit": "ops", "value": 100.%d}]\\n\' $(($$ % 10))\n'
    hashes = history(project, [rate, rate, zero])
    outcome = bisect(project, "--good", hashes[0], "--direction", "higher", *CMD)
    assert outcome.code == 2, str(outcome)
    assert "[bisect-no-difference]" in outcome.stderr or "[zero-values]" in outcome.stderr
