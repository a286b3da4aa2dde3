"""Use case ``perfgate alerts``: the policy in, the files out, and how many events a share needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import cannot_decide
from perfgate.pipeline import inputs
from perfgate.pipeline.report_io import write_output
from perfgate.stats.shares import fewest_without_hit
from perfgate.stats.tails import BOUND

if TYPE_CHECKING:
    from perfgate.core.policy import Policy

_UNWRITABLE = "alerts-unwritable"


def read_policy(config: str | None) -> Policy:
    """Return the policy of a configuration file; None: of the one that governs the working directory.

    Raises:
        CannotDecideError: it is not valid.
    """
    return inputs.read_settings(config).policy


def count_events_for(share: float) -> int | None:
    """Return how many events, of which none is beyond a limit, prove at 95 % that fewer than a share of all are.

    Args:
        share: 0.0 to 1.0, such as 0.05 for p95, which needs 59.

    Returns:
        None when no number proves it.
    """
    return fewest_without_hit(share, 1.0 - BOUND)


def path_from(output: str, tests: str) -> str:
    """Return the path of the rules from the folder of their tests.

    Raises:
        CannotDecideError: both are the same file.
    """
    if os.path.realpath(output) == os.path.realpath(tests):
        raise cannot_decide("usage", "rules and tests have the same path", place="--tests", hint="name two files")
    return os.path.relpath(output, os.path.dirname(tests) or os.curdir)


def write_file(path: str, text: str) -> None:
    """Write rules or their tests, whole or not at all.

    Raises:
        CannotDecideError: the file cannot be written.
    """
    write_output(path, text.encode(), slug=_UNWRITABLE)
