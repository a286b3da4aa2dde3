"""Sending the records of a ledger to a remote: on top of what is there, whoever was first, and never by force.

The remote's ledger is fetched into a repository of its own that lasts as long as the call: the newest commit without
the contents of its files. In the clone itself this would turn on the settings of a shallow and partial clone.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.text.names import list_some
from perfgate.store.git import git, run_git
from perfgate.store.git_start import causes, environment, is_hash
from perfgate.store.history import record
from perfgate.store.history.commit import MOST_TRIES, commit_records, move, pause, require_ledger, require_room
from perfgate.store.history.ledger import find_tip, list_files
from perfgate.store.history.versions import read_contents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TIMEOUT = 300.0
"""Seconds that a call of the network may take: 70 MB on a slow line."""
_SETTINGS = ("core.sshCommand=ssh -o BatchMode=yes",)
_PROTOCOLS = {"GIT_ALLOW_PROTOCOL": "file:http:https:ssh"}
_FETCHED_BY = "--upload-pack=git-upload-pack"
"""What answers at the other end: the settings of a clone may name something else."""
_CREDENTIALS = re.compile(r"//[^/@\s]*@")
_REFUSED = re.compile(r"! \[[^\]]+\] .*\((.+)\)")
_RULED_OUT = re.compile(r"! \[remote rejected\] (?!.*\block\b)(?!.*\bfailed to update ref\b)(?!.*\bunpack)")
"""What git prints where a server does not want this ref, as a hook or a rule says; not where it failed to write it."""
_TIP = "refs/perfgate/tip"
_FETCHES = (("--depth=1", "--filter=blob:none"), ("--depth=1",), ())
"""What is asked of a server, from the least on: where many ignore what they do not support, some refuse."""
_DENIED = re.compile(r"(?i)\b(403|401|denied|not granted|permission|authentication|could not read username)\b")
_BRANCHES = "refs/heads/"
_AS_BRANCH = (
    "keep the ledger on a branch, which every clone fetches: in the configuration "
    f'[history] ref = "{_BRANCHES}perfgate-history"; then the same command'
)
_NEEDED = (
    "in CI the job needs permission to write (Actions: permissions: contents: write), which no fork has; "
    "elsewhere git has to know the password; then"
)


class Pushed(Struct, frozen=True, kw_only=True):
    """What a push did."""

    sent: int
    """Records that the remote lacked."""
    tries: int
    """How often it was tried; 0: the remote held everything."""


def require_remote(folder: str, name: str, *, kept: str = "") -> None:
    """Return when a clone has a remote.

    Args:
        folder: in the repository.
        name: of the remote.
        kept: ref that holds the records already; empty: nothing was recorded yet.

    Raises:
        CannotDecideError: it has none of that name.
    """
    names = git(folder, ["remote"], hint="").decode("utf-8", "replace").split("\n")[:-1]
    if name not in names:
        message = f'there is no remote "{name}" in this clone' + (f"; the records stay in its {kept}" if kept else "")
        hint = f"git remote add {name} URL; then the same command once more"
        if names:
            hint = f"remotes: {list_some(names)}; paths stand before --push"
        raise cannot_decide("history-not-pushed", message, hint=hint)


def push(folder: str, ref: str, remote: str, *, is_new: bool) -> Pushed:
    """Send what a remote's ledger lacks of the local one, and let the local one follow.

    Args:
        folder: in the repository.
        ref: full name of the ledger's ref, here and there.
        remote: name of the remote.
        is_new: was the local ref made by this call? Then it goes once the remote has all of it.

    Raises:
        CannotDecideError: the remote cannot be reached, refuses, or is no ledger; the local ref is as it was.
    """
    require_remote(folder, remote, kept=ref)
    tip = find_tip(folder, ref)
    if tip is None:  # another call in this clone sent everything, and removed the ref
        return Pushed(sent=0, tries=0)
    records = {listed.path.decode(): listed.oid for listed in list_files(folder, tip) if listed.at}
    with tempfile.TemporaryDirectory(prefix="perfgate-") as spare:
        there = _Remote(folder, spare, remote, ref)
        pushed = there.send(records)
    with contextlib.suppress(
        CannotDecideError
    ):  # all records are there; what came in meanwhile goes with the next call
        if is_new:
            git(folder, ["update-ref", "--no-deref", "-d", ref, tip], hint="")
            return pushed
        _network(folder, ["fetch", "-q", "--no-tags", "--no-write-fetch-head", _FETCHED_BY, remote, ref], {})
        if tip != there.tip:
            move(folder, ref, there.tip, tip)
    return pushed


class _RuledOutError(CannotDecideError):
    """The remote was reached, and does not accept the ref."""


class _Remote:
    """The ledger of a remote, in a repository that holds nothing else."""

    def __init__(self, clone: str, spare: str, remote: str, ref: str) -> None:
        self._clone, self._spare, self._name, self._ref = clone, spare, remote, ref
        self.tip = ""
        """The newest commit of the remote; empty: it has no ledger yet."""
        kind = git(clone, ["rev-parse", "--show-object-format"], hint="").decode().strip()
        of_kind = [] if kind == "sha1" else [f"--object-format={kind}"]  # which an older git does not know
        # not bare: safe.bareRepository of a user may forbid to find one
        git(spare, ["init", "-q", "--template=", *of_kind], hint="check the disk")
        urls = [_url(clone, [remote]), _url(clone, ["--push", remote])]
        keys = ("remote.origin.url", "remote.origin.pushurl")
        self._variables = _as_variables([*_transport(clone), *zip(keys, urls, strict=True)])

    def send(self, records: Mapping[str, str]) -> Pushed:
        """Send the records that the remote lacks.

        Args:
            records: hashes of their contents, by path.
        """
        for tries in range(MOST_TRIES):
            self._fetch()
            place = f"{self._ref} of {self._name}"
            present = require_ledger(self._spare, self.tip, place) if self.tip else dict[str, str]()
            lacking = {path: oid for path, oid in records.items() if path not in present}
            if not lacking:
                return Pushed(sent=0, tries=tries)
            require_room(present, lacking, place)
            contents = dict(read_contents(self._clone, [*set(lacking.values())], largest=record.LARGEST))
            new = {path: contents[oid] for path, oid in lacking.items() if oid in contents}
            made = commit_records(self._spare, self.tip or None, new, identity=self._clone)
            try:
                self._call(["push", "-q", "origin", f"{made}:{self._ref}"])
            except CannotDecideError:
                if self._ask() == self.tip:  # nobody else was first: the remote refuses
                    raise
                pause(tries)
            else:
                self.tip = made
                return Pushed(sent=len(new), tries=tries + 1)
        raise self._refused(f"others were first {MOST_TRIES} times")

    def _ask(self) -> str:
        """Return the hash of the remote's newest commit; empty: it has no ledger yet."""
        answer = self._call(["ls-remote", "-q", _FETCHED_BY, "origin", self._ref]).decode("utf-8", "replace")
        found = [line.split("\t") for line in answer.splitlines()]
        return next((oid for oid, *name in found if name == [self._ref] and is_hash(oid)), "")

    def _fetch(self) -> None:
        """Fetch the remote's newest commit, without what its files hold where the server can leave that out."""
        self.tip = self._ask()
        for options in _FETCHES if self.tip else ():
            words = ["fetch", "-q", "--no-tags", *options, _FETCHED_BY, "origin", f"+{self._ref}:{_TIP}"]
            try:
                self._call(words)
                self.tip = find_tip(self._spare, _TIP) or ""
                break
            except CannotDecideError:
                if options == _FETCHES[-1]:
                    raise

    def _call(self, words: Sequence[str]) -> bytes:
        try:
            return _network(self._spare, words, self._variables)
        except CannotDecideError as caught:
            is_ruled_out = isinstance(caught, _RuledOutError)
            raise self._refused(caught.diagnostics[0].message, is_ruled_out=is_ruled_out) from None

    def _refused(self, cause: str, *, is_ruled_out: bool = False) -> CannotDecideError:
        message = f"{self._name} did not take the records, which stay in {self._ref} of this clone: {cause}"
        again = "run the same command once more"
        if _DENIED.search(cause):
            hint = f"{_NEEDED} {again}"
        elif is_ruled_out:
            rules = "ask who administers the repository which refs it accepts"
            hint = rules if self._ref.startswith(_BRANCHES) else f"{_AS_BRANCH}; or {rules}"
        else:
            hint = again
        return cannot_decide("history-not-pushed", message, hint=hint)


def _url(clone: str, words: Sequence[str]) -> str:
    """Return an address of a remote; a path is made absolute, since the call works in another folder.

    Raises:
        CannotDecideError: it has none.
    """
    url = git(clone, ["remote", "get-url", *words], hint="").decode("utf-8", "replace").removesuffix("\n")
    if not url:
        hint = f"git remote set-url {words[-1]} URL; then the same command once more"
        raise cannot_decide("history-not-pushed", f'the remote "{words[-1]}" has no address in this clone', hint=hint)
    top = git(clone, ["rev-parse", "--show-toplevel"], hint="", accepted=(0, 128)).decode("utf-8", "replace")
    path = os.path.abspath(os.path.join(top.removesuffix("\n") or clone, url))
    return path if "://" not in url and os.path.isdir(path) else url


def _network(folder: str, words: Sequence[str], variables: Mapping[str, str]) -> bytes:
    """Return what a call of git that reaches a remote prints.

    Raises:
        CannotDecideError: it cannot be reached, or refuses; the message is git's own, without passwords.
        _RuledOutError: it does not accept the ref.
    """
    code, answer, errors = run_git(
        folder,
        words,
        settings=(*_SETTINGS, *_helpers(folder)),
        variables={**_PROTOCOLS, **variables},
        timeout=_TIMEOUT,
    )
    if code != 0:
        lines = [line.strip() for line in errors.splitlines() if line.strip()]
        refused = [found[1] for line in lines if (found := _REFUSED.search(line))]
        remarks = [line.removeprefix("remote: ") for line in lines if line.startswith("remote: ")]
        remarked = [": ".join([*refused[:1], *remarks[:1]])] if remarks else []
        cause = [*remarked, *refused, *causes(words, code, errors)][0]
        kind = _RuledOutError if any(map(_RULED_OUT.search, lines)) else CannotDecideError
        message = _CREDENTIALS.sub("//", cause.removeprefix("fatal: "))
        raise kind(cannot_decide("history-not-pushed", message).diagnostics)
    return answer


def _transport(clone: str) -> list[tuple[str, str]]:
    """Return the settings of a clone that say how a remote is reached: a checkout in CI keeps its token there."""
    return _settings(clone, "--local", r"^(http|url)\.")


def _helpers(folder: str) -> list[str]:
    """Return the programs that know the user's passwords, as the user's own settings name them, and no repository's."""
    scopes = ("--system", "--global")
    found = [pair for scope in scopes for pair in _settings(folder, scope, r"^credential\.")]
    return [f"{key}={value}" for key, value in found]


def _settings(folder: str, scope: str, pattern: str) -> list[tuple[str, str]]:
    words = ["config", scope, "--includes", "-z", "--get-regexp", pattern]
    answer = git(folder, words, hint="", accepted=(0, 1, 128)).decode("utf-8", "surrogateescape")
    return [(key, value) for key, _, value in (entry.partition("\n") for entry in answer.split("\0")) if key]


def _as_variables(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return settings as variables, beside those of every call: no other user can read them, as those of a command."""
    before = int(environment(os.environ).get("GIT_CONFIG_COUNT", "0"))
    variables = {"GIT_CONFIG_COUNT": str(before + len(settings))}
    for index, (key, value) in enumerate(settings, before):
        variables |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return variables
