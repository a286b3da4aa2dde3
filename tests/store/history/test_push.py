"""What a push fetches, and what it takes from the settings of a clone."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import ledger_cases
import pytest
from ledger_cases import a_record, encode
from records import GIT_ENVIRONMENT, refused

from perfgate.core.policy import LEDGER
from perfgate.store.history import push as pushing
from perfgate.store.history.commit import append
from perfgate.store.history.ledger import find_tip
from perfgate.store.history.push import push

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(params=["sha1"])
def clone(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A clone with one record that its bare remote lacks."""
    bare, folder = tmp_path / "bare", tmp_path / "clone"
    kind = f"--object-format={request.param}"
    subprocess.run(["git", "init", "-q", "--bare", kind, str(bare)], check=True)
    subprocess.run(["git", "init", "-q", kind, str(folder)], check=True)
    git(folder, "remote", "add", "origin", f"file://{bare}")
    append(str(folder), LEDGER, dict([encode(a_record(), recorded_at="")]))
    return folder


def test_only_the_newest_commit_is_fetched_and_no_record(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare, counted, shim = tmp_path / "bare", tmp_path / "counted", tmp_path / "shim"
    ledger_cases.write(bare, ledger_cases.sessions(60, 30))
    shim.write_text(f'#!/bin/sh\ngit-upload-pack "$@" | tee -a {counted}\n')
    shim.chmod(0o755)
    monkeypatch.setattr(pushing, "_FETCHED_BY", f"--upload-pack={shim}")
    sizes = []
    for number, is_allowed in enumerate(("true", "false")):
        git(bare, "config", "uploadpack.allowFilter", is_allowed)
        append(str(clone), LEDGER, dict([encode(a_record(session=str(number)), recorded_at="")]))
        counted.unlink(missing_ok=True)
        assert push(str(clone), LEDGER, "origin", is_new=True).tries == 1
        sizes.append(counted.stat().st_size)
    assert sizes[0] < 12_000  # the hashes and names of 62 files
    assert sizes[1] > 60_000  # and what they hold
    assert git(bare, "rev-list", "--count", LEDGER) == "62"


def test_what_the_remote_holds_already_is_not_sent(clone: Path, tmp_path: Path) -> None:
    ledger_cases.write(tmp_path / "bare", [encode(a_record(), recorded_at="")])
    pushed = push(str(clone), LEDGER, "origin", is_new=False)
    assert (pushed.sent, pushed.tries) == (0, 0)
    assert find_tip(str(clone), LEDGER) == find_tip(str(tmp_path / "bare"), LEDGER)


@pytest.mark.parametrize("clone", ["sha1", "sha256"], indirect=True)
def test_two_ledgers_without_a_common_commit_are_joined(clone: Path, tmp_path: Path) -> None:
    ledger_cases.write(tmp_path / "bare", ledger_cases.sessions(2, 1))
    assert push(str(clone), LEDGER, "origin", is_new=False).sent == 1
    assert git(clone, "rev-list", "--count", LEDGER) == "3"
    assert push(str(clone), LEDGER, "origin", is_new=False).sent == 0


def test_the_token_of_a_checkout_goes_along_as_a_variable_and_its_programs_do_not(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "gitconfig"
    git(clone, "config", "--file", str(users), "credential.helper", "mine")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(users))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")
    included = tmp_path / "token"
    git(clone, "config", "--file", str(included), "http.https://example.org/.extraheader", "basic secret")
    git(clone, "config", f"includeIf.gitdir:{clone}/.git.path", str(included))
    git(clone, "config", "credential.helper", "theirs")
    spare = tmp_path / "spare"
    spare.mkdir()
    variables = pushing._Remote(str(clone), str(spare), "origin", LEDGER)._variables
    keys = [variables[f"GIT_CONFIG_KEY_{n}"] for n in range(1, int(variables["GIT_CONFIG_COUNT"]))]
    assert keys == ["http.https://example.org/.extraheader", "remote.origin.url", "remote.origin.pushurl"]
    assert variables["GIT_CONFIG_VALUE_1"] == "basic secret"
    assert pushing._helpers(str(clone)) == ["credential.helper=mine"]
    assert "secret" not in (spare / ".git" / "config").read_text()


def test_a_user_may_forbid_bare_repositories_that_nobody_names(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "gitconfig"
    git(clone, "config", "--file", str(users), "safe.bareRepository", "explicit")
    ledger_cases.write(tmp_path / "bare", ledger_cases.sessions(2, 1))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(users))
    assert push(str(clone), LEDGER, "origin", is_new=False).sent == 1


def test_the_program_that_lists_refs_of_another_repository_is_not_started(clone: Path, tmp_path: Path) -> None:
    other, ran, evil = tmp_path / "other", tmp_path / "ran", tmp_path / "evil"
    subprocess.run(["git", "clone", "-q", "--bare", str(tmp_path / "bare"), str(other)], check=True)
    ledger_cases.write(other, ledger_cases.sessions(1, 1), ref="refs/heads/main")
    evil.write_text(f"#!/bin/sh\ntouch {ran}\n")
    evil.chmod(0o755)
    (clone / ".git" / "objects" / "info" / "alternates").write_text(f"{other}/objects\n")
    git(clone, "config", "core.alternateRefsCommand", str(evil))
    assert push(str(clone), LEDGER, "origin", is_new=False).sent == 1
    assert not ran.exists()


PATH, CONTENT = encode(a_record(session="new"), recorded_at="")
DAY = PATH.rpartition("/")[0]


@pytest.mark.parametrize(
    ("held", "named"),
    [
        pytest.param("2026/01", "2026/01", id="file-above"),
        pytest.param(DAY, DAY, id="file-in-place-of-the-day"),
        pytest.param(f"{PATH}/x", PATH, id="folder-in-its-place"),
    ],
)
@pytest.mark.parametrize("is_remote", [False, True], ids=["here", "there"])
def test_nothing_of_a_ledger_is_replaced_by_a_record(
    clone: Path, tmp_path: Path, held: str, named: str, *, is_remote: bool
) -> None:
    holder = tmp_path / "bare" if is_remote else clone
    git(clone, "update-ref", "-d", LEDGER)
    tip = ledger_cases.write_tree(holder, {held: "x"})

    def send() -> None:
        append(str(clone), LEDGER, {PATH: CONTENT})
        push(str(clone), LEDGER, "origin", is_new=False)

    (fault,) = refused(send)
    assert (fault.slug, fault.place) == ("history-not-ours", f"{LEDGER} of origin" if is_remote else LEDGER)
    assert fault.message == f"holds something else where a record belongs: {named}"
    assert git(holder, "rev-parse", LEDGER) == tip


@pytest.mark.parametrize("content", ["garbage", "", "x" * (5 << 20)], ids=["garbage", "empty", "too-large"])
def test_what_has_the_name_of_a_record_and_is_none_is_refused(clone: Path, content: str) -> None:
    ledger_cases.write_tree(clone, {PATH: content})
    (fault,) = refused(lambda: append(str(clone), LEDGER, {PATH: CONTENT}))
    assert (fault.slug, fault.message) == (
        "history-not-ours", f"holds something else under the name of a record: {PATH}",
    )  # fmt: skip


def test_the_same_record_of_another_tool_is_there(clone: Path) -> None:
    path, content = encode(a_record(session="new", tool="other", branch="other"), recorded_at="")
    assert append(str(clone), LEDGER, {path: content}) == [PATH]
    assert append(str(clone), LEDGER, {PATH: CONTENT}) == []


@pytest.mark.parametrize("is_new", [False, True])
def test_a_ledger_that_is_another_name_of_a_branch_moves_and_removes_no_branch(clone: Path, *, is_new: bool) -> None:
    main = ledger_cases.write_tree(clone, {}, ref="refs/heads/main")
    git(clone, "symbolic-ref", LEDGER, "refs/heads/main")
    git(clone, "symbolic-ref", "HEAD", "refs/heads/main")
    if is_new:
        git(clone, "update-ref", "--no-deref", "-d", LEDGER)
    append(str(clone), LEDGER, {PATH: CONTENT})
    if is_new:
        git(clone, "update-ref", "refs/heads/copy", LEDGER)
        git(clone, "symbolic-ref", LEDGER, "refs/heads/copy")
    push(str(clone), LEDGER, "origin", is_new=is_new)
    assert git(clone, "rev-parse", "main") == main
    assert not is_new or git(clone, "rev-parse", "copy")


def test_a_remote_without_an_address_is_an_error(clone: Path) -> None:
    git(clone, "config", "remote.origin.url", "")
    (fault,) = refused(lambda: push(str(clone), LEDGER, "origin", is_new=False))
    assert (fault.slug, fault.message) == ("history-not-pushed", 'the remote "origin" has no address in this clone')


def test_a_local_ledger_that_cannot_be_changed_is_an_error(clone: Path) -> None:
    (clone / ".git" / "refs" / "perfgate" / "history.lock").write_text("")
    (fault,) = refused(lambda: append(str(clone), LEDGER, dict([encode(a_record(session="2"), recorded_at="")])))
    assert "lock" in fault.message


def test_a_local_writer_that_comes_second_tries_again(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from perfgate.store.history import commit

    made = []

    def first(folder: str, parent: str | None, records: dict[str, bytes]) -> str:
        new = original(folder, parent, records)
        if not made:
            made.append(original(folder, parent, dict([encode(a_record(session="other"), recorded_at="")])))
            git(clone, "update-ref", LEDGER, made[0])
        return new

    original = commit.commit_records
    monkeypatch.setattr(commit, "commit_records", first)
    assert len(append(str(clone), LEDGER, dict([encode(a_record(session="2"), recorded_at="")]))) == 1
    assert git(clone, "rev-list", "--count", LEDGER) == "3"
