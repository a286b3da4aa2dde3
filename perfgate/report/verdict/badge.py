"""The verdict in two or three words, for a badge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from perfgate.core.finding import ExitCode
from perfgate.report.verdict.parts import group, judged
from perfgate.report.words import count

if TYPE_CHECKING:
    from perfgate.core.finding import Verdict

LABEL = "perf"
"""The left part of a badge."""
Tone = Literal["good", "bad", "warn", "plain"]
"""What a badge signals: it holds; it is worse; it is not certain; nothing was judged."""


class Badge(Struct, frozen=True, kw_only=True):
    """The right part of a badge."""

    message: str
    """In two or three words, none of them from data."""
    tone: Tone
    """What it signals."""
    is_error: bool
    """Does the check not pass?"""


def word_badge(verdict: Verdict) -> Badge:
    """Return what a badge says of a verdict; it never claims more than the heading of the report."""
    message, tone = _word(verdict)
    return Badge(message=message, tone=tone, is_error=verdict.exit_code is not ExitCode.PASS)


def _word(verdict: Verdict) -> tuple[str, Tone]:
    groups = group(verdict)
    if verdict.exit_code is ExitCode.CANNOT_DECIDE:
        return "cannot decide", "warn"
    if verdict.exit_code is ExitCode.REGRESSION:
        if groups["failed"]:
            return count(len(groups["failed"]), "regression"), "bad"
        return f"{count(sum(map(verdict.fails, groups['improved'])), 'improvement')} to keep", "bad"
    if verdict.is_skipped:
        return "skipped", "plain"
    if verdict.introduces:
        return "first measurement", "plain"
    gated = judged(verdict)
    if not gated or all(f.reason == "below-least" for f in gated):
        return "nothing gated", "plain"
    for part, noun in (("suspected", "suspected"), ("noisy", "too noisy"), ("waived", "waived")):
        if groups[part]:
            return f"pass, {len(groups[part]):,} {noun}", "warn"
    return "pass", "good"
