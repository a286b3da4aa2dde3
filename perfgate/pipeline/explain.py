"""Explain: which rule governs which row of a benchmark."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError
from perfgate.core.profile import Profile, title
from perfgate.gate.rules import check_rules, explain
from perfgate.pipeline import inputs
from perfgate.pipeline.baselines.show import pick
from perfgate.report.document import (
    METRIC,
    Block,
    Bullets,
    Column,
    Document,
    Entry,
    Heading,
    Line,
    Paragraph,
    Table,
    name,
    text,
)
from perfgate.store.baselines import load

if TYPE_CHECKING:
    from perfgate.core.policy import Policy

_TITLES = ("Statistic", "Threshold", "Method", "Level", "Decided by")
_COLUMNS = (METRIC, *(Column(title=title, kind="text") for title in _TITLES))


def compose_explanation(benchmark: str, *, config: str | None) -> Document:
    """Return what governs each row of the benchmarks that a name or a glob means.

    The baselines say which metrics there are; without one, the runs do.

    Raises:
        CannotDecideError: the configuration is not valid, or no such benchmark is known.
    """
    settings = inputs.read_settings(config)
    found = load(os.path.join(settings.root, settings.policy.baselines))
    if found.problems:
        raise CannotDecideError(found.problems)
    profiles = found.profiles
    if not profiles:
        collection, problems, _ = inputs.read_runs((), settings)
        if problems:
            raise CannotDecideError(problems)
        profiles = collection.profiles
    blocks: list[Block] = [Paragraph(line=(text("Configuration: "), name(settings.policy.source)))]
    for profile in {p.key: p for p in pick(profiles, benchmark)}.values():
        blocks += _blocks(profile, settings.policy)
    faults = check_rules(settings.policy, profiles)
    if faults:
        blocks.append(Bullets(lines=tuple((name(f"{f.place}: {f.message}"),) for f in faults)))
    return Document(data={}, blocks=tuple(blocks))


def _blocks(profile: Profile, policy: Policy) -> list[Block]:
    titled = title(*profile.key)
    blocks: list[Block] = [Heading(line=(name(titled),))]
    if policy.excludes(profile.benchmark, titled):
        blocks.append(Paragraph(line=(text("Excluded: it is not judged at all."),)))
    rows = tuple(
        Entry(
            cells=(
                name(g.metric),
                text(g.statistic),
                name(g.threshold),
                text(g.ruling.method),
                text(g.ruling.level),
                name(g.ruling.origin),
            )
        )
        for g in explain(policy, profile)
        if not policy.excludes(profile.benchmark, titled, g.metric)
    )
    blocks.append(Table(columns=_COLUMNS, entries=rows, remarks=False))
    budgets = [b for b in policy.budgets if b.limits(profile.benchmark, titled)]
    lines: list[Line] = [
        (name(f"{b.metric} {b.statistic} {b.limit.text}"), text(" by "), name(b.origin)) for b in budgets
    ]
    return [*blocks, Bullets(lines=tuple(lines))] if lines else blocks
