"""What to do next: the hints of the reasons as commands that can be typed, with the names of the values."""

from __future__ import annotations

import re
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING

from perfgate.core.profile import title
from perfgate.core.reasons import hint_for
from perfgate.report.document import Step, text
from perfgate.report.prose import mark_code

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.core.finding import Finding

MOST = 4
"""Steps of a report; more would not be read."""
_NAME = "NAME"
"""Stands for the benchmark in the commands of hints."""
_ALTERNATIVE = re.compile(r"; (?:or, |or )?(?=[^`]*(?:`[^`]*`[^`]*)*$)")
_COMMAND_LAST = re.compile(r"^(?P<words>[^`]*?):? ?`(?P<command>[^`]+)`$")
_IS_TYPED = re.compile(r"^(?:perfgate|git|rm|python) ")


def steps_of(findings: Iterable[Finding], most: int = MOST) -> tuple[Step, ...]:
    """Return what to do about values, each step once, in the order of the values.

    Args:
        findings: the values, the worst first.
        most: how many steps at most.
    """
    first: dict[str, Finding] = {}
    for f in findings:
        if hint_for(f.reason):
            first.setdefault(f.reason, f)
    steps = dict.fromkeys(_with_name(step, f) for reason, f in first.items() for step in read_hint(hint_for(reason)))
    return tuple(steps)[:most]


def _with_name(step: Step, f: Finding) -> Step:
    """Return a step whose command names the benchmark that it is about."""
    return replace(step, command=step.command.replace(_NAME, quote(title(f.benchmark, f.labels))))


def read_hint(hint: str) -> tuple[Step, ...]:
    """Return the alternatives of a hint, each as words and the command behind them.

    Args:
        hint: of `perfgate.core.reasons`: alternatives behind semicolons, commands between backticks.
    """
    return tuple(_step(part.strip()) for part in _ALTERNATIVE.split(hint) if part.strip())


def _step(part: str) -> Step:
    found = _COMMAND_LAST.match(part)
    if found and _IS_TYPED.match(found["command"]):
        return Step(words=(text(found["words"].strip().rstrip(":")),), command=found["command"])
    return Step(words=mark_code(part), command="")
