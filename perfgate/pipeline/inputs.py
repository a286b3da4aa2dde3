"""What the use cases read: configuration, runs, baselines from the folder, a file or another commit."""

from __future__ import annotations

import os
import re
import shlex
import time
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate import __version__, config
from perfgate.collect import Collection, Key, SessionTally, collect, drop_baseline_runs
from perfgate.collect.appended import AppendedFiles
from perfgate.collect.one_session import of_one_session
from perfgate.core.errors import CannotDecideError, Diagnostic, cannot_decide, error, note
from perfgate.core.text.names import list_some
from perfgate.core.text.steps import is_heard, log_step
from perfgate.formats.detect import detect
from perfgate.formats.discovery import RunReader, find
from perfgate.formats.folders import unmatched
from perfgate.formats.options import complete
from perfgate.formats.own import percentiles
from perfgate.formats.own.compacted import is_compacted
from perfgate.formats.parsing.files import MISSING, read_bounded
from perfgate.formats.parsing.source import Source
from perfgate.measure.machine import facts
from perfgate.measure.summary import format_utc
from perfgate.pipeline.classes import name_classes
from perfgate.pipeline.failed import tally_failed
from perfgate.store import baselines as store
from perfgate.store import waivers
from perfgate.store.codec import (
    BASELINE,
    FLAT,
    PROFILE,
    decode_baseline,
    decode_profile_file,
    document_of,
    version_in,
    version_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perfgate.core.policy import Policy, Removal, Waiver
    from perfgate.core.profile import Profile
    from perfgate.core.run import Run
    from perfgate.formats.options import ForeignOptions
    from perfgate.formats.run_ids import Columns
    from perfgate.store.git import Commit

_DAY = 86_400_000_000_000  # nanoseconds: more than any two clocks in use differ
_BEGIN = re.compile(rf'\s*\{{\s*"schema":\s*"{PROFILE}"')
TOOL = f"perfgate {__version__}"


class Settings(Struct, frozen=True, kw_only=True):
    """The configuration, and the folder that its paths are relative to."""

    policy: Policy
    root: str
    """Relative to the working directory where that is shorter to read."""


def read_settings(path: str | None, *, machine_class: str = "") -> Settings:
    """Return the configuration of the working directory, or of a file.

    Args:
        path: a configuration file given by hand; None: look for one.
        machine_class: given by hand; empty: the configuration's.

    Raises:
        CannotDecideError: it is not valid.
    """
    if path is not None:
        policy, root = config.load(path), os.path.dirname(path)
    else:
        folder, name = config.find(os.getcwd())
        root = shown(folder)
        policy = config.load(os.path.join(root, name)) if name else config.BUILT_IN
    log_step("configuration: %s", policy.source)
    if machine_class:
        policy = with_class(policy, machine_class)
    return Settings(policy=policy, root=root)


def with_class(policy: Policy, machine_class: str) -> Policy:
    """Return the policy with a machine class given by hand.

    Raises:
        CannotDecideError: it cannot be the name of a folder.
    """
    if not all(c.isascii() and (c.isalnum() or c in "._-") for c in machine_class) or machine_class[0] in "._-":
        hint = "use letters, digits, dots and dashes, such as gha-ubuntu-24.04-x64-4cpu"
        raise cannot_decide(
            "usage", f'"{machine_class}" cannot name a machine class', place="--machine-class", hint=hint
        )
    return replace(policy, machine_class=machine_class)


def shown(folder: str) -> str:
    """Return a folder relative to the working directory, empty for that itself."""
    relative = os.path.relpath(folder)
    return "" if relative == "." else relative


def read_runs(
    paths: Sequence[str],
    settings: Settings,
    *,
    known: Mapping[Key, frozenset[str]] | None = None,
    foreign: ForeignOptions | None = None,
    same_session: bool = False,
    mark: Callable[[Iterable[Run]], Iterable[Run]] | None = None,
    baselines: Iterable[Profile] = (),
    for_table: bool = False,
) -> tuple[Collection, list[Diagnostic], list[Diagnostic]]:
    """Collect the runs that paths name, or the configured ones when there are none.

    Args:
        paths: run files, folders or globs.
        settings: the configuration.
        known: digests of runs to leave out, by benchmark: those of the baseline.
        foreign: what was said about files of other tools; None: nothing.
        same_session: take all of them as runs of one session.
        mark: says which runs count although they are known; None: none does.
        baselines: what no file may hold beside new values.
        for_table: collect what a table of quantiles shows only.

    Returns:
        The collection, faults, and notes.
    """
    patterns, root = (list(paths), "") if paths else (list(settings.policy.runs), settings.root)
    files, problems, empty = find_each(patterns, root)
    problems = _name_runs(problems, paths, settings)
    if is_heard():
        asked = list_some([os.path.join(root, p) for p in patterns])
        found = list_some(files)
        log_step("run files: %s by %s", len(files), asked if asked == found else f"{asked}: {found}")
    columns: Columns = "none" if same_session else "plain" if for_table else "with digests"
    reader = RunReader(complete(foreign, settings.policy), settings.policy.maps, columns=columns)
    own = facts.session_id() if facts.in_ci() else ""
    read = name_classes(reader.read(files), facts.environment())
    runs: Iterable[Run] = of_one_session(read, own) if same_session else read
    if mark is not None:
        runs = mark(runs)
    appended = AppendedFiles(baselines)
    collection = collect(
        appended.watch(runs),
        known=known,
        own_session=own,
        machine_class=settings.policy.machine_class,
        for_table=for_table,
    )
    problems += [
        *reader.problems,
        *appended.problems,
        *collection.problems,
        *find_future(s.started_at for s in collection.seen),
    ]
    if empty and (paths or not files) and (files or not problems):
        problems += unmatched(paths and empty) or [_no_runs(empty, root, is_named=bool(paths), is_part=bool(files))]
    notes = list(reader.foreign.notes)
    if reader.copies:
        notes.append(note("run-copies", f"left out, copies of other files: {reader.copies}"))
    return collection, problems, notes


def find_each(patterns: Sequence[str], root: str) -> tuple[list[str], list[Diagnostic], list[str]]:
    """Return the files that patterns name, the faults, and the patterns that name none."""
    files: dict[str, None] = {}
    problems: list[Diagnostic] = []
    empty = []
    for pattern in patterns:
        found, faults = find([pattern], root)
        if not found and not faults:
            empty.append(pattern)
        if len(patterns) == 1:
            return found, faults, empty
        files.update(dict.fromkeys(found))
        problems += faults
    return list(files), problems, empty


def _no_runs(empty: Sequence[str], root: str, *, is_named: bool, is_part: bool) -> Diagnostic:
    """Return the error for patterns that name no file.

    Args:
        empty: the patterns.
        root: what they are relative to.
        is_named: do they stand on the command line?
        is_part: do others name files?
    """
    where = ", ".join(os.path.join(root, p) for p in empty)
    if not is_named:
        folders = ", ".join(_folder(os.path.join(root, p)) for p in empty)
        return error("no-runs", f"no run files in {folders}", hint="measure first: perfgate run -n 10 -- CMD")
    message, hint = "no file matches", "correct the pattern"
    if os.path.isdir(empty[0]):
        message = "the folder is empty"
        hint = f"measure into it: perfgate run --out {shlex.quote(empty[0])} -n 10 -- CMD"
    hint += ", or leave the path out" if is_part else ", or name the folder that has the runs"
    return error("no-runs", message, place=where, hint=hint)


def _folder(pattern: str) -> str:
    """Return the folder of a glob that takes all of its JSON files, or else the glob."""
    folder, name = os.path.split(pattern)
    return folder if folder and name == "*.json" else pattern


def _name_runs(problems: Iterable[Diagnostic], paths: Sequence[str], settings: Settings) -> list[Diagnostic]:
    """Return faults; a path that does not exist gets the folder of the configured runs as its hint."""
    named = frozenset(paths)
    where = ""
    if any(p.message == MISSING and p.place in named for p in problems):
        patterns = [os.path.join(settings.root, p) for p in settings.policy.runs]
        where = next((_folder(p) for p in patterns if find([p])[0]), "")
    hint = f"runs are here: {shlex.quote(where)}"
    return [
        p._replace(hint=f"{p.hint}; or {hint}" if "did you mean" in p.hint else hint)
        if where and p.place in named and p.message == MISSING
        else p
        for p in problems
    ]


def collect_profiles(
    profiles: Sequence[Profile],
    failed: Iterable[SessionTally],
    known: Mapping[Key, frozenset[str]],
    files: Iterable[str],
) -> tuple[Collection, list[Diagnostic]]:
    """Return what profile files hold as a collection, and its faults.

    Args:
        profiles: of the files.
        failed: their sessions that only failed.
        known: digests of runs to leave out, by benchmark: those of the baseline.
        files: their paths.
    """
    collection = drop_baseline_runs(profiles, known, files)
    collection = replace(collection, seen=(*collection.seen, *failed))
    return collection, [*collection.problems, *find_future(s.started_at for s in collection.seen)]


def find_future(starts: Iterable[str]) -> list[Diagnostic]:
    """Return an error for runs whose time lies in the future: they would hide which session is newest.

    Args:
        starts: when runs or sessions began, UTC; whatever else sorts after all times counts, too.
    """
    limit = format_utc(time.time_ns() + _DAY)
    ahead = sorted({at for at in starts if at > limit})
    message = "runs state that they started in the future"
    hint = "set the clock right, remove these runs (perfgate runs list, perfgate runs remove FILE), and measure again"
    return [error("started-ahead", message, place=ahead[0], hint=hint)] if ahead else []


class BaselineSet(Struct, frozen=True, kw_only=True):
    """Baselines, or current profiles that were given as a file."""

    source: str
    """Where they came from."""
    profiles: tuple[Profile, ...]
    problems: tuple[Diagnostic, ...] = ()
    is_machine_unknown: bool = False
    """Is the machine unknown, so that it is compared with any?"""
    is_first_gate: bool = False
    """Does the other commit verifiably hold no gate at all?"""
    waivers: tuple[Waiver, ...] = ()
    """What may be worse for a time."""
    removals: tuple[Removal, ...] = ()
    """Benchmarks that were removed on purpose."""
    failed: tuple[SessionTally, ...] = ()
    """Sessions of a profile file that only failed."""
    is_of_tool: bool = False
    """Is it a file of another tool, in the place of baselines?"""
    inputs: str = ""
    """Digest of the reference of inputs that the policy asks for; empty: there is none, or it does not matter."""


def from_folder(folder: str) -> BaselineSet:
    """Return the baselines in a folder, and the waivers beside them."""
    found = store.load(folder)
    _log_baselines(found.source, found.profiles)
    side = BaselineSet(source=found.source, profiles=found.profiles, problems=found.problems)
    try:
        reviewed = waivers_in(folder)
        return replace(side, waivers=reviewed.waivers, removals=reviewed.removals)
    except CannotDecideError as caught:
        return replace(side, problems=(*side.problems, *caught.diagnostics))


def _log_baselines(source: str, profiles: Sequence[Profile]) -> None:
    if is_heard():
        classes = list_some(sorted({p.machine_class for p in profiles})) or "none"
        log_step("baselines: %s from %s, machine classes: %s", len(profiles), source, classes)


def waivers_in(folder: str) -> waivers.Reviewed:
    """Return what the waivers' file beside the baselines of a folder permits; nothing when there is no such file.

    Raises:
        CannotDecideError: the file cannot be read or is not valid.
    """
    path = os.path.join(folder, waivers.NAME)
    if not os.path.lexists(path):
        return waivers.Reviewed()
    return waivers.parse(read_bounded(path, limit=waivers.LARGEST, slug="waivers-invalid"), path)


def waivers_of(commit: Commit, settings: Settings) -> waivers.Reviewed:
    """Return what the waivers' file of another commit permits, looked up from the folder of the configuration.

    Raises:
        CannotDecideError: they are not valid, or cannot be read for certain.
    """
    path = os.path.join(settings.policy.baselines, waivers.NAME)
    content = commit.read(path, limit=waivers.LARGEST)
    origin = f"{commit.shown}:{os.path.normpath(os.path.join(settings.root or '.', path))}"
    return waivers.Reviewed() if content is None else waivers.parse(content, origin)


def from_path(
    path: str,
    settings: Settings | None = None,
    foreign: ForeignOptions | None = None,
    *,
    same_session: bool = False,
) -> BaselineSet:
    """Return baselines, or current profiles, from a folder or a file.

    Args:
        path: a folder of baselines, a baseline, a profile file, plain percentiles, or a file of another tool.
        settings: the configuration, for files of other tools; None: they are not expected.
        foreign: what was said about them; None: nothing.
        same_session: take all runs of a file of another tool as runs of one session.

    Raises:
        CannotDecideError: it is not there, or nothing that can be compared.
    """
    if os.path.isdir(path):
        if settings is None or not _holds_runs(path):
            return from_folder(path)
        log_step("baselines: %s, a folder of runs", path)
        return _from_runs(path, settings, foreign, same_session=same_session)
    if settings is not None and is_compacted(path):
        return _from_runs(path, settings, foreign, same_session=same_session)
    content = read_bounded(path, limit=store.LARGEST, slug="baseline-unreadable")
    document = document_of(content)
    version = version_in(document)
    if version in {BASELINE, FLAT} or version.startswith("perfgate/baseline/"):
        return BaselineSet(source=path, profiles=(decode_baseline(content, path)[0],))
    if version.startswith("perfgate/report/"):
        message = "is the report of a check, not what was measured"
        raise cannot_decide("baseline-invalid", message, place=path, hint="compare the runs that it was made from")
    if version == PROFILE:
        held = decode_profile_file(content, path, document)
        return BaselineSet(source=path, profiles=held.profiles, failed=tally_failed(held.failed, path))
    asked = foreign is not None and foreign.source
    if settings is not None and not version and (asked or detect(Source(path, content=content))):
        log_step("baselines: %s, a file of another tool", path)
        return replace(_from_runs(path, settings, foreign, same_session=same_session), is_of_tool=True)
    return BaselineSet(source=path, profiles=percentiles.parse(content, path), is_machine_unknown=True)


def holds_profiles(path: str) -> bool:
    """Is a path a file of profiles or plain percentiles, which is judged as it is, and not runs?

    Raises:
        CannotDecideError: the file cannot be read.
    """
    if not os.path.isfile(path) or is_compacted(path):
        return False
    content = read_bounded(path, limit=store.LARGEST, slug="runs-unreadable")
    return version_of(content) == PROFILE or percentiles.is_such(content)


def is_profile_file(path: str) -> bool:
    """Does a file begin as `perfgate collect -o` writes it? Logs beside it may be of any length."""
    return os.path.isfile(path) and _BEGIN.match(Source(path).head) is not None


def _from_runs(path: str, settings: Settings, foreign: ForeignOptions | None, *, same_session: bool) -> BaselineSet:
    """Return what was measured in the place of baselines."""
    collection, problems, _ = read_runs((path,), settings, foreign=foreign, same_session=same_session)
    return BaselineSet(source=path, profiles=collection.profiles, problems=tuple(problems))


def _holds_runs(folder: str) -> bool:
    """Are the files of a folder run summaries? Baselines lie in folders of machine classes, and name their schema."""
    names = sorted(os.listdir(folder))
    if any(map(is_compacted, names)):
        return True
    first = next((n for n in names if n.endswith(".json")), "")
    path = os.path.join(folder, first)
    if not first or not os.path.isfile(path):
        return False
    content = read_bounded(path, limit=store.LARGEST, slug="baseline-unreadable")
    version = version_of(content)
    return version.startswith("perfgate/run/") or (not version and b'"run_id"' in content)


def from_commit(commit: Commit, settings: Settings) -> BaselineSet:
    """Return the baselines of another commit, which was looked up from the folder of the configuration.

    Raises:
        CannotDecideError: it is not certain what the commit holds.
    """
    folder = os.path.normpath(os.path.join(settings.root or ".", settings.policy.baselines))
    source = f"{commit.shown}:{folder}"
    found = store.parse(source, commit.files(settings.policy.baselines, limit=store.LARGEST))
    _log_baselines(f"{source} ({commit.id[:12]})", found.profiles)
    reviewed = waivers_of(commit, settings)
    return BaselineSet(
        source=source,
        profiles=found.profiles,
        problems=found.problems,
        waivers=reviewed.waivers,
        removals=reviewed.removals,
    )


def policy_of_commit(
    commit: Commit, settings: Settings, given: str | None = None, *, is_judged: bool = False
) -> Policy | None:
    """Return the configuration of another commit, None when it verifiably holds none.

    Args:
        commit: was looked up from the folder of the configuration.
        settings: says which folder that is.
        given: configuration file given by hand; None: look for one.
        is_judged: is it the commit of the change itself, which may correct a name that is nearly ours?

    Raises:
        CannotDecideError: it is not valid, or cannot be read for certain.
    """
    if given is not None:
        content = commit.read(os.path.basename(given), limit=config.LARGEST)
        origin = f"{commit.shown}:{given}"
        return None if content is None else config.parse(config.decode(content, origin), origin)
    texts: dict[str, str] = {}
    if is_judged:
        config.refuse_near(commit.names(), f"{commit.shown}:{os.path.normpath(settings.root or '.')}")
    for name in (config.OWN_FILE, config.SHARED_FILE):
        path = os.path.normpath(os.path.join(settings.root or ".", name))
        content = commit.read(name, limit=config.LARGEST)
        if content is not None:
            texts[name] = config.decode(content, f"{commit.shown}:{path}")
    origin = f"{commit.shown}:{config.SHARED_FILE}"
    where = f"{commit.shown}:{settings.root}" if settings.root else commit.shown
    shared = config.SHARED_FILE in texts and config.has_table(texts[config.SHARED_FILE], origin)
    name = config.choose(own=config.OWN_FILE in texts, shared=shared, where=where)
    path = os.path.normpath(os.path.join(settings.root or ".", name))
    return config.parse(texts[name], f"{commit.shown}:{path}") if name else None
