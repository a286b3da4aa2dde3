"""The id of a batch: which session it belongs to, and what the id says about it. The one home of its grammar."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_BATCH_MARK = "/"
_INTERLEAVED = "ab-"
_SHARED = "both-sides"
_UNNAMED = "unknown-"
_OF_FILES = "files-"


class SessionId(NamedTuple):
    """A session, and one of its batches: ``SESSION`` or ``SESSION/BATCH`` as text. Measured programs use it, too."""

    session: str
    """The CI job or the terminal, which share their conditions; never holds a slash."""
    batch: str = ""
    """The call of ``perfgate run`` within it; empty: the runs name no batch."""

    @staticmethod
    @lru_cache(maxsize=4096)  # the benchmarks of a suite are of few sessions, and each is asked about several times
    def parse(text: str) -> SessionId:
        """Return the id that a text states: what follows the first slash is the batch."""
        session, _, batch = text.partition(_BATCH_MARK)
        return SessionId(session, batch)

    @classmethod
    def interleaved(cls, session: str, comparison: str) -> SessionId:
        """Return the id of a comparison whose two sides are measured interleaved within a session."""
        return cls(session, _INTERLEAVED + comparison)

    @classmethod
    def shared(cls, session: str) -> SessionId:
        """Return the id of a session of which the user says that both sides were measured in it."""
        return cls(session, _SHARED)

    @classmethod
    def unnamed(cls, digest: str, *, of_files: bool) -> SessionId:
        """Return the id of runs that state no session: of files of other tools, or of run summaries."""
        return cls((_OF_FILES if of_files else _UNNAMED) + digest)

    def __str__(self) -> str:
        """Return the id as run files and baselines have it."""
        return f"{self.session}{_BATCH_MARK}{self.batch}" if self.batch else self.session

    @property
    def is_interleaved(self) -> bool:
        """Were both sides measured interleaved, within this one session?"""
        return self.batch.startswith(_INTERLEAVED)

    @property
    def is_shared(self) -> bool:
        """Are both sides of this one session, interleaved or as the user says?"""
        return self.is_interleaved or self.batch == _SHARED

    @property
    def is_named(self) -> bool:
        """Is it a session of its own? Run summaries that state no session may be of any time."""
        return not self.session.startswith(_UNNAMED)

    @property
    def is_given(self) -> bool:
        """Do the runs themselves state it?"""
        return not self.session.startswith((_UNNAMED, _OF_FILES))
