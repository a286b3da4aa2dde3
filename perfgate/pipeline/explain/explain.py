"""Explain: which rule governs which value of a benchmark, or what a message or the status of a value means."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, error
from perfgate.core.finding import Status
from perfgate.core.profile import Profile, title
from perfgate.core.text.near_names import find_near
from perfgate.gate.rules import check_rules, explain
from perfgate.pipeline import inputs
from perfgate.pipeline.baselines.show import pick
from perfgate.pipeline.explain.message_page import Message, find_message, list_messages
from perfgate.report.document import (
    BENCHMARK,
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
from perfgate.report.prose import mark_code
from perfgate.report.verdict.meanings import MEANINGS, SKIPPED, find_status
from perfgate.report.words import metric_name
from perfgate.store.baselines import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.errors import Diagnostic
    from perfgate.core.policy import Policy
    from perfgate.report.verdict.meanings import Meaning

_TITLES = ("Statistic", "Threshold", "Method", "Level", "Decided by")
_COLUMNS = (METRIC, *(Column(title=title, kind="text") for title in _TITLES))


def compose_explanation(wanted: str | None, *, config: str | None) -> Document:
    """Return what governs each value of the benchmarks that a name or a glob means, or what a message or status means.

    A benchmark comes before a message or a status of the same name. The baselines say which metrics there are;
    without one, the runs do.

    Raises:
        CannotDecideError: the configuration is not valid, or there is no such benchmark, message or status.

    Args:
        wanted: name or glob of benchmarks, or name of a message or status; None: all benchmarks.
        config: configuration file; None: look for one.
    """
    try:
        return _explain_benchmarks(wanted, config)
    except CannotDecideError as caught:
        if wanted is None:
            raise
        if status := find_status(wanted):
            return _explain_status(status)
        if wanted.lower() == "skipped":
            return _explain_meaning("skipped", "Verdict: ", SKIPPED)
        if message := find_message(wanted):
            return _explain_message(message)
        raise CannotDecideError([_suggest(d, wanted) for d in caught.diagnostics]) from None


def _suggest(problem: Diagnostic, wanted: str) -> Diagnostic:
    """Return a problem; where no benchmark is meant, a name that is nearly that of a message is a mistyped one."""
    if problem.slug not in {"benchmark-unknown", "no-runs"} or "did you mean" in problem.hint:
        return problem
    near = find_near(wanted, [*(m.slug for m in list_messages()), *Status], cutoff=0.8)
    if problem.slug == "no-runs" and not near:
        return problem
    message = f'there is no benchmark, message or status "{wanted}"'
    hint = f"perfgate explain {near}" if near else problem.hint
    return error("benchmark-unknown", message, hint=hint)


def _explain_message(message: Message) -> Document:
    """Return what a message means."""
    return Document(
        data={},
        blocks=(
            Heading(line=(name(message.slug),)),
            Paragraph(line=(text("Cause: "), *mark_code(message.cause))),
            Paragraph(line=(text("What to do: "), *mark_code(message.fix))),
        ),
    )


def _explain_status(status: Status) -> Document:
    """Return what the status of a value means."""
    return _explain_meaning(status.value, "Status of a value: ", MEANINGS[status])


def _explain_meaning(wanted: str, kind: str, meaning: Meaning) -> Document:
    """Return what a status or a verdict means; `kind` says which of them it is."""
    facts = (
        (kind, meaning.words),
        ("Exit code: ", meaning.code),
        ("What to do: ", meaning.fix or "nothing"),
    )
    lines = (Paragraph(line=(text(title), *mark_code(words))) for title, words in facts)
    return Document(data={}, blocks=(Heading(line=(name(wanted),)), *lines))


def _explain_benchmarks(wanted: str | None, config: str | None) -> Document:
    """Return what governs each value of some benchmarks; without a name a line for each of all benchmarks.

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
    if wanted is None:
        blocks.append(_list(list({p.key: p for p in profiles}.values()), settings.policy))
    else:
        for profile in {p.key: p for p in pick(profiles, wanted)}.values():
            blocks += _blocks(profile, settings.policy)
    faults = check_rules(settings.policy, profiles)
    if faults:
        blocks.append(Bullets(lines=tuple((name(f"{f.place}: {f.message}"),) for f in faults)))
    return Document(data={}, blocks=tuple(blocks))


def _list(profiles: Sequence[Profile], policy: Policy) -> Block:
    """Return the benchmarks, each with what is gated of it."""
    if not profiles:
        return Paragraph(line=(text("There are no benchmarks yet: neither baselines nor runs."),))
    rows = []
    for p in profiles:
        gated = [g for g in explain(policy, p) if g.ruling.level == "fail"]
        kept = [g for g in gated if not policy.excludes(p.benchmark, title(*p.key), g.metric)]
        named = ", ".join(f"{metric_name(g.metric, g.statistic)} {g.threshold}" for g in kept)
        rows.append(Entry(cells=(name(title(*p.key)), name(named or "–"))))
    return Table(columns=(BENCHMARK, Column(title="Gated", kind="text")), entries=tuple(rows), remarks=False)


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
