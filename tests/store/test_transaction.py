"""Writing several baselines: all change or none does, on every kind of folder."""

from __future__ import annotations

import os
import stat

import pytest

from perfgate.store.transaction import _exchange, _link_others, _one_by_one, sweep_all, write_baselines


def content_of(folder) -> dict[str, str]:
    return {n: (folder / n).read_text() for n in sorted(os.listdir(folder)) if (folder / n).is_file()}


def write_class(folder, files):
    """Write one class, with the configuration elsewhere."""
    parent, name = os.path.split(folder)
    write_baselines(parent or ".", {name: files}, root="/")


def content_below(folder) -> dict[str, str]:
    """Return every file below a folder, hidden ones too; a link by its target."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_symlink() or not p.is_dir()]
    return {
        str(p.relative_to(folder)): f"-> {os.readlink(p)}" if p.is_symlink() else p.read_text() for p in paths
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "baselines" / "ci"
    path.mkdir(parents=True)
    for name in ("a.json", "b.json", "other.txt"):
        (path / name).write_text("old")
    return path


BOTH = {"a.json": b"new", "c.json": b"new"}
AFTER = {"a.json": "new", "b.json": "old", "c.json": "new", "other.txt": "old"}


def test_no_files_make_no_folder(tmp_path):
    write_class(str(tmp_path / "baselines" / "ci"), {})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("files", [{"a.json": b"new"}, BOTH])
def test_a_folder_that_does_not_exist_is_made(tmp_path, files):
    write_class(str(tmp_path / "baselines" / "ci"), files)
    assert content_of(tmp_path / "baselines" / "ci") == dict.fromkeys(files, "new")
    assert os.listdir(tmp_path / "baselines") == ["ci"]


def test_one_file_is_replaced_where_it_stands(folder):
    before = os.stat(folder).st_ino
    write_class(str(folder), {"a.json": b"new"})
    assert content_of(folder) == {"a.json": "new", "b.json": "old", "other.txt": "old"}
    assert os.stat(folder).st_ino == before


def test_several_files_change_places_with_the_folder_in_one_step(folder):
    os.chmod(folder, 0o700)
    before = os.stat(folder).st_ino
    write_class(str(folder), BOTH)
    assert content_of(folder) == AFTER
    assert os.listdir(folder.parent) == ["ci"]
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.stat(folder).st_ino != before


def test_the_working_directory_stays_the_folder_that_it_is(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    before = os.stat(folder.parent).st_ino
    write_baselines(".", {"ci": BOTH, "gha": BOTH}, root="")
    assert os.stat(".").st_ino == before == os.stat(folder.parent).st_ino
    assert content_of(folder.parent / "gha") == dict.fromkeys(BOTH, "new")
    monkeypatch.chdir(folder)
    before = os.stat(folder).st_ino
    write_baselines("..", {"ci": BOTH}, root="/")
    assert os.stat(folder).st_ino == before


def test_a_relative_folder_without_a_parent_is_written(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    write_class("ci", BOTH)
    assert content_of(folder) == AFTER


def test_a_folder_that_is_a_link_keeps_being_one(folder):
    link = folder.parent / "link"
    link.symlink_to("ci")
    write_class(str(link), BOTH)
    assert link.is_symlink()
    assert content_of(folder) == AFTER
    assert sorted(os.listdir(folder.parent)) == ["ci", "link"]


def test_a_folder_inside_stays_where_it_is(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "kept").write_text("old")
    (folder / "link").symlink_to("sub")
    write_class(str(folder), BOTH)
    assert content_of(folder) == AFTER
    assert (folder / "sub" / "kept").read_text() == "old"
    assert (folder / "link").is_symlink()


def test_links_among_the_files_are_kept_as_links(folder):
    (folder / "link.json").symlink_to("b.json")
    write_class(str(folder), BOTH)
    assert (folder / "link.json").is_symlink()
    assert os.readlink(folder / "link.json") == "b.json"


def test_where_one_file_cannot_be_replaced_the_others_are_put_back(folder):
    (folder / "z.json").mkdir()
    with pytest.raises(OSError, match=r"z\.json"):
        write_class(str(folder), {**BOTH, "z.json": b"new"})
    assert content_of(folder) == {"a.json": "old", "b.json": "old", "other.txt": "old"}
    assert os.listdir(folder.parent) == ["ci"]


def test_what_a_killed_refresh_left_behind_is_swept_and_nothing_else(folder):
    name, mine = ".perfgate-new-1-aabbccdd", (".perfgate-new-mine", ".kept", ".part.tmp")
    places = (folder.parent.parent, folder.parent, folder)
    for place in places:
        (place / name / "all").mkdir(parents=True)
        (place / name / ".gitignore").write_text("*")
        (place / name / "all" / "a.json").write_text("half")
        for kept in mine:
            (place / kept).mkdir()
        (place / ".perfgate-new-2-aabbccdd").symlink_to(".kept")
    sweep_all(str(folder.parent))
    sweep_all(str(folder / "absent"))
    for place in places:
        assert not (place / name).exists()
        assert all((place / kept).is_dir() for kept in mine)
        assert (place / ".perfgate-new-2-aabbccdd").is_symlink()


def test_a_file_in_the_place_of_the_folder_is_an_error_that_changes_nothing(tmp_path):
    (tmp_path / "ci").write_text("a file")
    with pytest.raises(OSError, match="ci"):
        write_class(str(tmp_path / "ci"), BOTH)
    assert (tmp_path / "ci").read_text() == "a file"
    assert os.listdir(tmp_path) == ["ci"]


def test_where_the_system_cannot_exchange_it_says_so_and_other_failures_are_errors(folder):
    assert not _exchange(str(folder.parent), str(folder))  # a folder cannot change places with one inside it
    with pytest.raises(FileNotFoundError):
        _exchange(str(folder), str(folder.parent / "absent"))
    assert content_of(folder) == {"a.json": "old", "b.json": "old", "other.txt": "old"}


def test_where_files_cannot_be_linked_the_folder_is_not_exchanged(folder, tmp_path):
    assert not _link_others(str(folder), str(tmp_path / "absent"), ())


RENAMED = {"a.json": None, "d.json": b"new"}


def test_a_file_without_content_goes_in_the_same_step(folder):
    before = os.stat(folder).st_ino
    write_class(str(folder), RENAMED)
    assert content_of(folder) == {"b.json": "old", "d.json": "new", "other.txt": "old"}
    assert os.stat(folder).st_ino != before


def test_one_by_one_a_file_goes_last_and_comes_back_when_another_fails(folder):
    _one_by_one(str(folder.parent), {"ci": RENAMED})
    assert content_of(folder) == {"b.json": "old", "d.json": "new", "other.txt": "old"}
    with pytest.raises(FileNotFoundError):
        _one_by_one(str(folder.parent), {"ci": {"b.json": None, "d.json": b"newer", "gone.json": None}})
    assert content_of(folder) == {"b.json": "old", "d.json": "new", "other.txt": "old"}


def test_one_by_one_puts_back_what_was_changed_and_removes_what_was_new(folder):
    with pytest.raises(FileNotFoundError):
        _one_by_one(str(folder.parent), {"ci": BOTH, "gha": {**BOTH, "absent/x.json": b"new"}})
    assert content_of(folder) == {"a.json": "old", "b.json": "old", "other.txt": "old"}
    assert os.listdir(folder.parent) == ["ci"]


TWO = {"ci": BOTH, "gha": {"d.json": b"new"}}


@pytest.fixture
def full(folder):
    """A folder of baselines with all that people may keep there."""
    baselines = folder.parent
    for name in ("ci/sub/deep/kept", "other/o.json", "README.md", ".hidden", "ci/.gitattributes"):
        (baselines / name).parent.mkdir(parents=True, exist_ok=True)
        (baselines / name).write_text("old")
    (baselines / "ci" / "link").symlink_to("sub")
    (baselines / "alias").symlink_to("other")
    (baselines / "dangling").symlink_to("nowhere")
    (baselines / "empty").mkdir()
    return baselines


@pytest.mark.parametrize("root", ["elsewhere", "inside"])
def test_files_of_two_classes_change_together_and_all_else_stays(full, root):
    before, inode = content_below(full), os.stat(full).st_ino
    os.chmod(full / "other", 0o700)
    write_baselines(str(full), TWO, root=str(full / "ci") if root == "inside" else "/")
    assert content_below(full) == before | {"ci/a.json": "new", "ci/c.json": "new", "gha/d.json": "new"}
    assert (full / "empty").is_dir()
    assert os.stat(full / "other").st_mode & 0o777 == 0o700
    assert os.listdir(full.parent) == ["baselines"]
    assert (os.stat(full).st_ino == inode) == (root == "inside")


def test_baselines_behind_a_link_change_together_and_the_link_stays(full, tmp_path):
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to("../baselines")
    write_baselines(str(link), TWO, root="/")
    assert link.is_symlink()
    assert (full / "gha" / "d.json").read_text() == "new"
    assert os.listdir(link.parent) == ["link"]


@pytest.mark.parametrize("in_the_way", ["file", "link", "repository", "folder"])
def test_what_an_exchange_would_throw_away_is_written_around(full, in_the_way):
    place = full / "gha"
    if in_the_way == "file":
        place.write_text("mine")
    elif in_the_way == "link":
        place.symlink_to("other")
    elif in_the_way == "repository":
        (full / ".git").mkdir()
    else:
        (place / "d.json" / "mine").mkdir(parents=True)
    before = content_below(full)
    if in_the_way in {"file", "folder"}:
        with pytest.raises(OSError, match="gha"):
            write_baselines(str(full), TWO, root="/")
        assert content_below(full) == before
    else:
        write_baselines(str(full), TWO, root="/")
        assert {k: content_below(full)[k] for k in before if k not in ("ci/a.json", "ci/c.json")} == {
            k: v for k, v in before.items() if k != "ci/a.json"
        }
        assert (place / "d.json").read_text() == "new"
    assert os.listdir(full.parent) == ["baselines"]


def test_a_link_among_the_files_that_is_put_back_is_a_link_again(folder):
    (folder / "c.json").symlink_to("b.json")
    (folder / "z.json").mkdir()
    with pytest.raises(OSError, match=r"z\.json"):
        write_class(str(folder), {**BOTH, "z.json": b"new"})
    assert os.readlink(folder / "c.json") == "b.json"


@pytest.fixture
def steps(monkeypatch):
    """Note what reaches the disk and what gets a name, in order."""
    done = []
    real = {name: getattr(os, name) for name in ("replace", "rename")}

    def sync(fd):
        done.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", sync)
    for name, move in real.items():
        monkeypatch.setattr(os, name, lambda old, new, move=move: (done.append("name"), move(old, new)))
    return done


def test_a_new_folder_is_on_the_disk_with_its_files_before_it_has_its_name_and_the_name_follows(tmp_path, steps):
    write_class(str(tmp_path / "baselines" / "ci"), BOTH)
    *within, named, after = steps
    assert (named, after) == ("name", "folder")
    assert within == ["file", "name", "folder"] * 2 + ["folder"]


def test_an_exchanged_folder_is_on_the_disk_and_then_its_new_place(folder, steps):
    write_class(str(folder), BOTH)
    assert content_of(folder) == AFTER
    assert steps == ["file", "name", "folder"] * 2 + ["folder"] * 2  # the exchange is a step of the kernel


def test_files_that_are_replaced_one_by_one_are_all_on_the_disk_before_the_first_has_its_name(folder, steps):
    _one_by_one(str(folder.parent), {"ci": BOTH})
    assert content_of(folder) == AFTER
    assert steps == ["file", "name", "folder"] * 2 + ["name"] * 2 + ["folder"]


def test_files_that_are_replaced_one_by_one_are_removed_after_all_others_are_there(folder, monkeypatch):
    there = []
    unlink = os.unlink

    def remove(path, **more):
        if path == str(folder / "a.json"):
            there.extend(content_of(folder))
        unlink(path, **more)

    monkeypatch.setattr(os, "unlink", remove)
    _one_by_one(str(folder.parent), {"ci": {"a.json": None, "c.json": b"new"}})
    assert there == ["a.json", "b.json", "c.json", "other.txt"]
    assert content_of(folder) == {"b.json": "old", "c.json": "new", "other.txt": "old"}


def test_a_link_that_was_replaced_is_put_back_as_a_link_when_another_file_fails(folder, monkeypatch):
    (folder / "a.json").unlink()
    (folder / "a.json").symlink_to("other.txt")
    before = content_below(folder)
    replace = os.replace

    def fail(old, new):
        if new == str(folder / "c.json"):
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        _one_by_one(str(folder.parent), {"ci": BOTH})
    assert content_below(folder) == before
    assert before["a.json"] == "-> other.txt"
