"""Files of the use cases: reports in, and reports, profiles and summaries out, whole or not at all."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perfgate.core.atomic import write_whole
from perfgate.core.errors import CannotDecideError, cannot_decide, warning
from perfgate.formats.parsing.files import read_bounded
from perfgate.measure.machine.ci import find_ci_run, name_ci_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Verdict
    from perfgate.report.document import Document

LARGEST = 64 * 1024 * 1024
"""Largest report in bytes: a hundred thousand findings fit."""
MOST_REPORTS = 99
"""Most reports of one job in one folder."""
_OTHER_FILE = "name a file in a folder that can be written to"
_LINK = b"120000 "
"""Git's mode of a symbolic link."""
_ORDER = (1, 2, 0)
"""Exit codes of a job's checks, the one that counts first."""
_DAY = 24 * 3600  # seconds; a report that names no CI run and is older than this is no longer this job's


def read_report(path: str) -> Document:
    """Return the document of a ``report.json``.

    Raises:
        CannotDecideError: it cannot be read, or is not valid; the error names every fault.
    """
    from perfgate.report.compose import compose

    return compose(read_verdict(path))


def read_verdict(path: str, *, largest: int = LARGEST) -> Verdict:
    """Return the verdict of a ``report.json`` of at most `largest` bytes, computed from its findings again.

    Raises:
        CannotDecideError: it cannot be read, or is not valid; the error names every fault.
    """
    from perfgate.core.text.strict_json import load_json
    from perfgate.report.codec import FORMAT_HINT, from_data

    content = read_bounded(path, limit=largest, slug="report-unreadable")
    return from_data(load_json(content, path, "report-invalid", FORMAT_HINT), path)


def read_verdicts(path: str, *, largest: int = LARGEST) -> tuple[Verdict, list[Verdict]]:
    """Return the verdict that counts for a job, which names those of its other checks, and all of them.

    A regression comes before a check that could not decide, that before a pass, and one that was skipped last.

    Raises:
        CannotDecideError: a report is not valid, a symbolic link, or all are larger than `largest` bytes together.
    """
    verdicts: list[Verdict] = []
    left = largest
    paths = [path, *list_further_reports(path)]
    for each in paths:
        if os.path.islink(each) or (each != path and os.path.islink(os.path.dirname(each))):
            message = "is a symbolic link, which may lead out of what was uploaded"
            raise cannot_decide("report-unreadable", message, place=each, hint="name the file itself")
        verdicts.append(read_verdict(each, largest=left))
        left = max(0, left - os.path.getsize(each))
    shown = min(range(len(verdicts)), key=lambda i: (*_need(verdicts[i]), i))
    others = tuple(
        warning("other-report", f"another check of this job: {v.name}", place=paths[i], hint="its report is in the run")
        for i, v in enumerate(verdicts)
        if i != shown
    )
    return replace(verdicts[shown], notes=(*others, *verdicts[shown].notes)), verdicts


def _need(verdict: Verdict) -> tuple[int, bool]:
    """Return how much a verdict counts beside others, the lowest first."""
    return _ORDER.index(int(verdict.exit_code)), verdict.is_skipped


def choose_folder(folder: str, environ: Mapping[str, str]) -> tuple[str, list[Diagnostic]]:
    """Return the folder for the reports of a check in CI, so that those of an earlier check of the job are kept.

    The first check of a job writes into the folder itself, each later one into the next of the
    numbered folders in it (`list_further_reports`), so that one upload holds them all.

    Args:
        folder: for the reports of the first.
        environ: says which CI run this is.

    Returns:
        The folder, and a warning when it is not the one that was asked for.

    Raises:
        CannotDecideError: all numbered folders are taken.
    """
    taken = f"{folder}/report.json"
    if not _is_of_this_run(taken, environ):
        return folder, []
    for number in range(2, MOST_REPORTS + 1):
        free = f"{folder}/{number}"
        if not _is_of_this_run(f"{free}/report.json", environ):
            message = f"an earlier check of this job left its report here, which is kept; this report is in {free}"
            hint = "give each check a folder of its own: --report-dir DIR"
            return free, [warning("second-report", message, place=taken, hint=hint)]
    message = f"holds {MOST_REPORTS} reports of this job already"
    raise cannot_decide("report-unwritable", message, place=folder, hint="name another folder: --report-dir DIR")


def list_further_reports(path: str) -> list[str]:
    """Return the reports that later checks of the job of a ``report.json`` left beside it (`choose_folder`)."""
    folder, name = os.path.split(path)
    found = []
    for number in range(2, MOST_REPORTS + 1) if name == "report.json" else ():
        further = os.path.join(folder, str(number), name)
        if not os.path.lexists(further):
            break
        found.append(further)
    return found


def _is_of_this_run(path: str, environ: Mapping[str, str]) -> bool:
    """Is this a report that a check of this CI run wrote, as far as its sessions do not say otherwise?

    A runner that keeps its workspace may still have that of an earlier run, which counts no more.
    """
    from perfgate.store.checkouts.committed import find_committed

    try:
        verdict = read_verdict(path)
        age = time.time() - os.stat(path).st_mtime
    except (CannotDecideError, OSError):
        return False
    if find_committed([path]):
        return False
    system, this_run = find_ci_run(environ)
    if this_run and verdict.compared.ci_run:
        return verdict.compared.ci_run == name_ci_run(environ)
    stated = [s for s in verdict.compared.sessions if system and s.startswith(system)]
    return any(s.startswith(this_run) for s in stated) if stated else age < _DAY


def holds(path: str, content: bytes) -> bool:
    """Does a file hold this content already? One that is not there, or cannot be read, does not."""
    try:
        with open(path, "rb") as file:
            return file.read(len(content) + 1) == content
    except OSError:
        return False


def require_file(path: str, *, slug: str) -> None:
    """Return when a path that the user asked for is none that other programs take for stdout.

    Args:
        path: of a file to write.
        slug: of the error.

    Raises:
        CannotDecideError: it is ``-``.
    """
    if path == "-":
        hint = "for stdout leave the option out, --format says what it gets; or write ./- for a file of that name"
        raise cannot_decide(slug, "is no file", place='"-"', hint=hint)


def write_output(path: str, content: bytes, *, slug: str, hint: str = _OTHER_FILE) -> None:
    """Write a file that the user asked for; folders on the way are made.

    A device or a pipe is written to as it is; it must never be replaced by a file.

    Args:
        path: of the file.
        content: of the file.
        slug: of an error.
        hint: what to do when it cannot be written.

    Raises:
        CannotDecideError: it cannot be written, or is no name of a file.
    """
    require_file(path, slug=slug)
    try:
        if _is_special(path):
            with open(path, "wb", buffering=0) as file:
                file.write(content)
            return
        if _is_precious(path):
            message = "holds a baseline or a run summary, which is not to be lost"
            raise cannot_decide(slug, message, place=path, hint="name another file")
        _refuse_committed_link(path, slug)
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        write_whole(path, content, durable=False)
    except OSError as caught:
        cause = "is a folder" if os.path.isdir(path) else f"cannot be written ({caught.strerror or caught})"
        raise cannot_decide(slug, cause, place=path, hint=hint) from None


def _refuse_committed_link(path: str, slug: str) -> None:
    """Return when no part of a path is a symbolic link that git holds: the change would choose what is overwritten.

    Raises:
        CannotDecideError: one is. A link that somebody made on this machine is followed.
    """
    part = path.rstrip("/")
    while part.strip("/"):
        folder, name = os.path.split(part)
        if os.path.islink(part) and _is_link_in_git(folder or ".", name):
            message = "is a symbolic link that git holds, which may lead anywhere"
            raise cannot_decide(slug, message, place=part, hint="git rm it, or name another place")
        part = folder


def _is_link_in_git(folder: str, name: str) -> bool:
    from perfgate.store.git import git

    try:
        return git(folder, ["ls-files", "--stage", "--", f":(literal){name}"], hint="").startswith(_LINK)
    except CannotDecideError:  # no repository
        return False


def _is_precious(path: str) -> bool:
    """Is the file that would be replaced one of our own inputs?"""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    return b'"perfgate/baseline/' in start or b'"perfgate/run/' in start


def _is_special(path: str) -> bool:
    """Is there something at the path that is neither a file nor a folder?"""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
