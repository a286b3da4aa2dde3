"""Names that a shell may complete: benchmarks, metrics, messages and statuses; none where a project cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from perfgate.core.profile import Profile

_MOST = 500
"""Names that are offered; nobody reads more."""


def complete_benchmark(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the benchmarks of the baselines whose names begin with what is typed."""
    from perfgate.core.profile import title

    return _fitting((title(*p.key) for p in _baselines()), typed)


def complete_metric(_ctx: click.Context, _param: click.Parameter, typed: str) -> list[str]:
    """Return the metrics of the baselines whose names begin with what is typed."""
    return _fitting((m.metric.name for p in _baselines() for m in p.metrics), typed)


def complete_name(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
    """Return benchmarks, messages and statuses whose names begin with what is typed."""
    from perfgate.core.finding import Status
    from perfgate.pipeline.explain.message_page import list_messages

    words = (*(m.slug for m in list_messages()), *Status)
    return [*complete_benchmark(ctx, param, typed), *(_fitting(words, typed) if typed else [])]


def _baselines() -> tuple[Profile, ...]:
    """Return the baselines of this folder; none where they cannot be read."""
    from perfgate.core.errors import CannotDecideError
    from perfgate.pipeline.baselines.refresh import policy_and_baselines

    try:
        return policy_and_baselines(None)[1].profiles
    except (CannotDecideError, OSError):
        return ()


def _fitting(names: Iterable[str], typed: str) -> list[str]:
    """Return the names that go on as typed, each once; one that breaks a line is none that a shell can take."""
    return sorted({n for n in names if n.startswith(typed) and n.isprintable()})[:_MOST]
