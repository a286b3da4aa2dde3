"""Verdict -> document: what a reader needs, in the order of need. Words only; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from perfgate.report.document import (
    Block,
    Bullets,
    Context,
    Document,
    Faults,
    Fold,
    Heading,
    Line,
    Paragraph,
    Step,
    Steps,
    Values,
    name,
    text,
)
from perfgate.report.gate_changes import list_gate_changes
from perfgate.report.prose import mark_names
from perfgate.report.provenance import describe_measurement, list_environment_changes, list_large_shifts
from perfgate.report.tracing.stages import attributions_of, fold_attributions
from perfgate.report.verdict.groups import tabulate_groups
from perfgate.report.verdict.headline import headline
from perfgate.report.verdict.parts import PARTS, group, judged
from perfgate.report.verdict.rounding import round_numbers
from perfgate.report.verdict.sides import describe_sides
from perfgate.report.verdict.steps import MOST, settle, show_change, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.finding import Finding, Verdict

_SHOWN_FIRST = frozenset(
    {
        "base-unknown",
        "baseline-renamed",
        "benchmarks-left-out",
        "files-joined",
        "gate-edited",
        "inputs-differ",
        "removed-beside-new",
        "report-contradicts-run",
        "results-left-behind",
        "runs-failed",
        "runs-of-another-commit",
        "runs-older",
        "same-as-baseline",
        "same-code",
        "sides-share",
    }
)
ATTRIBUTED = 10
"""Benchmarks of which a report says where the time went."""
_MOST_DETAILS = 5
"""Details of a message that are shown."""
_LACKS = "base-lacks"


class ReportData(Mapping[str, Any]):
    """JSON data of a verdict, encoded when it is first read: text and markdown do not need it."""

    def __init__(self, verdict: Verdict) -> None:
        """Keep the verdict, whose numbers are as `round_numbers` leaves them."""
        self._verdict = verdict

    @cached_property
    def _data(self) -> dict[str, Any]:
        from perfgate.report.codec import encode_rounded

        return encode_rounded(self._verdict)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a value of JSON
        """Return what stands under a key."""
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        """Return the keys in the order in which they are written."""
        return iter(self._data)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._data)


def compose(verdict: Verdict) -> Document:
    """Return the report of a verdict."""
    verdict = round_numbers(verdict)
    return Document(data=ReportData(verdict), blocks=blocks_of(verdict), verdict=verdict)


def blocks_of(verdict: Verdict, attributed: int = ATTRIBUTED) -> tuple[Block, ...]:
    """Return the blocks of a report.

    Args:
        verdict: as `round_numbers` leaves it.
        attributed: of how many benchmarks, the worst first, it says where the time went.
    """
    groups = group(verdict)
    blocks: list[Block] = [headline(verdict, groups)]
    if sides := describe_sides(verdict):
        blocks.append(Context(line=sides))
    blocks += [Paragraph(line=line) for line in _opening_lines(verdict)]
    blocks += list_gate_changes(verdict)
    if verdict.problems:
        blocks.append(Faults(lines=tuple(describe_diagnostic(d) for d in verdict.problems)))
    if table := tabulate_groups(judged(verdict), verdict):
        blocks.append(table)
    blocks += _values(groups, "verdict")
    if steps := _steps(groups, verdict):
        blocks.append(Steps(steps=steps))
    blocks += fold_attributions(attributions_of(verdict, attributed))
    for need in ("attention", "other", "background"):
        blocks += _values(groups, need)
    if rest := [d for d in verdict.notes if d.slug not in _SHOWN_FIRST]:
        blocks += [Heading(line=(text("Notes"),)), Bullets(lines=tuple(map(describe_diagnostic, rest)))]
    if verdict.is_skipped:
        return tuple(blocks)
    measured = Bullets(lines=tuple(describe_measurement(verdict)))
    blocks.append(Fold(summary=(text("How this was measured"),), blocks=(measured,), is_background=True))
    return tuple(blocks)


def _opening_lines(verdict: Verdict) -> list[Line]:
    """Return what a reader has to know before the values."""
    lines = [describe_diagnostic(d) for d in verdict.notes if d.slug in _SHOWN_FIRST]
    lines += [*list_environment_changes(verdict), *list_large_shifts(verdict)]
    if verdict.introduces:
        what = "what is measured" if any(d.slug == _LACKS for d in verdict.notes) else "the gate"
        lines.append((text(f"This change introduces {what}: there is nothing to compare with yet."),))
    return lines


def _values(groups: Mapping[str, Sequence[Finding]], need: str) -> list[Block]:
    return [Values(part=p.name, findings=tuple(groups[p.name])) for p in PARTS if p.need == need and groups[p.name]]


def _steps(groups: Mapping[str, Sequence[Finding]], verdict: Verdict) -> tuple[Step, ...]:
    """Return what to do next; of a pass first what would settle the values that are open."""
    if verdict.exit_code:
        return (*show_change(verdict), *steps_of(_with_steps(groups)))[:MOST]
    is_open = groups["suspected"] or groups["noisy"] or groups["within"]
    settling = settle(is_open, verdict)
    known = {s.command for s in settling} | {""} if settling else set()
    return (*settling, *(s for s in steps_of(_with_steps(groups)) if s.command not in known))[:MOST]


def _with_steps(groups: Mapping[str, Sequence[Finding]]) -> list[Finding]:
    """Return the values about which something is to be done: those of the verdict; of a pass those that it names."""
    decisive = [f for p in PARTS if p.need == "verdict" for f in groups[p.name]]
    return decisive or [f for p in PARTS if p.has_steps for f in groups[p.name]]


def describe_diagnostic(d: Diagnostic) -> Line:
    """Return a diagnostic as a line: place, message, slug and hint; all of its words may come from data."""
    place = d.where.rstrip(": ")
    line: Line = (name(place), text(d.where[len(place) :])) if place else ()
    line += (*mark_names(d.message), text(" ("), name(d.slug), text(")"))
    for number, detail in enumerate(d.details[:_MOST_DETAILS]):
        line += (text("; " if number else ": "), name(detail))
    line += (text(f" and {len(d.details) - _MOST_DETAILS:,} more"),) if len(d.details) > _MOST_DETAILS else ()
    return (*line, text(". Hint: "), *mark_names(d.hint)) if d.hint else line
