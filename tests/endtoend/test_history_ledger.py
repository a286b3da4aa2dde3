"""`perfgate history append` and what `perfgate history` makes of it, in real repositories with a bare remote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import ledger_cases
import pytest
from support import RUNS, assert_cannot_decide, clean_environment

from perfgate.core.policy import LEDGER

if TYPE_CHECKING:
    from pathlib import Path

    from support import Outcome, Project

NOBODY = {f"GIT_{who}_{what}": "" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
FACTS = {"os": "linux", "cpus": "4", "python": "3.11.7"}


def measure(project: Project, session: str, *, hour: int = 1, elapsed: float = 1.0, **keys: Any) -> None:
    """Write the runs of a session of two benchmarks."""
    for benchmark in ("load", "train"):
        started = f"2026-01-02T{hour:02d}:00:00.250000Z"
        told = {"benchmark": benchmark, "session": session, "started_at": started, "environment": FACTS, **keys}
        project.write_runs(6, f"{session}-{benchmark}".replace("/", "-"), elapsed, **told)


@pytest.fixture
def repository(project: Project) -> Project:
    """A project with one commit, and a bare remote that it was never pushed to."""
    project.git("init", "-q", "-b", "main")
    project.write("perfgate.toml", "")
    project.write(".gitignore", "outputs/\n")
    project.commit("one")
    return project


@pytest.fixture
def remote(repository: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote") / "bare"
    repository.command("git", "init", "-q", "--bare", str(folder))
    repository.git("remote", "add", "origin", str(folder))
    return folder


def append(project: Project, *words: str, **more: Any) -> Outcome:
    before = state(project)
    outcome = project.cli("history", "append", *words, **more)
    assert state(project) == before, "HEAD, index and work tree are nobody's but the user's"
    return outcome


def state(project: Project) -> object:
    index = project.path(".git/index")
    return (
        project.git("rev-parse", "HEAD", "main"),
        project.git("status", "--porcelain"),
        index.read_bytes() if index.exists() else b"",
        project.path(".git/config").read_bytes(),
        sorted(p.name for p in project.path(".git").iterdir() if p.name not in {"objects", "refs", "logs"}),
    )


def records(project: Project, folder: str | Path = ".", ref: str = LEDGER) -> list[str]:
    done = project.command("git", "-C", str(folder), "ls-tree", "-r", "--name-only", ref)
    return done.stdout.split() if done.code == 0 else []


def shown(project: Project, *words: str) -> Any:
    outcome = project.cli("history", "--format", "json", *words)
    assert outcome.code == 0, str(outcome)
    return json.loads(outcome.stdout)


def assert_landed(project: Project, remote: Path, count: int) -> None:
    """Assert that a remote has so many records, each commit on top of the one before."""
    assert len(records(project, remote)) == count
    log = project.command("git", "-C", str(remote), "log", "--format=%P", LEDGER).stdout.split("\n")
    assert all(len(parents.split()) <= 1 for parents in log)
    assert project.command("git", "-C", str(remote), "fsck", "--strict").code == 0


def test_a_session_becomes_one_record_and_twice_is_as_once(repository: Project) -> None:
    measure(repository, "s1")
    outcome = append(repository)
    (path,) = records(repository)
    assert (outcome.code, path[:18], path in outcome.stdout) == (0, "2026/01/02/010000-", True)
    first, *rows = repository.git("cat-file", "-p", f"{LEDGER}:{path}").splitlines()
    header = json.loads(first)
    assert (header["session"], header["machine_class"], header["branch"]) == ("s1", "linux-4cpu", "main")
    assert header["rows_used"] == {"load": [1000], "train": [1000]}
    assert header["environment"] == FACTS
    assert json.loads(rows[0])[:6] == ["load", {}, "elapsed", "s", "lower", 6]
    tip = repository.git("rev-parse", LEDGER)
    again = append(repository)
    assert (again.code, "unchanged" in again.stdout, repository.git("rev-parse", LEDGER)) == (0, True, tip)


def test_every_session_of_the_files_is_appended_and_new_runs_of_one_are_a_record_beside_it(repository: Project) -> None:
    measure(repository, "s1/1", hour=1)
    measure(repository, "s2", hour=2)
    assert append(repository).code == 0
    assert len(records(repository)) == 2
    measure(repository, "s1/2", hour=3)
    assert append(repository).code == 0
    assert [path[11:13] for path in records(repository)] == ["01", "02", "03"]
    (row, *_) = shown(repository, "train")["series"]
    assert len(row["sessions"]) == 2


def test_two_commits_of_one_session_are_two_records(repository: Project) -> None:
    measure(repository, "s1", commit="a" * 40)
    for path in repository.runs("s1-load*"):
        path.write_text(path.read_text().replace("a" * 40, "b" * 40))
    assert append(repository).code == 0
    assert len(records(repository)) == 2


def test_failed_runs_leave_their_benchmark_out(repository: Project) -> None:
    measure(repository, "s1")
    repository.change_runs("s1-load-000", status="failed")
    outcome = append(repository)
    assert (outcome.code, "left out: load [runs-failed]" in outcome.stderr) == (0, True), str(outcome)
    assert '"load"' not in repository.git("cat-file", "-p", f"{LEDGER}:{records(repository)[0]}")
    repository.change_runs("s1-train-000", status="failed")
    assert_cannot_decide(append(repository), "nothing|no session", "runs list")


def test_runs_that_cannot_be_read_append_nothing(repository: Project) -> None:
    measure(repository, "s1")
    repository.write_run("bad", elapsed_sec="x")
    assert append(repository).code == 2
    assert records(repository) == []
    assert_cannot_decide(append(repository, "nowhere/*.json"), "nowhere", "pattern|path")


def test_values_below_zero_are_left_out_with_a_note(repository: Project) -> None:
    measure(repository, "s1", metrics={"gain": {"value": -2.0, "unit": "1"}})
    outcome = append(repository)
    assert (outcome.code, "load gain, train gain" in outcome.stderr) == (0, True), str(outcome)


def test_a_push_lands_and_leaves_no_ref_behind_in_a_clone_that_had_none(repository: Project, remote: Path) -> None:
    measure(repository, "s1")
    outcome = append(repository, "--push")
    assert (outcome.code, "pushed 1 record" in outcome.stdout) == (0, True), str(outcome)
    assert_landed(repository, remote, 1)
    assert repository.git("for-each-ref", "refs/perfgate") == ""
    again = append(repository, "--push")
    assert (again.code, "unchanged" in again.stdout) == (0, True), str(again)
    assert_landed(repository, remote, 1)


def test_a_push_joins_what_others_sent_and_the_local_ledger_follows(repository: Project, remote: Path) -> None:
    measure(repository, "mine", hour=1)
    append(repository)
    ledger_cases.write(remote, ledger_cases.sessions(3, 1))
    measure(repository, "later", hour=2)
    outcome = append(repository, "--push", "origin")
    assert (outcome.code, "pushed 2 records" in outcome.stdout) == (0, True), str(outcome)
    assert_landed(repository, remote, 5)
    assert repository.git("rev-parse", LEDGER) in repository.command("git", "-C", str(remote), "show-ref").stdout
    assert repository.git("cat-file", "-p", f"{LEDGER}:{records(repository)[0]}").startswith('{"schema"')


def test_the_server_need_not_support_filters_and_may(repository: Project, remote: Path) -> None:
    ledger_cases.write(remote, ledger_cases.sessions(3, 1))
    for number, setting in enumerate(("false", "true")):
        repository.command("git", "-C", str(remote), "config", "uploadpack.allowFilter", setting)
        measure(repository, f"s{number}", hour=number)
        assert append(repository, "--push").code == 0
    assert_landed(repository, remote, 5)
    assert "shallow" not in {p.name for p in repository.path(".git").iterdir()}


@pytest.mark.parametrize("is_shared", [False, True], ids=["clones-of-their-own", "one-clone"])
def test_four_writers_at_once_all_land(repository: Project, remote: Path, tmp_path: Path, *, is_shared: bool) -> None:
    ledger_cases.write(remote, ledger_cases.sessions(2, 1))
    processes = []
    for number in range(4):
        clone = repository if is_shared else repository.copy_to(tmp_path / f"clone{number}")
        measure(clone, f"writer{number}", hour=number)
        words = [sys.executable, "-m", "perfgate", "history", "append", f"{RUNS}/writer{number}-*", "--push"]
        environment = clean_environment(clone.root)
        processes.append(subprocess.Popen(words, cwd=clone.root, env=environment, stdout=subprocess.PIPE))
    assert [p.wait(timeout=60) for p in processes] == [0, 0, 0, 0]
    for process in processes:
        if process.stdout:
            process.stdout.close()
    assert_landed(repository, remote, 6)


def test_a_writer_that_is_never_first_gives_up_and_keeps_its_record(repository: Project, remote: Path) -> None:
    """Another writer lands between each fetch and push: a hook of the server commits first."""
    ledger_cases.write(remote, ledger_cases.sessions(1, 1))
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
        f"new=$(git commit-tree -p {LEDGER} -m other {LEDGER}^{{tree}}) && git update-ref {LEDGER} $new\n"
    )
    hook.chmod(0o755)
    measure(repository, "s1")
    outcome = append(repository, "--push")
    assert_cannot_decide(outcome, "stay in refs/perfgate/history of this clone", "same command")
    assert len(records(repository)) == 1


def test_what_the_remote_refuses_stays_in_the_clone_and_goes_with_the_next_push(
    repository: Project, remote: Path
) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'Permission to https://me:secret@example.org denied' >&2\nexit 1\n")
    hook.chmod(0o755)
    measure(repository, "s1")
    outcome = append(repository, "--push")
    assert_cannot_decide(outcome, "origin did not take .* stay in refs/perfgate/history .* denied", "contents: write")
    assert "secret" not in str(outcome)
    assert (len(records(repository)), records(repository, remote)) == (1, [])
    hook.unlink()
    assert append(repository, "--push").code == 0
    assert_landed(repository, remote, 1)


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        pytest.param("echo 'only branches and tags' >&2; exit 1", "hook declined: only branches and tags", id="said"),
        pytest.param("exit 1", "hook declined", id="silent"),
        pytest.param("", "deny updating a hidden ref", id="hidden"),
    ],
)
def test_a_remote_that_accepts_no_such_ref_is_no_race_and_a_branch_is_proposed(
    repository: Project, remote: Path, script: str, cause: str
) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ngrep -q refs/heads/ && exit 0\n{script}\n")
    hook.chmod(0o755)
    if not script:
        repository.git("-C", str(remote), "config", "receive.hideRefs", "refs/perfgate")
    measure(repository, "s1")
    outcome = append(repository, "--push")
    assert_cannot_decide(outcome, cause, 'ref = "refs/heads/perfgate-history"')
    assert "ask who administers the repository" in outcome.stderr
    assert "once more" not in outcome.stderr
    repository.write("perfgate.toml", '[history]\nref = "refs/heads/perfgate-history"\n')
    assert append(repository, "--push").code == 0
    assert len(records(repository, remote, "refs/heads/perfgate-history")) == 1


def test_of_a_branch_that_is_refused_no_branch_is_proposed(repository: Project, remote: Path) -> None:
    hook = remote / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    measure(repository, "s1")
    outcome = append(repository, "--push", "--ref", "refs/heads/ledger")
    assert_cannot_decide(outcome, "hook declined", "ask who administers the repository which refs it accepts")
    assert "perfgate-history" not in outcome.stderr


def test_a_remote_that_cannot_write_is_asked_once_more(repository: Project, remote: Path) -> None:
    lock = remote / f"{LEDGER}.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("")
    measure(repository, "s1")
    outcome = append(repository, "--push")
    assert_cannot_decide(outcome, "stay in refs/perfgate/history", "run the same command once more")
    assert "administers" not in outcome.stderr


def test_a_remote_that_cannot_be_reached_is_one_clear_error(repository: Project, remote: Path) -> None:
    measure(repository, "s1")
    repository.git("remote", "set-url", "origin", "https://name:secret@127.0.0.1:9/x.git")
    outcome = append(repository, "--push")
    assert_cannot_decide(outcome, "stay in refs/perfgate/history", "same command")
    assert "secret" not in str(outcome)
    assert_cannot_decide(append(repository, "--push", "upstream"), 'no remote "upstream"', "origin")
    repository.git("remote", "remove", "origin")
    assert_cannot_decide(append(repository, "--push"), 'no remote "origin".* stay', "git remote add origin URL")
    assert (len(records(repository)), remote.exists()) == (1, True)


def test_paths_behind_the_option_are_said_to_stand_before_it(repository: Project, remote: Path) -> None:
    measure(repository, "s1")
    outcome = append(repository, "--push", "outputs/model_runs")
    assert_cannot_decide(outcome, "no remote", "paths stand before --push")
    assert append(repository, "outputs/model_runs", "--push").code == 0
    assert_landed(repository, remote, 1)


def test_a_clone_without_a_user_writes_as_perfgate(repository: Project, remote: Path) -> None:
    measure(repository, "s1")
    assert append(repository, "--push", env=NOBODY).code == 0
    log = repository.command("git", "-C", str(remote), "log", "--format=%an %ae %cn", LEDGER)
    assert log.stdout.strip() == "perfgate perfgate@localhost perfgate"
    repository.git("config", "user.name", "Dev")
    repository.git("config", "user.email", "dev@example.org")
    measure(repository, "s2", hour=2)
    assert append(repository, env=NOBODY).code == 0
    assert repository.git("log", "-1", "--format=%an %ce", LEDGER) == "Dev dev@example.org"


def test_programs_that_the_repository_names_are_not_started(repository: Project, remote: Path) -> None:
    repository.write("evil", "#!/bin/sh\ntouch ran\nexit 1\n").chmod(0o755)
    evil = str(repository.path("evil"))
    for key in ("remote.origin.receivepack", "remote.origin.uploadpack", "core.sshCommand", "credential.helper",
                "core.fsmonitor"):  # fmt: skip
        repository.git("config", key, evil)
    for hook in ("pre-push", "reference-transaction", "post-index-change"):
        repository.write(f".git/hooks/{hook}", "#!/bin/sh\ntouch ran\n").chmod(0o755)
    for number in range(2):
        measure(repository, f"s{number}", hour=number)
        assert repository.cli("history", "append", "--push").code == 0
        assert not list(repository.root.rglob("ran"))
        assert len(records(repository, remote)) == 1 + 2 * number
        measure(repository, "kept", hour=5)
        assert repository.cli("history", "append").code == 0  # a ledger that follows the remote's at the next push


@pytest.mark.parametrize("kind", ["branch", "tag", "blob", "checked-out", "path"])
def test_a_ref_of_something_else_is_refused(repository: Project, remote: Path, kind: str) -> None:
    measure(repository, "s1")
    ref = {"branch": "refs/heads/other", "checked-out": "refs/heads/main"}.get(kind, LEDGER)
    if kind == "branch":
        repository.git("branch", "other")
    elif kind == "tag":
        repository.git("tag", "-a", "v1", "-m", "x")
        repository.git("update-ref", ref, "refs/tags/v1")
    elif kind == "blob":
        repository.git("update-ref", ref, "HEAD:.gitignore")
    elif kind == "path":
        ledger_cases.write_tree(repository.root, {"2026/../../x": "x"})
    tip = repository.git("rev-parse", ref)
    causes = {"branch": "holds .gitignore", "checked-out": "checked out", "path": "it holds 2026/../../x"}
    assert_cannot_decide(append(repository, "--ref", ref), causes.get(kind, f"names a {kind}"), "--ref")
    assert repository.git("rev-parse", ref) == tip
    assert records(repository, remote) == []


def test_the_remotes_ref_of_something_else_is_refused_and_not_touched(repository: Project, remote: Path) -> None:
    repository.git("push", "-q", "origin", f"main:{LEDGER}")
    measure(repository, "s1")
    assert_cannot_decide(append(repository, "--push"), "of origin.* is no ledger", "--ref")
    assert repository.git("rev-parse", "main") in repository.command("git", "-C", str(remote), "show-ref").stdout
    assert len(records(repository)) == 1


@pytest.mark.parametrize(
    "ref", ["HEAD", "main", "refs/x", "refs/../x/y", "-x", "refs/a/b c", "refs/a/b\n", "refs/a/x.lock"]
)
def test_a_ref_is_named_in_full(repository: Project, ref: str) -> None:
    measure(repository, "s1")
    outcome = append(repository, f"--ref={ref}")
    assert outcome.code == 2, str(outcome)
    assert "Traceback" not in outcome.stderr


def test_the_configuration_names_the_ref_for_both_commands(repository: Project) -> None:
    repository.write("perfgate.toml", '[history]\nref = "refs/heads/perf-history"\n')
    repository.commit("configure")
    measure(repository, "s1")
    assert append(repository).code == 0
    assert len(records(repository, ref="refs/heads/perf-history")) == 1
    assert shown(repository)["source"] == "1 record of refs/heads/perf-history"
    repository.write("perfgate.toml", '[history]\nref = "main"\n')
    assert_cannot_decide(repository.cli("history"), "ref: found .main", "config")


def test_outside_of_a_repository_there_is_no_ledger(project: Project) -> None:
    measure(project, "s1")
    assert_cannot_decide(project.cli("history", "append"), "not a git repository", "repository")


def test_runs_that_state_no_time_take_that_of_the_commit(repository: Project) -> None:
    repository.write_runs(3, "bare")
    assert append(repository).code == 0
    (path,) = records(repository)
    day = repository.git("log", "-1", "--format=%cd", "--date=format-local:%Y/%m/%d/%H%M%S")
    assert path.startswith(day) or os.environ.get("TZ"), path


def test_a_repository_without_commits_takes_records_that_state_their_time(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    measure(project, "s1")
    assert project.cli("history", "append").code == 0
    assert len(records(project)) == 1
    project.write_runs(3, "bare")
    assert_cannot_decide(project.cli("history", "append", "outputs/model_runs/bare*"), "state no time", "git commit")


def test_both_sources_are_merged_and_what_a_baseline_states_counts(repository: Project) -> None:
    for hour in range(3):
        measure(repository, f"s{hour}/1", hour=hour, elapsed=1.0 + hour)
    assert append(repository).code == 0
    repository.path("outputs").rename(repository.path("older"))
    measure(repository, "s2/1", hour=2, elapsed=9.0)
    measure(repository, "s3", hour=3, elapsed=4.0)
    assert repository.cli("baseline", "refresh", "--sessions", "all", "--reason", "new").code == 0
    repository.commit("refresh")
    found = shown(repository, "train", "--metric", "elapsed")
    assert found["source"] == f"versions of baselines and 3 records of {LEDGER}"
    (value,) = found["series"]
    assert [round(p["p50"]) for p in value["sessions"]] == [1, 2, 9, 4]


def test_a_clone_without_a_named_ledger_says_how_to_fetch_it(repository: Project, remote: Path) -> None:
    measure(repository, "s1")
    assert repository.cli("baseline", "refresh").code == 0
    repository.commit("refresh")
    assert repository.cli("history").stderr == "", "most projects keep no ledger"
    outcome = repository.cli("history", "--ref", LEDGER)
    command = f"git fetch origin {LEDGER}:{LEDGER}"
    assert (outcome.code, command in outcome.stderr) == (0, True), str(outcome)
    assert append(repository, "--push").code == 0
    repository.command(*command.split())
    assert len(records(repository)) == 1
    repository.git("remote", "remove", "origin")
    repository.git("update-ref", "-d", LEDGER)
    assert f"perfgate history append --ref {LEDGER}" in repository.cli("history", "--ref", LEDGER).stderr
    assert remote.exists()


def test_a_partial_clone_says_how_to_fetch_the_records_and_asks_for_none_itself(
    repository: Project, remote: Path, tmp_path: Path
) -> None:
    repository.git("push", "-q", "origin", "main")
    ledger_cases.write(remote, ledger_cases.sessions(5, 1))
    repository.command("git", "-C", str(remote), "config", "uploadpack.allowFilter", "true")
    clone = repository.copy_to(tmp_path / "clone")
    clone.git("config", "remote.origin.promisor", "true")
    clone.git("config", "remote.origin.partialclonefilter", "blob:none")
    clone.git("fetch", "-q", "origin", f"{LEDGER}:{LEDGER}")
    outcome = clone.cli("history")
    command = f"git fetch --refetch --no-filter origin {LEDGER}:{LEDGER}"
    assert (outcome.code, "which is partial" in outcome.stderr) == (2, True), str(outcome)
    assert command in outcome.stderr
    assert clone.command(*command.split()).code == 0
    assert len(shown(clone)["series"][0]["sessions"]) == 5


def test_a_hostile_ledger_changes_no_exit_code_and_prints_no_control_character(repository: Project) -> None:
    measure(repository, "s1")
    append(repository)
    (path,) = records(repository)
    good = repository.git("cat-file", "-p", f"{LEDGER}:{path}")
    hostile = good.replace('"load"', '"\\u001b[31m::error::<script>"')
    ledger_cases.write_tree(
        repository.root, {path: hostile, "2026/01/02/010001-0123456789ab.jsonl": "NaN", "../x": "x", "big": "x" * 10**7}
    )
    for form in ("text", "json", "csv", "html"):
        outcome = repository.cli("history", "--format", form)
        assert outcome.code == 0, str(outcome)
        assert "\x1b" not in outcome.stdout + outcome.stderr
        assert "error::<script>" not in outcome.stdout or form != "html"
    assert "files that are no records are left out: 2" in outcome.stderr, str(outcome)


def test_a_benchmark_named_append_is_reached_behind_two_dashes(repository: Project) -> None:
    measure(repository, "s1", benchmark="append")
    for path in repository.runs("s1-load*"):
        path.unlink()
    assert append(repository).code == 0
    assert shown(repository, "--", "append")["series"]
    assert shown(repository, "appen?")["series"]
