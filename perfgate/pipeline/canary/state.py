"""The file that carries the analyses at a canary from call to call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from perfgate.core.errors import cannot_decide
from perfgate.core.rollout.canary import Word  # noqa: TC001 - msgspec asks for it at run time
from perfgate.core.text.canonical import dumps
from perfgate.core.text.strict_json import load_json
from perfgate.formats.parsing.files import read_bounded
from perfgate.formats.parsing.timestamps import normal_instant
from perfgate.pipeline.report_io import write_output

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "perfgate/canary-state/1"
LARGEST = 1_000_000
"""Bytes; a phase takes 200."""
_MOST_ANALYSES = 1_000_000
_HINT = "restore the file; or begin the phase anew without it: the analyses that it counted are then forgotten"
_SLUG = "canary-state-invalid"
_Text = Annotated[str, msgspec.Meta(max_length=100)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=_MOST_ANALYSES)]


class PhaseState(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is known of one phase."""

    first_analysis: _Text
    """When it was looked at first, UTC."""
    analyses: Annotated[int, msgspec.Meta(ge=1, le=_MOST_ANALYSES)]
    """How often it was looked at."""
    eligible: _Count
    """How many analyses found it old enough."""
    inputs: _Text
    """Digest of what was looked at last: the same again is no other analysis."""
    outcome: Word
    """What the last analysis said."""


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    schema: Literal["perfgate/canary-state/1"]
    phases: dict[_Text, PhaseState]


class State(Struct, frozen=True, kw_only=True):
    """The state of all phases."""

    phases: Mapping[str, PhaseState]
    """By weight as text; ``none`` where no phase was named."""

    def with_phase(self, key: str, phase: PhaseState) -> State:
        """Return the state with one phase as it is now."""
        return replace(self, phases={**self.phases, key: phase})


def read_state(path: str) -> State:
    """Return what a state file says; nothing when there is none yet.

    Raises:
        CannotDecideError: it cannot be read, is cut off, or is no state of a canary.
    """
    if not os.path.lexists(path):
        return State(phases={})
    content = read_bounded(path, limit=LARGEST, slug=_SLUG)
    document: Any = load_json(content, path, _SLUG, _HINT)
    try:
        found = msgspec.convert(document, _File)
        for phase in found.phases.values():
            _check(phase)
    except (msgspec.ValidationError, ValueError) as caught:
        message = f"is no state of a canary: {caught}"
        raise cannot_decide(_SLUG, message, place=path, hint=_HINT) from None
    return State(phases=found.phases)


def _check(phase: PhaseState) -> None:
    """Raise ValueError for a state that cannot be."""
    normal_instant(phase.first_analysis)
    if phase.eligible > phase.analyses:
        raise ValueError("more analyses found the canary old enough than there were")


def write_state(path: str, state: State) -> None:
    """Write a state file, whole or not at all.

    Raises:
        CannotDecideError: it cannot be written: the next analysis would not know of this one.
    """
    phases = {key: msgspec.to_builtins(phase) for key, phase in sorted(state.phases.items())}
    write_output(path, dumps({"schema": SCHEMA, "phases": phases}).encode(), slug="canary-state-unwritable")
