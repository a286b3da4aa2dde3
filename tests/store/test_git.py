"""Another commit, read through git: what it verifiably holds, and an error for all that cannot be told."""

from __future__ import annotations

import os
import shutil

import pytest
from records import GIT_ENVIRONMENT, commit_all, git, refused

from perfgate.store.git import Commit, shown
from perfgate.store.git_start import environment, failure


@pytest.fixture(autouse=True)
def plain_git(monkeypatch):
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def repository_template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "repo"
    for name, text in {
        "perfgate.toml": "old", "baselines/ci/a.json": "{}", "baselines/ci/ä b.json": "[]", "baselines/b.json": "1",
        "baselines/README.md": "x", "baselines/.hidden/c.json": "x", "baselines/ci/.d.json": "x",
        "baselines-old/e.json": "x", "sub/baselines/f.json": "2", "sub/perfgate.toml": "below",
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "link.toml").symlink_to("perfgate.toml")
    (folder / "baselines" / "link.json").symlink_to("b.json")
    os.chmod(folder / "perfgate.toml", 0o700)
    commit_all(folder)
    git(folder, "rm", "--quiet", "baselines/link.json")
    commit_all(folder)
    (folder / "perfgate.toml").write_text("new and not committed")
    return folder


@pytest.fixture
def repository(repository_template, tmp_path):
    return shutil.copytree(repository_template, tmp_path / "repo", symlinks=True)


def test_a_commit_gives_its_own_files_not_those_of_the_working_tree(repository):
    commit = Commit("HEAD", str(repository))
    assert commit.id == git(repository, "rev-parse", "HEAD")
    assert commit.read("perfgate.toml", limit=3) == b"old"
    assert commit.read("absent.toml", limit=3) is None


def test_paths_are_relative_to_the_folder_that_was_asked_from(repository):
    commit = Commit("HEAD", str(repository / "sub"))
    assert commit.read("perfgate.toml", limit=10) == b"below"
    assert commit.read("../perfgate.toml", limit=10) == b"old"
    assert commit.files("baselines", limit=10) == [("f.json", b"2")]


def test_the_json_files_below_a_folder_are_listed_hidden_ones_included(repository):
    assert Commit("HEAD", str(repository)).files("baselines", limit=10) == [
        (".hidden/c.json", b"x"), ("b.json", b"1"), ("ci/.d.json", b"x"), ("ci/a.json", b"{}"), ("ci/ä b.json", b"[]"),
    ]  # fmt: skip
    assert Commit("HEAD", str(repository)).files("absent", limit=10) == []


@pytest.mark.parametrize("ref", ["HEAD~1", "v1", "main", "HEAD^{commit}"])
def test_a_branch_a_tag_and_an_expression_name_a_commit(repository, ref):
    git(repository, "tag", "v1")
    assert len(Commit(ref, str(repository)).id) == 40


@pytest.mark.parametrize("ref", ["", "-h", "--all", "a\nb", "a\x00b"])
def test_what_is_no_ref_never_reaches_git(repository, ref):
    (fault,) = refused(Commit, ref, str(repository))
    assert (fault.slug, fault.hint) == ("ref-unreadable", "name a branch, a tag or a commit")


@pytest.mark.parametrize(
    ("ref", "cure"),
    [
        pytest.param(
            "origin/main", "git fetch origin +main:refs/remotes/origin/main (in Actions", id="a-branch-of-the-remote"
        ),
        pytest.param(
            "origin/feature/x", "git fetch origin +feature/x:refs/remotes/origin/feature/x", id="a-branch-with-a-slash"
        ),
        pytest.param("HEAD~9", "branches and tags: main; or fetch it: git fetch", id="beyond-the-history"),
        pytest.param("feature/x", "branches and tags: main; or fetch it: git fetch", id="a-branch-that-is-not-here"),
        pytest.param("HEAD:perfgate.toml", "branches and tags: main", id="a-file"),
    ],
)
def test_a_ref_that_names_no_commit_here_is_an_error_with_a_cure(repository, ref, cure):
    (fault,) = refused(Commit, ref, str(repository))
    assert ref in fault.message
    assert cure in fault.hint


def test_a_folder_in_no_repository_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (fault,) = refused(Commit, "HEAD", str(tmp_path))
    assert fault.slug == "ref-unreadable"
    assert "not a git repository" in fault.message
    assert fault.hint == "run it inside the git repository of the baselines"


def test_without_git_there_is_an_error(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    (fault,) = refused(Commit, "HEAD", str(repository))
    assert fault.hint == "install git"


@pytest.mark.parametrize("path", ["..", "../x", "sub/../../x", "/etc"])
def test_a_path_outside_the_repository_is_an_error(repository, path):
    (fault,) = refused(Commit("HEAD", str(repository)).read, path, limit=10)
    assert (fault.place, fault.message) == (path, "lies outside the git repository")


def test_a_link_is_refused_in_place_of_what_it_points_to(repository):
    (fault,) = refused(Commit("HEAD", str(repository)).read, "link.toml", limit=100)
    assert (fault.place, fault.message) == ("HEAD:link.toml", "is not a regular file")
    (fault,) = refused(Commit("HEAD~1", str(repository)).files, "baselines", limit=100)
    assert fault.place == "HEAD~1:baselines/link.json"


@pytest.fixture
def linked(repository):
    """Add a commit of which all but the plain files are links and submodules."""
    (repository / "linked").symlink_to("baselines")
    (repository / "below").mkdir()
    (repository / "below" / "ci").symlink_to("../baselines/ci")
    (repository / "below" / ".hidden").symlink_to("../baselines/ci")
    (repository / "above").symlink_to("sub")
    (repository / "held").mkdir()
    commit_all(repository)
    oid = git(repository, "rev-parse", "HEAD")
    for name in ("module", "held/ci"):
        git(repository, "update-index", "--add", "--cacheinfo", f"160000,{oid},{name}")
    git(repository, "commit", "--quiet", "--message", "modules")
    return Commit("HEAD", str(repository))


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        pytest.param("linked", "linked", id="a-link"),
        pytest.param("module", "module", id="a-submodule"),
        pytest.param("below", "below/ci", id="a-link-below"),
        pytest.param("held", "held/ci", id="a-submodule-below"),
        pytest.param("above/baselines", "above", id="a-link-on-the-way"),
        pytest.param("module/baselines", "module", id="a-submodule-on-the-way"),
        pytest.param("perfgate.toml", "perfgate.toml", id="a-file"),
    ],
)
def test_a_folder_that_the_commit_does_not_hold_itself_is_not_taken_for_an_empty_one(linked, folder, place):
    (fault,) = refused(linked.files, folder, limit=100)
    assert (fault.slug, fault.place, fault.message) == ("ref-unreadable", f"HEAD:{place}", "is not a regular folder")
    assert "commit the files themselves" in fault.hint


def test_a_folder_is_not_taken_for_the_file_of_its_name(linked):
    (fault,) = refused(linked.read, "sub", limit=100)
    assert (fault.place, fault.message) == ("HEAD:sub", "is not a regular file")


def test_below_a_file_there_verifiably_is_nothing(linked):
    assert linked.read("perfgate.toml/x", limit=100) is None
    assert linked.files("perfgate.toml/x", limit=100) == []


def test_a_commit_is_seen_from_each_folder_up_to_the_root_also_from_one_that_it_lacks(repository):
    (repository / "sub" / "new one").mkdir()
    views = list(Commit("HEAD", str(repository / "sub" / "new one")).upward())
    assert [v.read("perfgate.toml", limit=10) for v in views] == [None, b"below", b"old"]
    assert [v.read("perfgate.toml", limit=10) for v in Commit("HEAD", str(repository)).upward()] == [b"old"]


def test_contents_that_look_like_answers_of_git_are_kept_apart(repository):
    oid = git(repository, "rev-parse", "HEAD:perfgate.toml")
    contents = [f"{oid} blob 3\nold\n", "", "\n\n", f"{oid} missing\n"]
    for i, content in enumerate(contents):
        (repository / "baselines" / f"{i}.json").write_text(content)
    commit_all(repository)
    found = dict(Commit("HEAD", str(repository)).files("baselines", limit=99))
    assert [found[f"{i}.json"].decode() for i in range(4)] == contents


def test_a_file_beyond_the_limit_is_refused(repository):
    (fault,) = refused(Commit("HEAD", str(repository)).read, "perfgate.toml", limit=2)
    assert fault.message == "is larger than 2 bytes"


def test_an_object_that_is_not_here_is_an_error(repository):
    commit = Commit("HEAD", str(repository))
    oid = git(repository, "rev-parse", "HEAD:perfgate.toml")
    (repository / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    (fault,) = refused(commit.read, "perfgate.toml", limit=10)
    assert "the object is not here" in fault.message
    assert fault.hint == "git fetch --unshallow"


def test_in_a_shallow_clone_an_older_commit_is_not_here(repository, tmp_path):
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "clone")
    clone = str(tmp_path / "clone")
    assert Commit("HEAD", clone).read("sub/perfgate.toml", limit=10) == b"below"
    (fault,) = refused(Commit, "HEAD~1", clone)
    assert fault.hint.startswith("the clone is shallow: git fetch --unshallow (in Actions: fetch-depth: 0")


def test_characters_that_mean_something_to_git_are_taken_as_they_are(repository):
    for name in ("b*.json", "b?.json", ":(glob)b.json"):
        assert Commit("HEAD", str(repository)).read(f"baselines/{name}", limit=10) is None


@pytest.mark.parametrize(
    ("ref", "words"),
    [("a1" * 20, "a1a1a1a1a1a1"), ("b2" * 32, "b2b2b2b2b2b2"), ("feature/a-long-name-of-a-branch",) * 2],
    ids=["sha-1", "sha-256", "a-branch"],
)
def test_a_whole_hash_is_shown_by_its_first_digits_and_a_name_as_it_is(ref, words):
    assert shown(ref) == words


@pytest.mark.parametrize(
    ("count", "kept"),
    [("2", ["/a", "/b"]), ("1", ["/a"]), ("0", []), ("", []), ("two", []), ("-1", []), ("²", [])],
    ids=str,
)
def test_of_the_settings_in_variables_git_gets_the_safe_folders_that_are_counted(count, kept):
    given = {
        "HOME": "/h", "GIT_DIR": "/elsewhere", "GIT_CONFIG_COUNT": count,
        "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "/a",
        "GIT_CONFIG_KEY_1": "Safe.Directory", "GIT_CONFIG_VALUE_1": "/b",
    }  # fmt: skip
    found = environment(given)
    assert found["HOME"] == "/h"
    assert "GIT_DIR" not in found
    assert found.get("GIT_CONFIG_COUNT", "0") == str(len(kept))
    assert [found.get(f"GIT_CONFIG_VALUE_{i}") for i in range(2)] == [*kept, None, None][:2]
    assert {found[f"GIT_CONFIG_KEY_{i}"] for i in range(len(kept))} <= {"safe.directory"}


@pytest.mark.parametrize(
    ("stderr", "cause"),
    [
        ("hint: first\nwarning: second\nlast words\n", "last words"),
        ("warning: a\nerror: b\nfatal: c\nhint: d\n", "fatal: c"),
        ("warning: a\nerror: b\nhint: d\n", "error: b"),
        ("", "git show failed"),
    ],
    ids=["neither", "fatal", "error", "nothing"],
)
def test_the_cause_of_a_failure_is_the_line_in_which_git_states_it(stderr, cause):
    (found,) = failure("ref-unreadable", ["show", "x"], stderr, failing="it was asked for x").diagnostics
    assert (found.slug, found.message) == ("ref-unreadable", f"{cause} (it was asked for x)")
