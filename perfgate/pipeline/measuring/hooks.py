"""Commands beside the measured one: before and after all runs, or each. None is timed, and no shell reads any."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perfgate.core.errors import CannotDecideError, cannot_decide, warning
from perfgate.store.checkouts.processes import run_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.core.errors import Diagnostic

Kind = Literal["setup", "prepare", "conclude", "cleanup"]
"""Once before all runs; before each run; after each run; once at the end, whatever happened."""
NUMBER = "PERFGATE_RUN"
"""Variable of `prepare` and `conclude`: the run, from 1 on; 0: a warm-up run."""
_TAIL_LINES = 20
_WORDS: Mapping[Kind, str] = {
    "setup": "the set-up",
    "prepare": "the preparation",
    "conclude": "the conclusion",
    "cleanup": "the clean-up",
}

Words = tuple[str, ...]
"""A command: a program and its arguments."""


class Hooks(Struct, frozen=True, kw_only=True):
    """The commands beside the measured one."""

    setup: tuple[Words, ...] = ()
    """Run once before all runs."""
    prepare: tuple[Words, ...] = ()
    """Run before each run, warm-up runs included."""
    conclude: tuple[Words, ...] = ()
    """Run after each run, also after one that failed."""
    cleanup: tuple[Words, ...] = ()
    """Run once at the end, whatever happened."""

    def run(self, kind: Kind, what: str, *, slug: str, folder: str | None, env: Mapping[str, str]) -> None:
        """Run the commands of a kind one after the other.

        Args:
            kind: which.
            what: which side or run they belong to, for the message, such as `` of the head``; may be empty.
            slug: name of their failure.
            folder: their working folder; None: this process's.
            env: their environment.

        Raises:
            CannotDecideError: one failed; the end of its output belongs to the error.
        """
        commands: tuple[Words, ...] = getattr(self, kind)
        for words in commands:
            try:
                code, output = run_group(words, folder=folder or os.getcwd(), env=env)
            except OSError as caught:
                code, output = 1, f"cannot be started ({caught.strerror})"
            if code != 0:
                how = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
                raise cannot_decide(
                    slug,
                    f"{_WORDS[kind]}{what} {how}",
                    place=shlex.join(words),
                    hint=f"try it there by hand, or correct --{kind}",
                    output=(f"{kind}: {line}" for line in output.strip().splitlines()[-_TAIL_LINES:]),
                )

    def clean_up(self, what: str, *, folder: str | None, env: Mapping[str, str]) -> list[Diagnostic]:
        """Run the commands at the end; one that fails changes no verdict, and is a warning."""
        try:
            self.run("cleanup", what, slug="cleanup-failed", folder=folder, env=env)
        except CannotDecideError as failure:
            first = failure.diagnostics[0]
            return [warning("cleanup-failed", first.message, place=first.place, hint=first.hint)]
        return []
