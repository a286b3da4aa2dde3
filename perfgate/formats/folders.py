"""What a folder means when it is given in the place of files: what a tool keeps in it, or why that is not read."""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide, error
from perfgate.formats.catalog import layouts
from perfgate.formats.catalog.format import Head
from perfgate.formats.catalog.rejected import REJECTED
from perfgate.formats.detect import detect, formats
from perfgate.formats.own.compacted import is_compacted
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import Diagnostic

_SHOWN = 40
"""Characters of a name in a message that are kept."""
_LOOKED_AT = 20
"""Files, and folders, of a folder that is not read that are looked at for a suggestion."""
_PLAIN = re.compile(r"[\w@%+=:,./-]+")


def files_of(path: str) -> list[str]:
    """Return the run files that a folder stands for, ascending; none: it is empty.

    These are the folder itself where a tool wrote it as a whole, else its ``*.json`` and compacted files, else the
    runs that pytest-benchmark saved in a folder for each machine, else JUnit's ``TEST-*.xml`` or ``*.xml``.

    Raises:
        CannotDecideError: it holds something, and nothing of that.
        OSError: it cannot be listed.
    """
    folder = Source(path)
    found = _known_files(folder)
    if found:
        return [path] if found == [""] else [f"{path.rstrip('/')}/{name}" for name in found]
    head = Head(folder)
    for wrong in REJECTED:
        if wrong.files and not wrong.missing_marks(head):
            raise cannot_decide("format-unread", f"this is a folder of {wrong.tool}", place=path, hint=wrong.hint)
    if any(_visible(folder.listing().names)):
        raise cannot_decide("no-runs", _contents(folder, "*.json"), place=path, hint=_suggestion(folder))
    return []


def unmatched(patterns: Sequence[str]) -> list[Diagnostic]:
    """Return an error for each glob that matches nothing in a folder that holds something.

    Args:
        patterns: globs and empty folders, none of which names a file.
    """
    found = []
    for pattern in patterns:
        if os.path.isdir(pattern):  # an empty one: what lies beside it says nothing of it
            continue
        path, wanted = os.path.split(pattern)
        folder = Source(path or ".")
        try:
            if any(_visible(folder.listing().names)):
                message, hint = _contents(folder, wanted), _suggestion(folder)
                found.append(error("no-runs", message, place=folder.path, hint=hint))
        except OSError:  # no such folder: the caller says that there are no files
            continue
    return found


def _known_files(folder: Source) -> list[str]:
    """Return the files in a folder that are read, relative to it; an empty name: the folder as a whole.

    Raises:
        CannotDecideError: they are of several machines.
        OSError: the folder cannot be listed.
    """
    head = Head(folder)
    if any(f.files and not f.missing_marks(head) for f in formats()):
        return [""]
    names = sorted(_visible(folder.listing().names))
    if own := [name for name in names if name.endswith(".json") or is_compacted(name)]:
        return own
    if saved := sorted(folder.matching(layouts.SAVED)):
        machines = sorted({name.partition("/")[0] for name in saved})
        if len(machines) > 1:
            hint = f"give the folder of one machine: {_typed(os.path.join(folder.path, machines[0]))}"
            raise folder.fault(f"holds saved runs of {len(machines)} machines", hint)
        return saved
    reports = [name for name in names if name.endswith(".xml")]
    return [name for name in reports if name.startswith("TEST-")] or reports


def _visible(names: list[str]) -> Iterator[str]:
    return (name for name in names if name[0] != ".")


def _contents(folder: Source, wanted: str) -> str:
    """Return what a folder holds that does not hold what is wanted, in a few words."""
    names = sorted(_visible(folder.listing().names))
    first = next((name for name in names if name not in folder.listing().folders), names[0])
    more = len(names) - 1
    others = f" and {more} other{'s' * (more > 1)}" if more else ""
    kind = "the folder " if first in folder.listing().folders else ""
    return f"holds no {wanted[:_SHOWN]}; it holds {kind}{first[:_SHOWN]}{others}"


def _suggestion(folder: Source) -> str:
    """Return what to give in place of a folder that is not read, as it can be typed."""
    listing = folder.listing()
    folders = sorted(_visible(listing.folders))
    files = sorted(set(_visible(listing.names)) - set(folders))
    read = [name for name in files[:_LOOKED_AT] if _is_recognised(folder, name)]
    endings = Counter(os.path.splitext(name)[1] for name in read or ([] if folders else files))
    if ending := next((e for e, _ in endings.most_common() if e), ""):
        return f"give {_typed(folder.path, f'*{ending}')}"
    if read:
        return f"give {_typed(os.path.join(folder.path, read[0]))}"
    for name in folders[:_LOOKED_AT]:
        inner = Source(os.path.join(folder.path, name))
        try:
            if _known_files(inner):
                return f"give {_typed(inner.path)}"
        except (CannotDecideError, OSError):
            continue
    return "give the files, or the folder that they are in; perfgate formats lists what is read"


def _is_recognised(folder: Source, name: str) -> bool:
    try:
        return detect(folder.inside(name)) is not None
    except CannotDecideError:
        return False


def _typed(path: str, pattern: str = "") -> str:
    """Return a path, and a glob in it, as it is typed in a shell."""
    shown = f"{glob.escape(path.rstrip('/'))}/{pattern}" if pattern else path
    return shown if _PLAIN.fullmatch(path) else shlex.quote(shown)
