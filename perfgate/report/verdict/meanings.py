"""What each status of a value means, which exit code it leads to, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.finding import Status

if TYPE_CHECKING:
    from collections.abc import Mapping


class Meaning(Struct, frozen=True, kw_only=True):
    """What a status says."""

    words: str
    """When a value has it, without a subject and a full stop."""
    code: str
    """Exit code of a check whose worst value has it, and the key that changes it. Backticks enclose code."""
    fix: str
    """What to do; empty: nothing. Backticks enclose code."""


_MEASURE = (
    "Measure it again under the conditions of the baseline, or measure a new baseline: `perfgate baseline refresh`."
)
_MORE = "Measure more sessions or runs, or `perfgate ab`: the report says how many would decide it."

MEANINGS: Mapping[Status, Meaning] = {
    Status.REGRESSED: Meaning(
        words="worse than the threshold, and significant",
        code="1",
        fix="Find the cause, or accept it: `perfgate baseline refresh --replace --reason '...'`, or for a limited time "
        "`perfgate waive`.",
    ),
    Status.OVER_BUDGET: Meaning(
        words="beyond its budget, an absolute limit",
        code="1",
        fix="Find the cause, or change the budget in the configuration.",
    ),
    Status.MISSING: Meaning(
        words="in the baseline, but not measured",
        code="2",
        fix="Measure it; or `git rm` its file in `baselines/`: `perfgate baseline show NAME` prints the path.",
    ),
    Status.NOT_COMPARABLE: Meaning(
        words="measured under other conditions than the baseline",
        code="2",
        fix=_MEASURE,
    ),
    Status.INVALID: Meaning(
        words="no measurement that can be judged",
        code="2",
        fix="Correct what the report names, and measure again.",
    ),
    Status.SUSPECTED: Meaning(
        words="worse than the threshold, but not significant yet",
        code='0; 1 with `on_suspected = "fail"`',
        fix=_MORE,
    ),
    Status.WAIVED: Meaning(
        words="worse, and accepted for a limited time",
        code="0",
        fix="Correct the cause before the waiver ends: `baselines/waivers.toml` has the date.",
    ),
    Status.IMPROVED: Meaning(
        words="better than the threshold, and significant",
        code='0; 1 with `on_improved = "fail"`',
        fix="Keep the gain: `perfgate baseline refresh --replace`. Until then a loss of it is no regression.",
    ),
    Status.TOO_NOISY: Meaning(
        words="so uncertain that a large regression could go unnoticed",
        code='0; 2 with `on_too_noisy = "error"`',
        fix=_MORE,
    ),
    Status.WITHIN_NOISE: Meaning(
        words="no significant change; the interval contains the threshold",
        code="0",
        fix="Nothing, unless a change as small as the threshold matters: more sessions make it detectable.",
    ),
    Status.UNCHANGED: Meaning(words="the whole interval is within the threshold", code="0", fix=""),
    Status.NEW: Meaning(
        words="no baseline yet",
        code="0",
        fix="Measure one: `perfgate baseline refresh`.",
    ),
    Status.REMOVED: Meaning(words="no longer part of the gate", code="0", fix=""),
    Status.ADVISORY: Meaning(
        words="shown only: it cannot fail the check",
        code="0",
        fix="Nothing. To gate it, set its level to `fail` in the configuration.",
    ),
}  # fmt: skip
"""Status -> what it means, in the order of need."""


SKIPPED = Meaning(
    words="no changed file matches a glob of `--paths`, so that nothing was measured and nothing is known about the "
    "performance",
    code="0",
    fix="Nothing. To measure all the same, leave out `--paths`.",
)
"""What the verdict means that no value leads to."""


def find_status(wanted: str) -> Status | None:
    """Return the status that a name means, also as reports spell it, such as ``within noise``; None: it is none."""
    name = "-".join(wanted.lower().split())
    return Status.ADVISORY if name == "not-gated" else next((s for s in Status if s.value == name), None)
