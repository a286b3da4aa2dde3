"""With what the newest sessions of a history are compared: a commit, a tag, or so many sessions back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import CannotDecideError, note
from perfgate.stats.history.creep import OF_ANCHOR, OF_NOW
from perfgate.store.git import FETCH_HISTORY, Commit, git
from perfgate.store.git_start import is_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.history.past import Past
    from perfgate.core.history.trends import Series, Trend

_BACK = 50
"""Sessions back with which the newest are compared where there is no tag."""


class Anchor(Struct, frozen=True, kw_only=True):
    """With what the newest sessions are compared."""

    words: str
    """As people read it."""
    ref: str
    """As git names it; empty: sessions are counted back."""
    back: int
    """Sessions back, where it is no commit."""
    commits: frozenset[str]
    """Full hashes of it and what came before it."""
    date: str
    """When it was committed (UTC, ISO 8601)."""

    def count(self, sessions: Sequence[Past]) -> int:
        """Return how many of some sessions, oldest first, measured it or what came before it."""
        if not self.ref:
            return max(len(sessions) - self.back, min(OF_ANCHOR, len(sessions)))
        inside = (s.commit in self.commits if is_hash(s.commit) else s.when <= self.date for s in sessions)
        return max((place + 1 for place, is_in in enumerate(inside) if is_in), default=0)

    def fit(self, series: Iterable[Series]) -> Anchor:
        """Return the anchor in words that are true where fewer sessions can be compared than it lies back."""
        if self.ref:
            return self
        back = min(self.back, max((len(_comparable(s)) for s in series), default=0) - OF_ANCHOR)
        return replace(self, words=_say_back(back)) if back >= OF_NOW else self

    def find_unknown(self, trends: Iterable[Trend]) -> Iterator[Diagnostic]:
        """Yield a note for each class of machine of which no value can be compared with the anchor."""
        classes: dict[str, list[Trend]] = {}
        for trend in trends:
            classes.setdefault(trend.series.benchmark.machine_class, []).append(trend)
        for machine_class, members in classes.items():
            if all(trend.crept is None for trend in members):
                message, hint = self._explain([trend.series for trend in members])
                yield note("creep-unknown", message, place=machine_class, hint=hint)

    def _explain(self, series: Sequence[Series]) -> tuple[str, str]:
        """Return why values cannot be compared with the anchor, of the one that lacks least, and what to do."""
        counts = []
        for one in series:
            sessions = _comparable(one)
            before = self.count(sessions)
            counts.append((before, len(sessions) - before))
        before, after = max(counts, key=lambda c: (min(c[0], OF_ANCHOR) + min(c[1], OF_NOW), c))
        if before >= OF_ANCHOR and after >= OF_NOW:
            message = f"nothing is compared with {self.words}: a value is zero, or the threshold is no ratio"
            return message, "name another metric: --metric GLOB"
        needed = f"where {OF_ANCHOR} and {OF_NOW} are needed"
        message = (
            f"too few sessions for a comparison with {self.words}: {before} up to it and {after} after it, {needed}"
        )
        if after < OF_NOW:
            return message, "name an earlier commit, or more sessions back: --anchor REF|N"
        return message, "name a later commit: --anchor REF; or take in older sessions: --since, --last"


def find_anchor(asked: str, folder: str) -> Anchor:
    """Return the anchor that is asked for, else the newest tag, else so many sessions back.

    Args:
        asked: a commit, or a number of sessions; empty: none is named.
        folder: in the repository.

    Raises:
        CannotDecideError: it is no commit that is here.
    """
    if asked.isascii() and asked.isdecimal() and len(asked) < len(str(1_000_000)):
        return _lies_back(int(asked))
    if asked:
        return _lies_at(Commit(asked, folder), asked, folder)
    tag = _newest_tag(folder)
    try:
        return _lies_at(Commit(f"refs/tags/{tag}", folder), tag, folder) if tag else _lies_back(_BACK)
    except CannotDecideError:  # no name that a command takes: whoever pushes such a tag must not end the comparison
        return _lies_back(_BACK)


def _newest_tag(folder: str) -> str:
    """Return the name of the newest tag at or before the commit that is checked out; empty: there is none."""
    words = ["describe", "--tags", "--abbrev=0", "--first-parent", "HEAD"]
    return os.fsdecode(git(folder, words, hint="", accepted=(0, 128))).strip()


def _lies_back(sessions: int) -> Anchor:
    return Anchor(words=_say_back(sessions), ref="", back=sessions, commits=frozenset(), date="")


def _lies_at(commit: Commit, name: str, folder: str) -> Anchor:
    """Return a commit as the anchor.

    Args:
        commit: it.
        name: what people call it.
        folder: in the repository.
    """
    listed = git(folder, ["rev-list", commit.id, "--"], hint=FETCH_HISTORY).decode().split()
    ref = name if _leads_to(name, commit, folder) else commit.ref
    return Anchor(words=name, ref=ref, back=0, commits=frozenset(listed), date=time_of(commit.id, folder))


def _leads_to(name: str, commit: Commit, folder: str) -> bool:
    """Is a commit what a command takes the name for? A branch may be called like a tag."""
    try:
        return Commit(name, folder).id == commit.id
    except CannotDecideError:
        return False


def time_of(commit: str, folder: str) -> str:
    """Return when a commit was made (UTC, ISO 8601).

    Args:
        commit: full hash.
        folder: in the repository.
    """
    words = ["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", commit, "--"]
    return (
        git(folder, words, hint=FETCH_HISTORY, settings=("log.showSignature=false",)).decode("utf-8", "replace").strip()
    )


def _comparable(series: Series) -> list[Past]:
    """Return the sessions since the last break of a series."""
    section = series.sections[-1]
    return [p.past for p in series.points[section.start : section.end]]


def _say_back(sessions: int) -> str:
    return f"{sessions} session{'' if sessions == 1 else 's'} back"
