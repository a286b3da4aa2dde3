"""The errors that a person meets first, word for word: each once, with what follows from it left out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from perfgate.__main__ import run
from perfgate.core.session_id import SessionId
from perfgate.measure.machine import facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = "outputs/model_runs"


@pytest.fixture
def folder(tmp_path: Path, outside_ci: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository that is the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        for what in ("NAME", "EMAIL"):
            monkeypatch.setenv(f"GIT_{name}_{what}", "tester")
    git("init", "--quiet", "--initial-branch", "main")
    return tmp_path


@pytest.fixture
def errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must exit with 2, and return its stderr."""

    def of(*words: str) -> str:
        capsys.readouterr()
        assert run(list(words)) == 2
        return capsys.readouterr().err

    return of


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def write_runs(folder: Path, session: str, *, seconds: float = 0.1, named: str = "", **keys: object) -> None:
    """Write runs of a benchmark ``job``, of a session each of whose runs took about so long."""
    (folder / RUNS).mkdir(parents=True, exist_ok=True)
    for i in range(4):
        summary = {
            "run_id": f"{session}-{i}",
            "benchmark": "job",
            "elapsed_sec": seconds + i / 1000,
            "rows_used": 1,
            "peak_memory_mb": 50.0,
            "session": named or session,
            "started_at": f"2026-01-0{session[1:]}T00:00:0{i}Z",
            **keys,
        }
        (folder / RUNS / f"{session}-{i}.json").write_text(json.dumps(summary))


def make_baseline(folder: Path, errors: object) -> None:
    write_runs(folder, "s1")
    assert run(["baseline", "refresh"]) == 0


def test_nothing_measured_is_one_error_with_the_two_commands_that_begin(errors):
    assert errors("check") == (
        "cannot decide: no run files in outputs/model_runs, and there is no baseline yet [no-runs]\n"
        "  hint: perfgate run -n 10 -- CMD, then perfgate baseline refresh\n"
    )


def test_a_mistyped_program_is_suggested_and_leaves_no_run_file(errors, folder, monkeypatch):
    (folder / "bin").mkdir()
    for name in ("python", "python3.11-config"):
        (folder / "bin" / name).symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(folder / "bin"))
    assert errors("run", "--", "pyhton", "job.py") == (
        "cannot decide: command not found: pyhton [command-not-found]\n"
        "  hint: did you mean python? Nothing was recorded\n"
    )
    assert not list(folder.glob(f"{RUNS}/*"))


def test_a_command_given_as_one_word_is_told_to_drop_its_quotes(errors):
    assert errors("run", "sh -c 'exit 0'") == (
        "cannot decide: command not found: sh -c 'exit 0' [command-not-found]\n"
        "  hint: without the quotes: -- sh -c 'exit 0'\n"
    )


@pytest.mark.parametrize(
    ("program", "said", "hint"),
    [
        pytest.param("./job.sh", "permission denied: ./job.sh", "chmod +x ./job.sh", id="not-executable"),
        pytest.param("job.sh", "command not found: job.sh", "did you mean ./job.sh?", id="no-folder"),
        pytest.param("./jb.sh", "command not found: ./jb.sh", "name a program that is installed", id="not-there"),
    ],
)
def test_a_script_that_cannot_be_started_is_told_how_it_can(errors, folder, program, said, hint):
    (folder / "job.sh").write_text("true\n")
    head, first = errors("run", "--", program).splitlines()[:2]
    assert head.startswith(f"cannot decide: {said}")
    assert first.startswith(f"  hint: {hint}")


def test_broken_run_files_are_one_error_with_their_number_and_the_first_three(errors, folder):
    make_baseline(folder, errors)
    for i in range(6):
        text = f'{{"run_id":"r{i}","elapsed_sec":.2{i},"rows_used":1,"peak_memory_mb":3.5}}'
        (folder / RUNS / f"r{i}.json").write_text(text)
    assert errors("check") == (
        "cannot decide: 6 run files are not JSON [run-invalid]\n"
        '  outputs/model_runs/r0.json: found ".20": a number needs a digit before the point (line 1, column 30)\n'
        '  outputs/model_runs/r1.json: found ".21": a number needs a digit before the point (line 1, column 30)\n'
        '  outputs/model_runs/r2.json: found ".22": a number needs a digit before the point (line 1, column 30)\n'
        "  ... and 3 more\n"
        "  hint: write 0.20, as printf '%.6f' in a shell does\n"
    )
    assert "r5.json" in errors("--verbose", "check")


def test_a_mistyped_path_is_the_only_error_and_no_hint_removes_a_baseline(errors, folder):
    make_baseline(folder, errors)
    assert errors("check", "nope/runs") == (
        "cannot decide: nope/runs does not exist [runs-unreadable]\n  hint: runs are here: outputs/model_runs\n"
    )
    assert errors("check", "outputs/model_run").splitlines()[1] == "  hint: did you mean outputs/model_runs?"


def test_mistakes_of_a_configuration_have_their_lines_and_keys(errors, folder):
    (folder / "perfgate.toml").write_text('[[rule]]\nmetric = "elapsed"\nthreshold = 5\nlevl = "x"\n')
    expected = (
        "cannot decide: perfgate.toml has 2 faults [config-invalid]\n"
        '  perfgate.toml:3: threshold: expected a string, found 5; did you mean "+5%"?\n'
        '  perfgate.toml:4: unknown key "levl"; did you mean "level"?\n'
        "  hint: perfgate schema config lists every key\n"
    )
    assert errors("validate") == expected
    assert errors("check") == expected


def test_a_refresh_that_loosens_names_each_value_and_both_ways_to_accept_it(errors, folder):
    make_baseline(folder, errors)
    write_runs(folder, "s2", seconds=0.2)
    assert errors("baseline", "refresh") == (
        "cannot decide: the new runs are worse than the baseline by more than the threshold: a refresh loosens the "
        "gate [refresh-loosens]\n"
        "  job elapsed: 101.5 ms -> 151.5 ms (+49.3%)\n"
        "  hint: noise (adds a session, keeps the others): perfgate baseline refresh --reason '...'\n"
        "    or: a real change (starts anew, drops the others): perfgate baseline refresh --replace --reason '...'\n"
    )


def test_a_check_right_after_a_refresh_is_one_error_for_all_metrics_of_the_benchmark(errors, folder):
    make_baseline(folder, errors)
    assert errors("check") == (
        "cannot decide: job (elapsed, peak_memory): its newest runs all belong to the baseline: 4 runs "
        "[only-baseline-runs]\n"
        "  hint: measure again: perfgate run -n 10 --benchmark job -- CMD\n"
        "    or: run the tool that wrote the file\n"
    )


def test_a_machine_without_a_baseline_can_make_one_or_compare_both_versions(errors, folder):
    make_baseline(folder, errors)
    write_runs(folder, "s2")
    assert errors("check", "--machine-class", "other") == (
        "cannot decide: job elapsed: there is no baseline for this machine class: the runs are of other, the "
        "baselines of unspecified [class-differs]\n"
        "  hint: measure a baseline on this machine: perfgate baseline refresh\n"
        "    or: compare both versions on it: perfgate ab -- CMD\n"
        "    or: name its class: --machine-class\n"
    )


def test_a_second_command_of_one_name_gets_a_name_that_can_be_typed(errors, folder):
    write_runs(folder, "s9", command="0123456789ab", named=SessionId.parse(facts.session_id()).session)
    assert errors("run", "--benchmark", "job", "--", "python3", "other one.py") == (
        'cannot decide: "job" was measured with another command or other arguments in this session '
        "[benchmark-name-clash]\n"
        "  before: outputs/model_runs/s9-0.json\n"
        "  now: python3 'other one.py'\n"
        "  hint: name this one: perfgate run --benchmark 'other one' -- python3 'other one.py'\n"
    )


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        pytest.param("mian", "did you mean main?", id="typo"),
        pytest.param("nowhere", "branches and tags: feature-x, main", id="unlike-any"),
        pytest.param("origin/topic", "git fetch origin +topic:refs/remotes/origin/topic", id="remote"),
    ],
)
def test_a_git_ref_that_is_not_here_is_suggested_or_fetched(errors, folder, ref, hint):
    (folder / "a").write_text("x")
    git("add", "a")
    git("commit", "--quiet", "-m", "a")
    git("branch", "feature-x")
    head, first, *_ = errors("ab", "--base", ref, "--", "python3", "a").splitlines()
    assert head == f'cannot decide: no commit or branch "{ref}" in this clone [ref-missing]'
    assert first.startswith(f"  hint: {hint}")


def test_a_shallow_clone_is_told_to_fetch_what_it_lacks(errors, folder, monkeypatch):
    (folder / "a").write_text("x")
    git("add", "a")
    for message in ("one", "two"):
        git("commit", "--quiet", "--allow-empty", "-m", message)
    git("clone", "--quiet", "--depth", "1", folder.as_uri(), str(folder / "clone"))
    monkeypatch.chdir(folder / "clone")
    assert "  hint: the clone is shallow: git fetch --unshallow" in errors(
        "ab", "--base", "HEAD~1", "--", "python3", "a"
    )


def test_a_file_in_no_known_format_shows_how_it_begins(errors, folder):
    (folder / "hello.txt").write_text("hello\nworld\n")
    assert errors("check", "hello.txt") == (
        'cannot decide: hello.txt is in no known format (first line: "hello") [format-unknown]\n'
        "  hint: perfgate formats lists them; --from NAME reads it as one, a field map reads any table\n"
    )


def test_no_command_is_an_error_with_the_help_below_it(errors):
    head, hint, usage, *rest = errors().splitlines()
    assert (head, hint) == ("cannot decide: no command given [usage]", "  hint: perfgate --help")
    assert usage.startswith("Usage: perfgate")
    assert any(line.startswith("  check ") for line in rest)


@pytest.mark.parametrize(
    ("words", "fact", "hint"),
    [
        ("check --treshold 5", "no option --treshold; did you mean --threshold?", "perfgate check --help"),
        ("run --threshold 5", "no option --threshold", 'in perfgate.toml: [defaults] with threshold = "+5%"'),
        ("check --basline x", "no option --basline; did you mean --baseline?", "perfgate check --help"),
        ("run -n ten -- x", '--runs: "ten" is not a whole number from 1 to 100000', "perfgate run --help"),
        ("run --rows -1 -- x", '--rows: "-1" is not a whole number from 0 to 9007199254740992', "perfgate run --help"),
        ("run --timeout 0 -- x", '--timeout: "0.0" is not a number above 0', "perfgate run --help"),
        ("run", "perfgate run needs -- CMD", "perfgate run --help"),
        ("schema nope", 'NAME: "nope" is not one of run, baseline', "perfgate schema --help"),
        ("schema", "perfgate schema needs one of run, baseline", "perfgate schema --help"),
        ("waive job elapsed", "--ceiling is missing", "perfgate waive --help"),
        ("chck", 'no command "chck"; did you mean "check"?', "perfgate --help"),
        ("drift x", 'perfgate drift takes no argument "x"', "perfgate drift --help"),
        ("validate --verbose", "--verbose stands before the command", "perfgate --verbose validate"),
        ("check --config", "--config needs a value", "perfgate check --help"),
    ],
)
def test_a_command_line_that_is_wrong_is_told_what_was_expected(errors, words, fact, hint):
    head, second = errors(*words.split()).splitlines()
    assert head.startswith(f"cannot decide: {fact}")
    assert head.endswith(" [usage]")
    assert second == f"  hint: {hint}"


def test_more_than_ten_different_faults_are_cut_with_the_command_that_lists_them(errors, folder):
    lines = "".join(f'[[rule]]\nbenchmark = "b{i}"\nthreshold = {i}\n' for i in range(1, 40))
    (folder / "perfgate.toml").write_text(lines)
    said = errors("check").splitlines()
    assert said[0] == "cannot decide: perfgate.toml has 39 faults [config-invalid]"
    assert said[11] == "  ... and 29 more"
    assert (
        sum(re.match(r"  perfgate\.toml:\d+: ", line) is not None for line in errors("--verbose", "check").splitlines())
        == 39
    )


def test_a_name_that_a_runner_would_take_for_a_command_is_none_in_the_lines_below_an_error(errors, folder):
    write_runs(folder, "s1", benchmark="::error::x")
    write_runs(folder, "s2", benchmark="::debug::y", named="s1")
    assert run(["baseline", "refresh"]) == 0
    said = errors("check")
    assert said.startswith("cannot decide: 2 benchmarks: ")
    assert ": :debug::y (elapsed, peak_memory)" in said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]
