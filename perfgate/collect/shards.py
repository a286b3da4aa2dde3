"""Shards of one measuring: is each there exactly once, and do they belong together?

A shard that died must never look like a shard that had nothing to say. So the number of
shards comes from the caller, and each shard has to say itself which one it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.errors import Diagnostic, error
from perfgate.core.session_id import SessionId
from perfgate.core.text.shards import shard_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.collect.runs import SessionTally

_AGAIN = "run the job of that shard again, and give its files to the check"
_TOGETHER = "measure all shards in one run of the workflow, at one commit"
_NAME_IT = "set PERFGATE_SHARD={0} in the job that measures, or collect there with: perfgate collect --shard {0}"


class Part(Struct, frozen=True, kw_only=True):
    """What one shard left behind."""

    origin: str
    """Its profile file, or the session (the CI job) of its runs."""
    shard: str
    """Which shard it says it is, such as ``2/4``; empty when it does not say."""
    commits: tuple[str, ...]
    """The different commits of its runs, ascending; empty text: unknown."""
    machine_classes: tuple[str, ...]
    """The different classes of machine of its runs, ascending."""
    rules: str = ""
    """Digest of the configuration it was collected by; empty for bare runs, which are all collected by one."""


def parts_of(seen: Iterable[SessionTally]) -> list[Part]:
    """Return what the shards of bare runs left behind; runs that belong to the baseline are no part of it.

    The runs of one shard share a session: a job that ran again is another one.
    """
    commits: dict[tuple[str, str], set[str]] = {}
    classes: dict[tuple[str, str], set[str]] = {}
    for s in seen:
        for shard in s.shards:
            place = shard, SessionId.parse(s.session).session
            commits.setdefault(place, set()).update(s.commits)
            classes.setdefault(place, set()).add(s.machine_class)
    return [
        Part(
            origin=f"session {place[1]}",
            shard=place[0],
            commits=tuple(sorted(commits[place])),
            machine_classes=tuple(sorted(classes[place])),
        )
        for place in sorted(commits)
    ]


def check_shards(parts: Sequence[Part], expected: int) -> list[Diagnostic]:
    """Return an error for each shard that is missing or there twice, and for what does not belong together.

    Args:
        parts: what the shards left behind, in the order in which they are reported.
        expected: how many shards there must be, >= 1.
    """
    problems: list[Diagnostic] = []
    found: dict[int, list[Part]] = {}
    miscounted: set[int] = set()  # there, though of another number of shards: reported already
    for part in parts:
        shard = shard_of(part.shard)
        if shard is None:
            message = f'says that it is shard "{part.shard}"' if part.shard else "does not say which shard it is"
            problems.append(error("shard-unknown", message, place=part.origin, hint=_NAME_IT.format(f"1/{expected}")))
        elif shard[1] != expected:
            miscounted.add(shard[0])
            message = f"is shard {part.shard}, but {expected} shards are expected"
            hint = f"pass --expect-shards {shard[1]}, or divide the measuring by {expected}"
            problems.append(error("shards-differ", message, place=part.origin, hint=hint))
        else:
            found.setdefault(shard[0], []).append(part)
    missing = [
        error("shard-missing", f"shard {index} of {expected} is missing", hint=_AGAIN)
        for index in range(1, expected + 1)
        if index not in found and index not in miscounted
    ]
    twice = [
        error(
            "shard-twice",
            f"shard {index} of {expected} is there {len(those)} times ({', '.join(p.origin for p in those)})",
            hint="keep what one job of each shard measured: the newest attempt",
        )
        for index, those in sorted(found.items())
        if len(those) > 1
    ]
    return [*problems, *missing, *twice, *_check_same_origin(parts)]


def _check_same_origin(parts: Sequence[Part]) -> list[Diagnostic]:
    """Return an error for each part of another commit, class of machine or configuration than the first."""
    problems: list[Diagnostic] = []
    for what, facts in (
        ("commit", [p.commits for p in parts]),
        ("class of machine", [p.machine_classes for p in parts]),
        ("configuration", [(p.rules,) for p in parts]),
    ):
        for part, mine in zip(parts, facts, strict=True):
            if what == "commit" and "" in mine:
                hint = "set PERFGATE_COMMIT to the full hash in the job that measures"
                message = "has runs that do not say which commit they measured"
                problems.append(error("shards-differ", message, place=_named(part), hint=hint))
            elif len(mine) > 1 or mine != facts[0]:
                message = f"is of another {what} ({_shown(mine)}) than {_named(parts[0])} ({_shown(facts[0])})"
                if len(mine) > 1:
                    message = f"is of more than one {what} ({_shown(mine)})"
                problems.append(error("shards-differ", message, place=_named(part), hint=_TOGETHER))
    return problems


def _named(part: Part) -> str:
    return f"shard {part.shard} ({part.origin})" if part.shard else part.origin


def _shown(facts: Sequence[str]) -> str:
    """Return facts in words; of a commit its first 12 digits."""
    return ", ".join(f[:12] if len(f) in {40, 64} else f or "unknown" for f in facts)
