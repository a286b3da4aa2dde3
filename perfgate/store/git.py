"""Reading files of another commit through git; whatever cannot be read for certain is an error."""

from __future__ import annotations

import os
import re
import subprocess
from copy import copy
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.names import list_some
from perfgate.core.text.near_names import find_near
from perfgate.store.git_objects import TreeEntry, object_hash, parse_commit, parse_tree, split_answer
from perfgate.store.git_start import (
    TooMuchOutputError,
    as_hash,
    command,
    environment,
    failure,
    is_hash,
    run_bounded,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

_TIMEOUT = 60.0
_VERSION_TIMEOUT = 2.0
_REGULAR = ("100644", "100664", "100755")
_FOLDER = "040000"
_DEEPEN = "git fetch --unshallow"
UNSHALLOW = f"{_DEEPEN} (in Actions: fetch-depth: 0 at the checkout)"
"""What to do where a clone lacks a part of its history."""
FETCH_HISTORY = f"fetch its history: {UNSHALLOW}"
"""The same, where something was not found."""
_NOTHING_FOUND = 1  # exit code of git grep
_MOST_ENTRIES = 5_000_000
"""Of a commit: ten times what the largest public repositories hold. Folders inside each other can name many more."""
_BYTES_OF_ENTRY = 100
"""Of a file in a listing: mode, hash, and a path of usual length. What is larger is no listing of `_MOST_ENTRIES`."""
_MOST_OUTPUT = _MOST_ENTRIES * _BYTES_OF_ENTRY
_MOST_SHORT = 1 << 20
_SHORT = frozenset({"rev-parse", "merge-base", "log", "--version"})
"""What git answers with a few hashes, names or paths."""
_DIGITS = 12  # of a hash that are shown
_SUFFIX = re.compile(r"[~^:]|@\{")
_SHORT_HASH = re.compile(r"[0-9a-fA-F]{4,63}")
_OF_REMOTE = "origin/"
"""What so begins names a branch of the remote that was cloned, and nothing else."""
_RULES = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
"""Where git looks for a name, in its order (gitrevisions)."""


class Commit:
    """One commit of the repository that holds a folder."""

    def __init__(self, ref: str, folder: str) -> None:
        """Look up `ref` from `folder`.

        Raises:
            CannotDecideError: git is absent, `folder` is in no repository, or the ref
                does not name a commit that is here.
        """
        self.ref = ref
        self._folder = folder
        if ref.startswith("-") or not ref.isprintable() or not ref:
            raise cannot_decide("ref-unreadable", f'"{ref}" is not a git ref', hint="name a branch, a tag or a commit")
        where = self._git(["rev-parse", "--show-prefix"], "", hint="run it inside the git repository of the baselines")
        self.prefix = os.fsdecode(where).removesuffix("\n")
        """The folder below the root of the repository: empty, or a path that ends in a slash."""
        self.shown = shown(ref)
        """The ref, short where it is a hash."""
        found = resolve(folder, ref)
        if found is None:
            raise self._missing()
        self.id = found
        self._top, _ = _commit_of(folder, self.id, hint=_DEEPEN)
        self._folders: dict[str, dict[bytes, TreeEntry]] = {}

    def _missing(self) -> CannotDecideError:
        """Return the error for a ref that names no commit here: a typo, or a commit that the clone lacks."""
        remote, _, branch = self.ref.partition("/")
        message = f'no commit or branch "{self.ref}" in this clone'
        names = _short_names(self._folder)
        above = _OF_REMOTE if self.ref.startswith(_OF_REMOTE) else ""
        likely = [n.removeprefix(above) for n in names if n != self.ref and n.startswith(_OF_REMOTE) == bool(above)]
        near = "" if _SUFFIX.search(self.ref) else find_near(self.ref.removeprefix(above), likely)
        if near:
            hint = f"did you mean {above}{near}?"
        elif branch and remote == "origin" and not set(branch) & set("~^@{}:"):
            # with the full target, since a clone of one branch would leave the other's name unset
            hint = f"git fetch {remote} +{branch}:refs/remotes/{self.ref} (in Actions: fetch-depth: 2 at the checkout)"
        elif is_shallow(self._folder):
            hint = f"the clone is shallow: {UNSHALLOW}"
        else:
            hint = (
                f"branches and tags: {list_some(names)}; or fetch it: git fetch"
                if names
                else "nothing is committed yet: git commit"
            )
        return cannot_decide("ref-missing", message, hint=hint)

    def upward(self) -> Iterator[Commit]:
        """Yield the commit as seen from its folder, then from each folder above it up to the repository's root."""
        parts = self.prefix.rstrip("/").split("/") if self.prefix else []
        for depth in range(len(parts), -1, -1):
            view = copy(self)
            view.prefix = "".join(f"{part}/" for part in parts[:depth])
            yield view

    def read(self, path: str, *, limit: int) -> bytes | None:
        """Return the content of a file of the commit, None when the commit verifiably lacks it.

        Args:
            path: relative to the folder that the commit was looked up from.
            limit: largest size in bytes.

        Raises:
            CannotDecideError: git cannot read it, or it is not a regular file, or it is too large.
        """
        full = self._full(path)
        found = self._entry(full)
        if found is None:
            return None
        mode, oid = found
        if mode not in _REGULAR:
            raise self._irregular(full, "file")
        return self._contents([(oid, full)], limit)[0]

    def files(self, folder: str, *, limit: int) -> list[tuple[str, bytes]]:
        """Return the JSON files below a folder of the commit, hidden ones included: path relative to it, and content.

        What the commit does not hold itself, a link or a submodule, could hide files and is an error.

        Raises:
            CannotDecideError: git cannot read it.
        """
        full = self._full(folder)
        found = self._entry(full)
        if found is None:
            return []
        mode, top = found
        if mode != _FOLDER:
            raise self._irregular(full, "folder")
        wanted = []
        for entry in self._all_below(top):
            mode, oid, relative = entry.mode, entry.oid, entry.name.decode("utf-8", "replace")
            is_json = relative.lower().endswith(".json")
            if not is_json and "/." in f"/{relative}":
                continue
            if mode not in _REGULAR:
                raise self._irregular(_below(full, relative), "file" if is_json else "folder")
            if is_json:
                wanted.append((oid, relative))
        contents = self._contents([(oid, _below(full, relative)) for oid, relative in wanted], limit)
        return [(relative, content) for (_, relative), content in zip(wanted, contents, strict=True)]

    def names(self) -> list[str]:
        """Return what the commit holds in the folder that it was looked up from; nothing when it lacks that."""
        found = self._entry(self._full("."))
        return [os.fsdecode(name) for name in self._children(found[1])] if found and found[0] == _FOLDER else []

    def objects(self) -> Iterator[tuple[str, str, str]]:
        """Yield mode, object id and path of each file of the commit, from the root of the repository, ascending."""
        return ((entry.mode, entry.oid, os.fsdecode(entry.name)) for entry in self._all_below(self._top))

    def changed_since(self, base: str) -> list[str]:
        """Return the paths that this commit and another one do not hold alike, from the root of the repository.

        A file that was renamed has both of its names, a submodule that of its folder. Folders
        that are the same are not read, and nothing depends on settings or attributes.

        Args:
            base: full hash of the other commit.

        Raises:
            CannotDecideError: one of both is not here, or not what its hash says.
        """
        top, _ = _commit_of(self._folder, base, hint=_DEEPEN)
        found: list[bytes] = []
        level = [(b"", top, self._top)] if top != self._top else []
        while level:
            self._load(oid for _, *oids in level for oid in oids if oid)
            below: list[tuple[bytes, str, str]] = []
            for folder, *oids in level:
                was, now = (self._folders[oid] if oid else {} for oid in oids)
                for name in was.keys() | now.keys():
                    sides = was.get(name), now.get(name)
                    if sides[0] == sides[1]:
                        continue
                    one, other = (side.oid if side and side.mode == _FOLDER else "" for side in sides)
                    if one or other:
                        below.append((folder + name + b"/", one, other))
                    if any(side and side.mode != _FOLDER for side in sides):
                        found.append(folder + name)
            if len(found) + len(below) > _MOST_ENTRIES:
                message = f"more than {_MOST_ENTRIES:,} files differ"
                raise cannot_decide("ref-unreadable", message, place=self.shown, hint="name another commit")
            level = below
        return [os.fsdecode(path) for path in sorted(found)]

    def small_contents(self, oids: Collection[str], *, limit: int) -> dict[str, bytes]:
        """Return the contents of those files of the commit that have at most `limit` bytes, by their object id."""
        asked = "".join(f"{oid}\n" for oid in oids).encode()
        sizes = self._git(["cat-file", "--batch-check"], "", asked=asked).decode().splitlines() if oids else []
        facts = [line.split(" ") for line in sizes]
        small = [f[0] for f in facts if f[-1].isdecimal() and int(f[-1]) <= limit]
        return dict(zip(small, self._contents([(oid, oid[:_DIGITS]) for oid in small], limit), strict=True))

    def containing(self, text: str, *names: str) -> list[str]:
        """Return the files of the commit that contain a text, as paths from the root of the repository.

        Args:
            text: to look for, as it is.
            names: globs of the paths.
        """
        words = ["grep", "-lzF", "--full-name", "--no-recurse-submodules", "-e", text, self._top, "--"]
        found = git(
            self._folder, [*words, *(f":(top){name}" for name in names)], hint=_DEEPEN, accepted=(0, _NOTHING_FOUND)
        )
        return [os.fsdecode(line.partition(b":")[2]) for line in found.split(b"\0") if line]

    def _entry(self, full: str) -> tuple[str, str] | None:
        """Return mode and object id of what stands at a path of the repository, None when verifiably nothing does."""
        mode, oid, walked = _FOLDER, self._top, ""
        for part in full.split("/") if full else ():
            if mode in _REGULAR:
                return None
            if mode != _FOLDER:
                raise self._irregular(walked, "folder")
            found = self._children(oid).get(os.fsencode(part))
            if found is None:
                return None
            mode, oid = found.mode, found.oid
            walked = _below(walked, part)
        return mode, oid

    def _children(self, oid: str) -> dict[bytes, TreeEntry]:
        """Return what a folder holds, by name."""
        self._load([oid])
        return self._folders[oid]

    def _load(self, oids: Iterable[str]) -> None:
        """Read folders, if they were not read before, all through one process."""
        wanted = [oid for oid in dict.fromkeys(oids) if oid not in self._folders]
        if not wanted:
            return
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        answer = self._git(["cat-file", "--batch"], "the commit cannot be listed", asked=asked)
        for oid, content in zip(wanted, split_answer(answer, "tree", wanted, _DEEPEN), strict=True):
            self._folders[oid] = {entry.name: entry for entry in parse_tree(content, oid)}

    def _all_below(self, top: str) -> list[TreeEntry]:
        """Return what a folder and those below it hold, but no folder: each with its path from there, ascending."""
        found: list[TreeEntry] = []
        level = [(b"", top)]
        while level:
            self._load(oid for _, oid in level)
            below: list[tuple[bytes, str]] = []
            for path, oid in level:
                for entry in self._folders[oid].values():
                    if entry.mode == _FOLDER:
                        below.append((path + entry.name + b"/", entry.oid))
                    else:
                        found.append(TreeEntry(mode=entry.mode, oid=entry.oid, name=path + entry.name))
                if len(found) + len(below) > _MOST_ENTRIES:
                    message = f"the commit holds more than {_MOST_ENTRIES:,} files"
                    raise cannot_decide("ref-unreadable", message, place=self.shown, hint="name another commit")
            level = below
        return sorted(found, key=lambda entry: entry.name)

    def _full(self, path: str) -> str:
        """Return a path of the folder as the repository knows it, empty for its root."""
        full = os.path.normpath(os.path.join(self.prefix, path))
        if full.startswith(("../", "/")) or full == "..":
            raise cannot_decide(
                "ref-unreadable",
                "lies outside the git repository",
                place=path,
                hint="name a folder inside it",
            )
        return "" if full == "." else full

    def _irregular(self, full: str, wanted: str) -> CannotDecideError:
        hint = "commit the files themselves, not a link or a submodule"
        return cannot_decide("ref-unreadable", f"is not a regular {wanted}", place=f"{self.shown}:{full}", hint=hint)

    def _contents(self, blobs: Sequence[tuple[str, str]], limit: int) -> list[bytes]:
        """Return the contents of (object id, path), all through one process after their sizes are known."""
        if not blobs:
            return []
        asked = "".join(f"{oid}\n" for oid, _ in blobs).encode()
        missing = "the object is not here"
        sizes = self._git(["cat-file", "--batch-check"], missing, asked=asked).decode().splitlines()
        for (_, full), line in zip(blobs, sizes, strict=True):
            place, size = f"{self.shown}:{full}", line.rpartition(" ")[2]
            if not size.isdecimal():
                raise cannot_decide("ref-unreadable", missing, place=place, hint=_DEEPEN)
            if int(size) > limit:
                raise cannot_decide(
                    "ref-unreadable", f"is larger than {limit:,} bytes", place=place, hint="name another commit"
                )
        most = sum(len(line) + int(line.rpartition(" ")[2]) + 2 for line in sizes)  # two line breaks each
        output = self._git(["cat-file", "--batch"], missing, asked=asked, most=most)
        contents, at = [], 0
        for line in sizes:  # each: the line that --batch-check gave, the content, a line break
            start = at + len(line) + 1
            at = start + int(line.rpartition(" ")[2]) + 1
            if output[start - len(line) - 1 : start - 1] != line.encode() or at > len(output):
                raise cannot_decide("ref-unreadable", "git cat-file broke off", place=self.shown, hint=_DEEPEN)
            contents.append(output[start : at - 1])
        for (oid, full), content in zip(blobs, contents, strict=True):
            _require_content(oid, content, f"{self.shown}:{full}")
        return contents

    def _git(
        self,
        arguments: Sequence[str],
        failing: str,
        *,
        hint: str = _DEEPEN,
        asked: bytes = b"",
        most: int | None = None,
    ) -> bytes:
        return git(self._folder, arguments, failing=failing, hint=hint, asked=asked, most=most)


def git(
    folder: str,
    arguments: Sequence[str],
    *,
    failing: str = "",
    hint: str,
    asked: bytes = b"",
    settings: Sequence[str] = (),
    accepted: Collection[int] = (0,),
    timeout: float = _TIMEOUT,
    most: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Return what git prints in a folder when it reads `asked`; it never waits for a person.

    Args:
        folder: where it works.
        arguments: the command and its options.
        failing: what could not be done, added to git's own words.
        hint: what to do about it.
        asked: its input.
        settings: of git, ``key=value``, beside those of every call.
        accepted: exit codes that are no refusal.
        timeout: how long it may take, in seconds.
        most: largest answer in bytes; None: that of a listing of all files, or a short one.
        variables: of its environment, in place of those of every call.

    Raises:
        CannotDecideError: git is absent, refuses, or answers without end.
    """
    code, answer, errors = run_git(
        folder, arguments, asked=asked, settings=settings, timeout=timeout, most=most, variables=variables
    )
    if code not in accepted:
        raise failure("ref-unreadable", arguments, errors, code=code, failing=failing, hint=hint)
    return answer


def run_git(
    folder: str,
    arguments: Sequence[str],
    *,
    asked: bytes = b"",
    settings: Sequence[str] = (),
    timeout: float = _TIMEOUT,
    most: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> tuple[int, bytes, str]:
    """Return exit code and output of git, and what it wrote to stderr; the arguments are those of `git`.

    Raises:
        CannotDecideError: git is absent, or answers without end.
    """
    if most is None:
        most = _MOST_SHORT if arguments[0] in _SHORT else _MOST_OUTPUT
    argv = command(folder, arguments, settings=settings)
    env = environment(os.environ) | dict(variables or {})
    try:
        code, answer, errors = run_bounded(argv, env=env, asked=asked, timeout=timeout, most=most)
    except TooMuchOutputError:
        message = f"git {arguments[0]} answered with more than {most:,} bytes"
        raise cannot_decide("git-answer", message, hint="check which git is found first: git --version") from None
    except subprocess.TimeoutExpired:
        message = f"git {arguments[0]} did not end within {timeout:g} s"
        raise cannot_decide("ref-unreadable", message, hint="run the command again") from None
    except OSError as caught:
        raise cannot_decide("ref-unreadable", f"git cannot be run ({caught})", hint="install git") from None
    return code, answer, errors.decode("utf-8", "replace")


def read_version() -> str | None:
    """Return the version of git, such as ``2.39.5``; None when there is no git that answers."""
    try:
        answer = git(os.curdir, ["--version"], hint="install git", timeout=_VERSION_TIMEOUT)
    except CannotDecideError:
        return None
    words = answer.decode("utf-8", "replace").split()
    return words[2][:40] if words[:2] == ["git", "version"] and words[2:] else None


def shown(ref: str) -> str:
    """Return a ref as messages name it: of a whole hash the first digits, which are never asked for."""
    return ref[:_DIGITS] if is_hash(ref) else ref


def resolve(folder: str, ref: str) -> str | None:
    """Return the full hash of the commit that a ref names; None: no commit that is here.

    Git takes the first of several things of one name: a tag before a branch, and both
    before the digits of a hash. Whoever may push a tag could so choose the commit.

    Args:
        folder: in the repository.
        ref: a branch, a tag or a commit, perhaps with what git allows after it (``~2``).

    Raises:
        CannotDecideError: it could mean several commits; or git cannot be asked.
    """
    if is_hash(ref):
        return _commit_at(folder, ref)
    name = _SUFFIX.split(ref, maxsplit=1)[0]
    named = _refs_named(folder, name)
    if name.startswith("refs/") and name not in named:
        return None  # git would look for it below refs/tags and refs/heads, too
    if name.startswith(_OF_REMOTE) and f"refs/remotes/{name}" not in named:
        return None  # a tag or a local branch of that name is nobody's target branch
    found = _commit_at(folder, ref)
    if found is None or name == "HEAD" or name in named:
        return found
    meant = {full: _commit_at(folder, f"{full}{ref[len(name) :]}") for full in named}
    if _SHORT_HASH.fullmatch(name):
        listed = git(folder, ["rev-parse", f"--disambiguate={name}"], hint=_DEEPEN).decode().split()
        commits = {commit for commit in listed if _commit_at(folder, commit) == commit}
        meant |= {commit: _commit_at(folder, f"{commit}{ref[len(name) :]}") for commit in commits}
    if len({found, *meant.values()}) > 1:
        message = f'the git ref "{ref}" is ambiguous: {" and ".join(meant)}'
        raise cannot_decide("ref-unreadable", message, hint=f"name the one that is meant in full: {[*meant][-1]}")
    return found


def _refs_named(folder: str, name: str) -> list[str]:
    """Return the full names of the refs that git may take for a name."""
    could = [name] if name.startswith("refs/") else [rule.format(name) for rule in _RULES]
    listed = git(folder, ["for-each-ref", "--format=%(refname)", *could], hint=_DEEPEN)
    there = os.fsdecode(listed).split("\n")
    return [full for full in could if full in there]


def _short_names(folder: str) -> list[str]:
    """Return the branches and tags of a repository as people type them; of a remote with its name."""
    kinds = ("refs/heads", "refs/remotes", "refs/tags")
    listed = git(folder, ["for-each-ref", "--format=%(refname)", *kinds], hint=_DEEPEN)
    names = (full.split("/", 2)[2] for full in os.fsdecode(listed).splitlines() if full.count("/") > 1)
    return [name for name in names if name.isprintable() and not name.endswith("/HEAD")]


def is_shallow(folder: str) -> bool:
    """Does a clone lack a part of its history?"""
    return git(folder, ["rev-parse", "--is-shallow-repository"], hint="").strip() != b"false"


def _commit_at(folder: str, ref: str) -> str | None:
    words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    try:
        answer = git(folder, words, hint="")
    except CannotDecideError:
        return None
    return as_hash(answer, f'the commit "{ref}"')


def with_parents(ref: str, *, hint: str = _DEEPEN) -> tuple[str, ...]:
    """Return the id of a commit and those of its parents, as the commit itself states them: a shallow clone cuts none.

    Args:
        ref: names the commit; not from data.
        hint: what to do when it is not here.

    Raises:
        CannotDecideError: there is no such commit here.
    """
    found = as_hash(git(".", ["rev-parse", "--verify", f"{ref}^{{commit}}"], hint=hint), f'the commit "{ref}"')
    return (found, *_commit_of(".", found, hint=hint)[1])


def _commit_of(folder: str, commit: str, *, hint: str) -> tuple[str, tuple[str, ...]]:
    """Return the tree and the parents of a commit.

    Raises:
        CannotDecideError: it is not here, or not what its hash says.
    """
    answer = git(folder, ["cat-file", "--batch"], hint=hint, asked=f"{commit}\n".encode())
    (content,) = split_answer(answer, "commit", [commit], hint)
    return parse_commit(content, commit)


def _require_content(oid: str, content: bytes, place: str) -> None:
    """Return when a file's content has the hash by which its commit names it: git itself does not look.

    Raises:
        CannotDecideError: the object was changed in the repository, or is broken.
    """
    if blob_hash(content, oid) != oid:
        raise cannot_decide("git-answer", f"git gave other content than {oid[:12]}", place=place, hint="git fsck")


def blob_hash(content: bytes, oid: str) -> str:
    """Return the hash by which git names a content, of the kind of another one."""
    return object_hash("blob", content, like=oid)


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
