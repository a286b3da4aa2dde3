"""Waive: one reviewed entry in the file beside the baselines. Nothing is judged here."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from msgspec import Struct

from perfgate.core.atomic import write_whole
from perfgate.core.errors import cannot_decide
from perfgate.core.finding import WHOLE_SUITE
from perfgate.core.metrics import canonical_name
from perfgate.core.policy import NO_BASELINES
from perfgate.core.profile import title
from perfgate.core.text.units import parse_change
from perfgate.pipeline import inputs
from perfgate.pipeline.baselines.show import pick
from perfgate.pipeline.verdicts import today
from perfgate.store import baselines, lock, waivers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.core.profile import Profile


class Request(Struct, frozen=True, kw_only=True):
    """What is to be waived."""

    benchmark: str
    """Its name, with labels where it has any."""
    metric: str
    """The metric."""
    statistic: str
    """``p50``, ``p95``, …"""
    ceiling: str
    """Largest worsening that passes, such as ``+30%``."""
    until: str
    """Last day, ``2026-01-31``."""
    reason: str
    """Why."""
    issue: str
    """Where it is followed up; empty: nowhere."""
    config: str | None
    """Configuration file; None: look for one."""


def add_waiver(request: Request) -> str:
    """Write a waiver and return the path of its file.

    Raises:
        CannotDecideError: a value is not valid, its row is waived already, or the file cannot be written.
    """
    settings = inputs.read_settings(request.config)
    if settings.policy.baselines == NO_BASELINES:
        message = f'baselines = "{NO_BASELINES}": budgets alone are judged, and cannot be waived'
        raise cannot_decide("usage", message, place=settings.policy.source, hint="change the budget in review")
    folder = os.path.join(settings.root, settings.policy.baselines)
    path = os.path.join(folder, waivers.NAME)
    _check(request)
    profiles = baselines.load(folder).profiles
    benchmark, metric = _named(request, profiles)
    _check_ceiling(request.ceiling, benchmark, metric, profiles)
    row = (benchmark, metric, request.statistic)
    with lock.refresh_lock(settings.root, written=(path,)):
        for other in inputs.waivers_in(folder).waivers:
            if other.row == row:
                message = f"{other.place} is waived already, up to {other.ceiling.text} until {other.until}"
                raise cannot_decide("waiver-twice", message, place=path, hint="change that entry, in review")
        try:
            os.makedirs(folder, exist_ok=True)
            before = b""
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
                before = file.read(waivers.LARGEST)
            content = waivers.add_waiver(
                before,
                row=row,
                ceiling=parse_change(request.ceiling),
                until=request.until,
                reason=request.reason,
                issue=request.issue,
            )
            waivers.parse(content, path)
            write_whole(path, content, durable=True)
        except OSError as caught:
            message = f"cannot be written ({caught.strerror or caught})"
            raise cannot_decide("waivers-unwritable", message, place=path, hint="check the permissions") from None
    return path


def _check(request: Request) -> None:
    """Refuse values of options that a waiver cannot have.

    Raises:
        CannotDecideError: a value is not valid.
    """
    faults = [
        ("--until", waivers.unsound_day(request.until)),
        ("--reason", waivers.unsound_text(request.reason) or ("" if request.reason.strip() else "says nothing")),
        ("--issue", waivers.unsound_text(request.issue)),
        ("--ceiling", _unsound_ceiling(request.ceiling)),
    ]
    for option, message in faults:
        if message:
            raise cannot_decide("usage", message, place=option, hint="perfgate waive --help")
    if request.until < today():
        raise cannot_decide("usage", f"{request.until} has passed", place="--until", hint="name a day to come")


def _unsound_ceiling(text: str) -> str:
    try:
        parse_change(text)
    except ValueError as caught:
        return str(caught)
    return ""


def _check_ceiling(ceiling: str, benchmark: str, metric: str, profiles: Sequence[Profile]) -> None:
    """Refuse a ceiling that points to the better side, or is in another unit than the metric.

    Raises:
        CannotDecideError: it does.
    """
    metrics = [m.metric for p in profiles for m in p.metrics if m.metric.name == metric]
    own = [m.metric for p in profiles if title(*p.key) == benchmark for m in p.metrics if m.metric.name == metric]
    better = next((m.better for m in own or metrics), "lower")
    change = parse_change(ceiling)
    if not change.is_relative and (other := next((m.unit for m in own or metrics if m.unit != change.unit), "")):
        message = f'"{ceiling}" does not fit {metric}, which is in "{other}"'
        raise cannot_decide("usage", message, place="--ceiling", hint='write a share such as "+5%"')
    wanted = "+" if better == "lower" else "-"
    if change.sign != wanted:
        message = f'"{ceiling}" points to the better side of {metric}, where {better} is better'
        raise cannot_decide("usage", message, place="--ceiling", hint=f'write "{wanted}{ceiling.lstrip("+-")}"')


def _named(request: Request, profiles: Sequence[Profile]) -> tuple[str, str]:
    """Return the benchmark and the metric by the names that reports give them.

    Where nothing is committed, as with `perfgate ab` alone, no name can be looked up.

    Raises:
        CannotDecideError: the baselines have no such row, or the name means several.
    """
    metric = canonical_name(request.metric)
    if not profiles or request.benchmark == WHOLE_SUITE:
        return request.benchmark, metric
    exact = [p for p in profiles if title(*p.key) == request.benchmark]
    found = exact or pick(profiles, request.benchmark)
    names = sorted({title(*p.key) for p in found})
    if len(names) > 1:
        message = f'"{request.benchmark}" means {len(names)} benchmarks: {", ".join(names[:5])}'
        raise cannot_decide("benchmark-unknown", message, hint="waive them one by one: a waiver is for one row")
    known = sorted({m.metric.name for p in found for m in p.metrics})
    if metric not in known:
        message = f'the baseline of "{names[0]}" has no metric "{metric}"'
        raise cannot_decide("metric-unknown", message, hint=f"known: {', '.join(known)}")
    return names[0], metric
