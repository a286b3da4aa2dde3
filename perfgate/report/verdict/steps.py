"""What to do next: the hints of the reasons as commands that can be typed, with the names of the values."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from perfgate.core.finding import ExitCode
from perfgate.core.profile import title
from perfgate.core.reasons import INTERLEAVED, hint_for
from perfgate.gate.settling import find_settling
from perfgate.report.document import Step, text
from perfgate.report.prose import mark_code
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.core.finding import Finding, Verdict

MOST = 4
"""Steps of a report; more would not be read."""
_COMPARISON = "perfgate ab"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_DIGITS = 12
_MOST_RUNS = 100
"""Runs of a comparison that somebody waits for."""
_MOST_SETTLED = 50
"""Values of which it is computed what would settle them."""
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
    hints = (hint_for(reason, title(f.benchmark, f.labels)) for reason, f in first.items())
    steps = dict.fromkeys(step for hint in hints for step in read_hint(hint))
    return tuple(steps)[:most]


def settle(findings: Sequence[Finding], verdict: Verdict) -> tuple[Step, ...]:
    """Return what would settle values that are open: more runs of a comparison, or more sessions of the baseline.

    Args:
        findings: suspected, too noisy or within the noise; the first ones of many count.
        verdict: the check they are of.
    """
    known = [(f, found) for f in findings[:_MOST_SETTLED] if (found := find_settling(f, verdict)) is not None]
    runs = max((s.runs for _, s in known if s.runs is not None), default=0)
    if runs and verdict.compared.reproduce.startswith(_COMPARISON):
        if runs > _MOST_RUNS:
            words = f"about {runs:,} runs would decide: rather let a run do more work, or count instructions: --counts"
            return (Step(words=(text(words),), command=""),)
        words = f"decide {'it' if len(known) == 1 else f'{len(known)} values'} with more runs"
        return (Step(words=(text(words),), command=_with_runs(verdict.compared.reproduce, runs)),)
    if any(each.slug == "one-run-each" for each in verdict.notes):  # such a file gets no more sessions
        return (Step(words=(text("measure both versions interleaved"),), command=INTERLEAVED),)
    sessions = [(s.sessions - f.sessions_baseline, s.size) for f, s in known if s.sessions is not None]
    if not sessions or max(sessions)[0] < 1:
        return ()
    more, size = max(sessions, key=lambda pair: (pair[0], abs(pair[1])))
    part = "" if len(sessions) == len(findings) else f" in {len(sessions):,} of {count(len(findings), 'value')}"
    words = f"with about {count(more, 'more baseline session')} of the target branch {size:+.0%} is detectable{part}"
    return (Step(words=(text(words),), command="perfgate baseline refresh"),)


def show_change(verdict: Verdict) -> tuple[Step, ...]:
    """Return how to see what changed between both sides of a regression, where each is one commit."""
    was, now = verdict.compared.baseline_commits, verdict.compared.current_commits
    is_known = len(was) == len(now) == 1 and was != now and all(map(_COMMIT.fullmatch, (*was, *now)))
    if verdict.exit_code is not ExitCode.REGRESSION or not is_known:
        return ()
    return (
        Step(words=(text("see what changed"),), command=f"git log --oneline {was[0][:_DIGITS]}..{now[0][:_DIGITS]}"),
    )


def _with_runs(command: str, runs: int) -> str:
    """Return the command of a comparison with another number of runs."""
    words = shlex.split(command)
    end = words.index("--") if "--" in words else len(words)
    for at in range(end - 1):
        if words[at] in {"-n", "--runs"}:
            return shlex.join([*words[: at + 1], str(runs), *words[at + 2 :]])
    return shlex.join([*words[:2], "-n", str(runs), *words[2:]])


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
