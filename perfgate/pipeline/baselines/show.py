"""Looking at baselines: which there are, what is in one, and how two states of them differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.core.errors import CannotDecideError, cannot_decide
from perfgate.core.policy import matches
from perfgate.core.profile import Profile, title
from perfgate.core.sessions import merge_batches
from perfgate.core.text.dates import day_of
from perfgate.core.text.near_names import find_near
from perfgate.pipeline import inputs
from perfgate.report.document import (
    BENCHMARK,
    METRIC,
    Block,
    Column,
    Document,
    Entry,
    Heading,
    Paragraph,
    Table,
    name,
    text,
)
from perfgate.report.profiles import compose_profiles
from perfgate.report.words import amount, count, percent
from perfgate.stats.quantiles import quantile
from perfgate.store.codec import file_name
from perfgate.store.git import Commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.store.refresh import Move


_LIST_COLUMNS = (
    BENCHMARK,
    Column(title="Machine class", kind="text"),
    Column(title="Sessions", kind="count"),
    Column(title="n", kind="count"),
    Column(title="Newest", kind="text"),
    Column(title="Age", kind="count"),
    Column(title="Elapsed p50", kind="value"),
)
_MOVE_COLUMNS = (
    BENCHMARK,
    METRIC,
    Column(title="Old", kind="value"),
    Column(title="New", kind="value"),
    Column(title="Change", kind="change"),
)


def pick(profiles: Sequence[Profile], benchmark: str) -> tuple[Profile, ...]:
    """Return the profiles that a name or a glob means.

    Raises:
        CannotDecideError: none does.
    """
    found = tuple(p for p in profiles if matches(benchmark, p.benchmark, title(*p.key)))
    if found:
        return found
    names = sorted({title(*p.key) for p in profiles})
    near = find_near(benchmark, names)
    hint = f'did you mean "{near}"?' if near else f"known: {', '.join(names[:8]) or 'none'}"
    raise cannot_decide("benchmark-unknown", f'there is no benchmark "{benchmark}"', hint=hint)


def compose_list(profiles: Sequence[Profile], today: str) -> Document:
    """Return the table of all baselines, with how old each is on a day, ``2026-01-31``."""
    entries = []
    for p in merge_batches(profiles):
        elapsed = p.metric("elapsed")
        p50 = amount(quantile(elapsed.pooled(), 0.5), elapsed.metric.unit) if elapsed else "–"
        runs = max(m.count for m in p.metrics)
        newest = p.provenance.date[:10] if p.provenance and p.provenance.date else "–"
        cells = (
            name(title(*p.key)),
            name(p.machine_class),
            text(str(len(p.sessions))),
            text(str(runs)),
            name(newest),
            text(_age(newest, today)),
            text(p50),
        )
        entries.append(Entry(cells=cells))
    return Document(data={}, blocks=(Table(columns=_LIST_COLUMNS, entries=tuple(entries), remarks=False),))


def _age(newest: str, today: str) -> str:
    """Return how many days have passed, in words; a day that is not known or lies ahead has no age."""
    was, now = day_of(newest), day_of(today)
    return "–" if was is None or now is None or was > now else count(now - was, "day")


def compose_show(profiles: Sequence[Profile]) -> Document:
    """Return everything about some baselines: provenance, and the values by session."""
    blocks: list[Block] = []
    for p in profiles:
        blocks.append(Heading(line=(name(title(*p.key)), text(" on "), name(p.machine_class))))
        facts = [f"file {p.machine_class}/{file_name(*p.key)}"]
        if p.provenance:
            provenance = (
                ("commit", p.provenance.commit[:12]),
                ("newest run", p.provenance.date),
                ("written by", p.provenance.tool),
                ("reason", p.provenance.reason),
            )
            facts += [f"{what} {value}" for what, value in provenance if value]
        rows = sorted({r for s in p.sessions for r in s.rows_used})
        facts.append("rows used " + ", ".join(f"{r:,}" for r in rows[:5]))
        blocks.append(Paragraph(line=(name("; ".join(facts)),)))
        blocks += compose_profiles([p]).blocks
    return Document(data={}, blocks=tuple(blocks))


def compose_moves(moves: Iterable[Move]) -> Document:
    """Return p50 before and after."""
    entries = []
    for m in moves:
        old = "–" if m.old is None else amount(m.old, m.unit, beside=m.new)
        new = "–" if m.new is None else amount(m.new, m.unit, beside=m.old)
        cells = (name(m.benchmark), name(f"{m.metric} p50"), text(old), text(new), text(_change(m)))
        entries.append(Entry(cells=cells))
    blocks: tuple[Block, ...] = (Table(columns=_MOVE_COLUMNS, entries=tuple(entries), remarks=False),)
    return Document(data={}, blocks=blocks if entries else (Paragraph(line=(text("Nothing differs."),)),))


def _change(move: Move) -> str:
    """Return a move in words."""
    if move.old is None:
        return "new"
    if move.new is None:
        return "gone"
    if move.old == 0:  # no share of nothing
        return "from zero" if move.new else percent(0.0)
    return percent(move.new / move.old - 1)


def diff(config: str | None, ref: str) -> tuple[Move, ...]:
    """Return how the baselines in the folder differ from those of a commit.

    Raises:
        CannotDecideError: one of the two cannot be read for certain.
    """
    from perfgate.store.refresh import moves_between  # only this command needs it

    settings = inputs.read_settings(config)
    commit = Commit(ref, settings.root or ".")
    old = inputs.from_commit(commit, settings)
    new = inputs.from_folder(
        f"{settings.root}/{settings.policy.baselines}" if settings.root else settings.policy.baselines
    )
    if old.problems or new.problems:
        raise CannotDecideError([*old.problems, *new.problems])
    was = {(p.machine_class, p.key): p for p in old.profiles}
    now = {(p.machine_class, p.key): p for p in new.profiles}
    places = [place for place in sorted({*was, *now}) if was.get(place) != now.get(place)]
    return tuple(m for place in places for m in moves_between(was.get(place), now.get(place), settings.policy))
