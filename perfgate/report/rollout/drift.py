"""Verdict on the inputs -> document: what drifted first, then what could not be judged, then all else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.core.rollout.drift import ALPHA, FLOOR, SHARE_FLOOR
from perfgate.core.text.canonical import rounded
from perfgate.report.compose import describe_diagnostic
from perfgate.report.document import (
    Block,
    Bullets,
    Column,
    Document,
    Entry,
    Fold,
    Heading,
    Line,
    Paragraph,
    Table,
    name,
    strong,
    text,
)
from perfgate.report.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.rollout.drift import Clusters, Compared, DriftVerdict, FieldCheck

SCHEMA = "perfgate/drift/1"
_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
_NONE = "–"
_FIELD = Column(title="Field", kind="name", leads=True)
_COLUMNS = (
    _FIELD,
    Column(title="Kind", kind="text", leads=True),
    Column(title="Difference", kind="change"),
    Column(title="Reference", kind="text", label="reference"),
    Column(title="Now", kind="text", label="now"),
)
_DISTANCES = (
    _FIELD,
    Column(title="PSI / bound", kind="value", label="PSI"),
    Column(title="Jensen-Shannon / bound", kind="value", label="Jensen-Shannon"),
    Column(title="Wasserstein/sd / bound", kind="value", label="Wasserstein/sd"),
    Column(title="Independent values", kind="count", priority=2, label="independent values"),
)


def compose_drift(verdict: DriftVerdict, *, tool: str) -> Document:
    """Return the report of a verdict on the inputs.

    Args:
        verdict: what was found.
        tool: version of perfgate.
    """
    blocks: list[Block] = [Paragraph(line=_headline(verdict))]
    if verdict.problems:
        blocks += [
            Heading(line=(text("Could not be judged"),)),
            Bullets(lines=tuple(map(describe_diagnostic, verdict.problems))),
        ]
    blocks += _section("Drifted", verdict.drifted)
    blocks += _section("Too few values", [f for f in verdict.features if f.outcome == "too-few"])
    blocks += _section("Not compared", [f for f in verdict.features if f.outcome == "not-compared"])
    same = [f for f in verdict.features if f.outcome == "same"]
    if same:
        table = Table(columns=_COLUMNS, entries=tuple(map(_entry, same)), remarks=False)
        blocks.append(Fold(summary=(text(f"Not drifted: {count(len(same), 'field')}"),), blocks=(table,)))
    measured = [f for f in verdict.features if f.distances]
    if measured:
        table = Table(columns=_DISTANCES, entries=tuple(map(_distances, measured)), remarks=False)
        summary = (text("Other distances, each beside what it stays below without drift; they decide nothing"),)
        blocks.append(Fold(summary=summary, blocks=(table,)))
    if verdict.notes:
        blocks += [Heading(line=(text("Notes"),)), Bullets(lines=tuple(map(describe_diagnostic, verdict.notes)))]
    blocks.append(Fold(summary=(text("What was compared"),), blocks=(Bullets(lines=tuple(_compared(verdict))),)))
    return Document(data=_to_data(verdict, tool), blocks=tuple(blocks))


def _headline(verdict: DriftVerdict) -> Line:
    fields = [f for f in verdict.features if f.outcome in {"drift", "same"}]
    rows = f"{count(verdict.rows[1], 'sample')} with {verdict.rows[0]:,} of the reference"
    drifted = f"{len(verdict.drifted)} of {count(len(fields), 'field')} drifted"
    if verdict.problems:
        return strong("Cannot decide"), text(f": {drifted if fields else 'no field was compared'}, {rows}.")
    if verdict.drifted and verdict.level == "fail":
        return strong("Drift"), text(f": {drifted}, {rows}.")
    if verdict.drifted:
        return strong("Inputs differ"), text(f": {drifted}, {rows}. The level is {verdict.level}: exit code 0.")
    return strong("No drift"), text(f": {count(len(fields), 'field')} compared, {rows}.")


def _section(title: str, features: Sequence[Compared]) -> list[Block]:
    if not features:
        return []
    table = Table(columns=_COLUMNS, entries=tuple(map(_entry, features)), remarks=True)
    return [Heading(line=(text(title),)), table]


def _entry(feature: Compared) -> Entry:
    shown = _shown(feature)
    reference, now = _histograms(feature)
    cells = (
        name(feature.name),
        text(feature.kind),
        text(f"{shown.effect:+.3f}" if shown else _NONE),
        text(reference),
        text(now),
    )
    found = [f"{t.words} ({_chance(t)})" for t in feature.checks if t.is_drift]
    remark = "; ".join([*found, *([feature.why] if feature.why else [])])
    return Entry(cells=cells, remark=(name(remark),) if remark else ())


def _shown(feature: Compared) -> FieldCheck | None:
    """Return the check whose difference stands in the table: the first that drifted, else the last."""
    return next((t for t in feature.checks if t.is_drift), feature.checks[-1] if feature.checks else None)


def _chance(test: FieldCheck) -> str:
    return f"p {test.adjusted:.2g}" if test.adjusted >= 1e-9 else "p below 1e-9"  # noqa: PLR2004 - below it nobody reads the digits


def _histograms(feature: Compared) -> tuple[str, str]:
    """Return the bins of a field as bars, the reference's and those now, both on one scale."""
    if not feature.bins:
        return _NONE, _NONE
    most = max(max(was, now) for _, was, now in feature.bins) or 1.0
    return (
        "".join(_bar(was / most) for _, was, _ in feature.bins),
        "".join(_bar(now / most) for _, _, now in feature.bins),
    )


def _bar(share: float) -> str:
    return _BARS[min(int(share * len(_BARS)), len(_BARS) - 1)] if share > 0.0 else _NOTHING


def _distances(feature: Compared) -> Entry:
    by_name = {d.name: f"{d.value:.3f} / {d.bound:.3f}" for d in feature.distances}
    shown = [by_name.get(known, _NONE) for known in ("PSI", "Jensen-Shannon", "Wasserstein/sd")]
    least = min(feature.effective)
    return Entry(cells=(name(feature.name), *map(text, shown), text(f"{least:,.0f}")))


def _compared(verdict: DriftVerdict) -> Iterator[Line]:
    if verdict.reference:
        yield text("Reference: "), name(verdict.reference), text(f", {count(verdict.rows[0], 'sample')}.")
    if verdict.current:
        yield text("Now: "), name(", ".join(verdict.current)), text(f", {count(verdict.rows[1], 'sample')}.")
    for clusters, where in zip(verdict.clusters, ("in the reference", "now"), strict=True):
        if clusters is not None:
            yield text("Clusters by "), name(clusters.field), text(f": {clusters.count:,} {where}.")
    yield (
        text(
            f"Drift: a difference above {FLOOR:g} of a distribution, or above {SHARE_FLOOR * 100:g} % in a share, "
            f"at a level of {ALPHA * 100:g} % over all fields and checks (Holm)."
        ),
    )


def _to_data(verdict: DriftVerdict, tool: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": tool,
        "verdict": "error" if verdict.problems else "drift" if verdict.drifted else "pass",
        "exit_code": int(verdict.exit_code),
        "level": verdict.level,
        "reference": verdict.reference,
        "current": list(verdict.current),
        "rows": {"reference": verdict.rows[0], "current": verdict.rows[1]},
        "clusters": {"reference": _clusters(verdict.clusters[0]), "current": _clusters(verdict.clusters[1])},
        "fields": [_field(feature) for feature in verdict.features],
        "problems": [_diagnostic(d) for d in verdict.problems],
        "notes": [_diagnostic(d) for d in verdict.notes],
    }


def _clusters(clusters: Clusters | None) -> dict[str, Any] | None:
    if clusters is None:
        return None
    return {"field": clusters.field, "count": clusters.count, "mean_rows": clusters.mean_rows}


def _field(feature: Compared) -> dict[str, Any]:
    return {
        "name": feature.name,
        "kind": feature.kind,
        "outcome": feature.outcome,
        "why": feature.why,
        "effective": {"reference": rounded(feature.effective[0]), "current": rounded(feature.effective[1])},
        "checks": [
            {
                "check": t.check,
                "drift": t.is_drift,
                "effect": rounded(t.effect),
                "floor": t.floor,
                "p": rounded(t.p),
                "p_adjusted": rounded(t.adjusted),
                "message": t.words,
            }
            for t in feature.checks
        ],
        "distances": {d.name: {"value": rounded(d.value), "bound": rounded(d.bound)} for d in feature.distances},
        "histogram": [{"bin": of, "reference": rounded(was), "current": rounded(now)} for of, was, now in feature.bins],
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, str]:
    return {
        "slug": diagnostic.slug,
        "place": diagnostic.place,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    }
