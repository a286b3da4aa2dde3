"""Repositories as they are met: whatever their state, the comparison is right or says why there is none."""

from __future__ import annotations

import os
import re
import stat
import subprocess

import pytest
from ab_cases import CALM, FAST, REPORT, RUN, SLOW, ab, listing, log_of, notes, report, rows, told, versions
from support import Project, assert_cannot_decide, assert_green


@pytest.fixture
def same(project: Project) -> Project:
    return versions(project)


def clone_of(project: Project, name: str, *options: str) -> Project:
    """Clone a project, whose own branch is checked out there."""
    project.git("checkout", "-q", "main")
    bare = () if "--bare" in options else ("--branch", "change")
    project.git("clone", "-q", *options, *bare, f"file://{project.root}", f"../{name}")
    return Project(project.root.parent / name)


def test_outside_a_repository_it_says_what_to_do(project: Project) -> None:
    outcome = ab(project, "--", "true", GIT_CEILING_DIRECTORIES=str(project.root.parent))
    assert_cannot_decide(outcome, "not a git repository", "--base-cmd")


def test_without_git_it_says_what_to_do(project: Project) -> None:
    assert_cannot_decide(ab(project, "--", "true", PATH="/nowhere"), "git cannot be run", "install git")


def test_a_repository_without_commits_says_what_to_do(project: Project) -> None:
    project.git("init", "-q")
    assert_cannot_decide(ab(project, "--", "true"), "nothing is committed yet", "--base-cmd")


def test_a_bare_repository_says_what_to_do(same: Project) -> None:
    bare = clone_of(same, "bare", "--bare")
    assert_cannot_decide(ab(bare, "--", "true"), "must be run in a work tree", "--base-cmd")


def test_a_repository_without_a_main_branch_asks_for_a_base(same: Project) -> None:
    same.git("branch", "-m", "main", "trunk")
    assert_cannot_decide(ab(same, "--", *RUN), "no default branch", "--base REF")
    assert_green(ab(same, "--base", "trunk", "--", *RUN))


def test_a_shallow_clone_says_how_to_fetch_the_rest(same: Project) -> None:
    shallow = clone_of(same, "shallow", "--depth", "1", "--no-single-branch")
    assert_cannot_decide(ab(shallow, "--", *RUN), "no commit in common here", "fetch-depth: 0")
    shallow.git("fetch", "-q", "--unshallow")
    assert_green(ab(shallow, *REPORT, "--", *RUN))
    assert report(shallow)["provenance"]["baselines"] == "what HEAD and origin/main have in common"


def _merged(project: Project) -> Project:
    """Fill a project: `main` and `change` both took the old branch `fix`, and `change` left `main` much later."""
    versions(project)
    for branch in ("fix", "hotfix"):
        project.git("checkout", "-q", "-b", branch, "main~0")
        project.commit(f"Begin {branch}")
    project.git("checkout", "-q", "main")
    for number in range(4):
        project.commit(f"Main {number}")
    project.git("checkout", "-q", "-B", "change", "main")
    for number in range(5):
        project.commit(f"Change {number}")
    project.git("merge", "-q", "--no-ff", "-m", "Take hotfix", "hotfix")
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Take fix", "fix")
    return project


def test_a_shallow_clone_that_finds_an_older_merge_base_is_refused(project: Project) -> None:
    _merged(project)
    wrong, right = project.git("rev-parse", "fix~1"), project.git("merge-base", "main", "change")
    shallow = clone_of(project, "shallow", "--depth", "3", "--no-single-branch")
    assert shallow.git("merge-base", "HEAD", "origin/main") == wrong
    outcome = ab(shallow, "--", *RUN)
    assert_cannot_decide(outcome, f"seem to part at {wrong[:12]}, but this shallow clone", "--unshallow.*--base REF")
    shallow.git("fetch", "-q", "--unshallow")
    assert_green(ab(shallow, *REPORT, "--", *RUN))
    assert report(shallow)["provenance"]["baseline_commits"] == [right]


@pytest.mark.parametrize("depth", ["2", "3"])
def test_a_shallow_clone_that_is_whole_after_the_merge_base_is_enough(project: Project, depth: str) -> None:
    versions(project)
    project.git("checkout", "-q", "main")
    project.git("commit", "-q", "--allow-empty", "-m", "Root's child")
    project.git("checkout", "-q", "-B", "change", "main")
    project.commit("Change")
    project.git("checkout", "-q", "main")
    project.commit("Main")
    shallow = clone_of(project, "shallow", "--depth", depth, "--no-single-branch")
    assert_green(ab(shallow, *REPORT, "--", *RUN))
    assert report(shallow)["provenance"]["baseline_commits"] == [project.git("merge-base", "main", "change")]


def test_the_merge_commit_of_a_pull_request_needs_no_history_of_the_branch(project: Project) -> None:
    _merged(project)
    project.git("checkout", "-q", "change")
    project.git("merge", "-q", "--no-ff", "-m", "Merge of the pull request", "main")
    shallow = clone_of(project, "shallow", "--depth", "2", "--no-single-branch")
    assert_green(ab(shallow, *REPORT, "--", *RUN))
    assert report(shallow)["provenance"]["baseline_commits"] == [project.git("rev-parse", "main")]


def test_several_merge_bases_are_named(same: Project) -> None:
    same.git("checkout", "-q", "main")
    same.commit("Main goes on")
    same.git("merge", "-q", "--no-ff", "-m", "Main takes the change", "change")
    same.git("checkout", "-q", "change")
    same.git("merge", "-q", "--no-ff", "-m", "The change takes main", "main^1")
    bases = {commit[:12] for commit in same.git("merge-base", "--all", "main", "change").split()}
    outcome = ab(same, "--", *RUN)
    assert_cannot_decide(outcome, "2 merge bases: ", "--base [0-9a-f]{12}$")
    named = re.findall(r"[0-9a-f]{12}", outcome.cause)
    assert set(named[:2]) == bases
    assert_green(ab(same, "--base", named[-1], "--", *RUN))


def test_the_base_s_own_branch_at_the_remote_comes_before_the_local_one(same: Project) -> None:
    fork = same.git("rev-parse", "main")
    clone = clone_of(same, "clone")
    clone.git("branch", "main", "HEAD")
    assert_green(ab(clone, *REPORT, "--", *RUN))
    assert report(clone)["provenance"]["baseline_commits"] == [fork]


@pytest.mark.slow
def test_a_tag_that_is_called_like_the_main_branch_is_not_taken_for_it(same: Project) -> None:
    same.git("tag", "main", "change")
    assert_green(ab(same, *REPORT, "--", *RUN))
    assert report(same)["provenance"]["baseline_commits"] == [same.git("rev-parse", "refs/heads/main")]


def test_a_detached_head_is_compared_like_a_branch(same: Project) -> None:
    same.git("checkout", "-q", "--detach")
    assert_green(ab(same, *REPORT, "--", *RUN))
    assert report(same)["provenance"]["current_commits"] == [same.git("rev-parse", "change")]


@pytest.mark.parametrize("flag", ["--base", "--head"])
@pytest.mark.parametrize("ref", ["--upload-pack=true", "nowhere", "main:bench.sh"])
def test_what_names_no_commit_is_refused(same: Project, flag: str, ref: str) -> None:
    assert_cannot_decide(ab(same, flag, ref, "--", *RUN), "ref", "(name|git fetch)")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["with space", "new\nline", "-dash", "ümläut", "$(touch x)"])
def test_a_path_may_hold_anything(project: Project, name: str) -> None:
    log = project.root.parent / "log"
    odd = Project(project.root / name / name)
    odd.write("in side/bench.sh", FAST + told(log))
    versions(odd)
    assert_green(ab(odd, "--", *RUN, cwd="in side"))
    assert {side for side, *_ in (line for line in log_of(log) if len(line) > 1)} >= {"base"}
    assert list(odd.root.glob("x")) == []


def test_a_linked_worktree_is_a_tree_like_any_other(same: Project) -> None:
    same.git("worktree", "add", "-q", "../linked", "-b", "linked", "change")
    linked = Project(same.root.parent / "linked")
    before = listing(same)
    assert_green(ab(linked, "--", *RUN))
    assert listing(same) == before


@pytest.mark.slow
def test_a_base_with_a_link_in_place_of_the_folder_is_refused(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.write("perfgate.toml", CALM)
    project.path("sub").symlink_to("/")
    project.commit("Base")
    project.path("sub").unlink()
    project.write("sub/bench.sh", FAST)
    project.commit("Head")
    outcome = ab(project, "--base", "HEAD~1", "--", *RUN, cwd="sub")
    assert_cannot_decide(outcome, ":sub is not a regular folder", "not a link")
    outcome = ab(project, "--base", "HEAD~1", "--config", "../perfgate.toml", "--", *RUN, cwd="sub")
    assert_cannot_decide(outcome, "sub is a symbolic link there", "a folder that both sides have")


def test_a_base_with_a_file_in_place_of_the_folder_lacks_the_folder(project: Project) -> None:
    project.git("init", "-q", "-b", "main")
    project.write("sub", "a file")
    project.commit("Base")
    project.path("sub").unlink()
    project.write("sub/bench.sh", FAST)
    project.commit("Head")
    assert_green(ab(project, "--report", "../../r.json", "--base", "HEAD~1", "--", *RUN, cwd="sub"))
    assert notes(project) == ["base-lacks"]


def test_a_head_that_lacks_the_folder_is_refused(same: Project) -> None:
    same.write("fresh/bench.sh", FAST)
    outcome = ab(same, "--head", "change", "--", *RUN, cwd="fresh")
    assert_cannot_decide(outcome, "the head lacks the folder fresh/", "a folder that both sides have")


def with_submodule(project: Project) -> Project:
    """Add a submodule in the base and in the head."""
    library = Project(project.root.parent / "library")
    library.git("init", "-q", "-b", "main")
    library.write("bench.sh", FAST)
    library.commit("Library")
    versions(project)
    project.git("checkout", "-q", "main")
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", f"file://{library.root}", "lib")
    project.commit("Use it")
    return project


@pytest.mark.slow
def test_an_empty_submodule_in_the_base_is_told_and_no_excuse_for_a_missing_benchmark(project: Project) -> None:
    with_submodule(project)
    assert_green(ab(project, *REPORT, "--base", "HEAD", "--", *RUN))
    assert notes(project) == ["same-code", "submodules-absent"]
    outcome = ab(project, "--base", "HEAD", "--", "sh", "lib/bench.sh")
    assert_cannot_decide(outcome, "without lib/bench.sh, which git does not hold", "git submodule update --init")


@pytest.mark.slow
def test_set_up_can_fill_a_submodule_and_nothing_of_it_is_left(project: Project) -> None:
    with_submodule(project)
    fill = "git -c protocol.file.allow=always submodule update --init -q"
    assert_green(ab(project, *REPORT, "--base", "HEAD", "--setup", fill, "--", "sh", "lib/bench.sh"))
    assert notes(project) == ["same-code"]
    assert project.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_a_sparse_tree_is_compared_with_a_whole_base_and_stays_sparse(project: Project) -> None:
    project.write("wide/huge.txt", "x")
    project.write("narrow/bench.sh", FAST)
    versions(project)
    project.git("sparse-checkout", "set", "narrow")
    assert not project.path("wide").exists()
    assert_green(ab(project, "--", *RUN, cwd="narrow"))
    assert not project.path("wide").exists()
    assert project.git("sparse-checkout", "list") == "narrow"


@pytest.mark.slow
def test_hooks_of_the_repository_do_not_run(same: Project) -> None:
    hook = same.write(".git/hooks/post-checkout", "#!/bin/sh\ntouch ../hooked\nexit 1\n")
    hook.chmod(0o755)
    assert_green(ab(same, "--head", "change", "--", *RUN))
    assert not same.path("../hooked").exists()


@pytest.mark.slow
def test_called_by_a_hook_it_leaves_the_index_alone(same: Project) -> None:
    import sys

    command = f"exec {sys.executable} -m perfgate ab -n 2 --base HEAD~1 --report ../r.json -- sh bench.sh"
    same.write(".git/hooks/pre-commit", f"#!/bin/sh\n{command} > /dev/null\n").chmod(0o755)
    same.write("bench.sh", FAST + "# staged\n")
    same.git("add", "bench.sh")
    same.git("commit", "-q", "-m", "Checked by the hook")
    assert report(same)["verdict"] == "pass"
    assert same.git("show", "HEAD:bench.sh").endswith("# staged")
    assert same.git("status", "--porcelain") == ""


def test_what_a_checkout_cannot_make_is_told_in_git_s_words(same: Project) -> None:
    same.git("config", "filter.lfs.smudge", "git-lfs smudge --skip -- %f")
    same.git("config", "filter.lfs.required", "true")
    same.write(".git/info/attributes", "bench.sh filter=lfs\n")
    broken = same.write("../programs/git-lfs", "#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    path = os.pathsep.join((str(broken.parent), same.environment()["PATH"]))
    outcome = ab(same, "--head", "change", "--", *RUN, PATH=path)
    assert_cannot_decide(outcome, "bench.sh: smudge filter lfs failed", "git worktree add")


@pytest.mark.slow
def test_what_a_program_makes_hard_to_remove_is_removed(project: Project) -> None:
    stubborn = "mkdir -p deep/er && touch deep/er/file && chmod 0555 deep/er && chmod 0 deep; " + FAST
    link = "test $PERFGATE_SIDE = head || ln -sfn ../../kept kept\n"
    versions(project, stubborn + link, FAST)
    kept = project.root.parent / "kept"
    kept.mkdir()
    kept.chmod(0o555)
    assert_green(ab(project, "--", *RUN))
    assert stat.S_IMODE(kept.stat().st_mode) == 0o555


def test_temporary_files_never_go_into_the_tree(same: Project) -> None:
    same.path("inside").mkdir()
    outcome = same.cli("ab", "-n", "2", "--", *RUN, env={"TMPDIR": str(same.path("inside"))})
    assert_cannot_decide(outcome, "no place for temporary files outside the repository", "TMPDIR=")


@pytest.mark.slow
def test_other_worktrees_and_their_missing_folders_stay_as_they_are(same: Project) -> None:
    same.git("worktree", "add", "-q", "--detach", "../removable")
    os.rename(same.path("../removable"), same.path("../unplugged"))
    before = listing(same)
    assert "prunable" in before[0]
    assert_green(ab(same, "--", *RUN))
    os.rename(same.path("../unplugged"), same.path("../removable"))
    assert "prunable" not in same.git("worktree", "list")


@pytest.mark.slow
def test_a_base_that_is_far_behind_is_compared(project: Project) -> None:
    versions(project, FAST, SLOW)
    for number in range(3):
        project.write("more.txt", str(number))
        project.commit("More")
    assert ab(project, *REPORT, "--base", "main", "--", *RUN, runs=5).code == 1
    assert rows(project)["elapsed"]["status"] == "regressed"


def test_a_repository_of_somebody_else_is_refused_in_git_s_words(same: Project) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    subprocess.run(["chown", "-R", "12345", same.root], check=True)
    outcome = same.cli("ab", "--", *RUN)
    assert_cannot_decide(outcome, "safe.directory|dubious ownership", ".")
