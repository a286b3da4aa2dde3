"""Verdicts that people meet, made by the gate from runs of a fixed seed: what pictures and golden reports show."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from gate_cases import CPU, ELAPSED, PEAK_MEMORY, policy, profile
from gate_cases import verdict as plain_verdict
from msgspec.structs import replace

from perfgate.gate.judge import Pair, judge
from perfgate.gate.verdict import Case, join
from perfgate.pipeline.ab.compare import reword

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from perfgate.core.finding import Verdict
    from perfgate.core.metrics import Metric

MACHINE = "gha-ubuntu-24.04-x64-4cpu"
SESSIONS = 5
RUNS = 10
_BETWEEN = 0.008
"""Spread between sessions, on logs."""
_WITHIN = 0.012
"""Spread within one."""
_COMMITS = ("4558492c0538" + "0" * 28, "b41f09aa7d21" + "0" * 28)


def passing() -> Verdict:
    """Return a check of four values that all hold, one of them better."""
    return _verdict([
        _pair("train", {ELAPSED: (0.0901, 1.004), PEAK_MEMORY: (74e6, 1.001)}, 1),
        _pair("load_index", {ELAPSED: (0.0412, 0.80), PEAK_MEMORY: (31.2e6, 1.0)}, 2),
    ])  # fmt: skip


def regression() -> Verdict:
    """Return a check in which three values got worse, one improved, and one is not gated."""
    return _verdict([
        _pair("train", {ELAPSED: (0.0901, 2.22), PEAK_MEMORY: (74e6, 1.243), CPU: (0.089, 2.2)}, 3),
        _pair("tokenize[size=10000]", {ELAPSED: (0.1566, 1.30), PEAK_MEMORY: (13.7e6, 1.0)}, 4),
        _pair("load_index", {ELAPSED: (0.0412, 0.80), PEAK_MEMORY: (31.2e6, 1.0)}, 5),
    ])  # fmt: skip


def undecided() -> Verdict:
    """Return a check in which a benchmark was not measured."""
    lost = _pair("score", {ELAPSED: (0.1429, 1.0), PEAK_MEMORY: (13.76e6, 1.0)}, 6)
    return _verdict([
        _pair("train", {ELAPSED: (0.0901, 1.01), PEAK_MEMORY: (74e6, 1.001)}, 7),
        replace(lost, current=None),
    ])  # fmt: skip


def noisy() -> Verdict:
    """Return a check on a noisy machine, with one baseline session."""
    return _verdict(
        [
            _pair("startup", {ELAPSED: (0.0121, 1.1), PEAK_MEMORY: (22e6, 1.0)}, 8, sessions=1, within=0.2),
            _pair("train", {ELAPSED: (0.0901, 1.02), PEAK_MEMORY: (74e6, 1.001)}, 9, sessions=1),
        ]
    )


def suspected() -> Verdict:
    """Return a comparison of two versions in which one value is suspected."""
    return _verdict(
        [_versions("python3 work.py", {ELAPSED: (0.1566, 1.13), PEAK_MEMORY: (13.7e6, 1.0), CPU: (0.156, 1.13)}, 19)],
        reproduce="perfgate ab -n 10 -- python3 work.py",
    )


def named(names: Iterable[str]) -> Verdict:
    """Return a check in which benchmarks of these names got slower."""
    return _verdict(_pair(name, {ELAPSED: (0.02, 1.4 + i / 10)}, 11 + i) for i, name in enumerate(names))


def long_names() -> Verdict:
    """Return a check whose names are long and differ at their end."""
    return named(
        f"tests/benchmarks/test_very_long_module_name.py::TestSuite::test_case[size={n}]" for n in (1, 10, 100)
    )


def many(count: int = 5_000, slow: int = 125) -> Verdict:
    """Return a check of many benchmarks, of which some got worse."""
    dice = random.Random(1)
    modules = ("parser", "encoder", "index_build", "io", "plan", "cache")
    pairs = []
    for number in range(count):
        module = modules[number % len(modules)]
        name = f"tests/bench/test_{module}.py::test_{dice.choice(('scan', 'sort', 'merge'))}[size={number}]"
        factor = dice.uniform(1.5, 3.0) if number % (count // slow) == 0 and number < slow * (count // slow) else 1.0
        pairs.append(_pair(name, {ELAPSED: (10 ** dice.uniform(-4, 0), factor)}, number, runs=3, sessions=3))
    return _verdict(pairs)


SITUATIONS: Mapping[str, Callable[[], Verdict]] = {
    "pass": passing,
    "regression": regression,
    "cannot-decide": undecided,
    "too-noisy": noisy,
    "suspected": suspected,
    "long-names": long_names,
    "many": many,
}
"""What people meet, by name."""


def _verdict(pairs: Iterable[Pair], reproduce: str = "perfgate check") -> Verdict:
    """Return the verdict of some pairs as a check joins it."""
    by = policy()
    pairs = tuple(pairs)
    judgement = judge(pairs, by)
    if reproduce.startswith("perfgate ab"):
        judgement = replace(judgement, findings=tuple(map(reword, judgement.findings)))
    empty = plain_verdict()
    compared = replace(
        empty.compared, machine_classes=(MACHINE,), baseline_commits=_COMMITS[:1], current_commits=_COMMITS[1:],
        sessions=("gha-70-1-measure",), reproduce=reproduce,
    )  # fmt: skip
    return join(
        Case(
            policy=by, findings=judgement.findings, pairs=pairs, baselines=tuple(p.base for p in pairs if p.base),
            measured=tuple(p.current for p in pairs if p.current), waivers=(), today="2026-01-01", is_part=True,
            problems=(), notes=(), later_notes=(), suite=replace(empty.suite, gated=judgement.gated),
            compared=compared, introduces=False, gate_changes=(),
        )
    )  # fmt: skip


def _pair(
    name: str, changes: Mapping[Metric, tuple[float, float]], seed: int, *, sessions: int = SESSIONS, runs: int = RUNS,
    within: float = _WITHIN,
) -> Pair:  # fmt: skip
    """Return a benchmark against its baseline; metric -> its usual value, and the factor by which it changed."""
    dice = random.Random(seed)

    def session(centre: float) -> list[float]:
        of_session = centre * math.exp(dice.gauss(0, _BETWEEN))
        return [of_session * math.exp(dice.gauss(0, within)) for _ in range(runs)]

    names = [f"gha-{60 + i}-1-measure" for i in range(sessions)]
    base = {m: {name: session(centre) for name in names} for m, (centre, _) in changes.items()}
    now = {m: {"gha-70-1-measure": session(centre * factor)} for m, (centre, factor) in changes.items()}
    return Pair(
        base=profile(base, name=name, kind=MACHINE, sources=("vmhwm",)),
        current=profile(now, name=name, kind=MACHINE, sources=("vmhwm",)),
    )


def _versions(name: str, changes: Mapping[Metric, tuple[float, float]], seed: int, *, runs: int = RUNS) -> Pair:
    """Return a benchmark of two versions that were measured interleaved, on a busy machine."""
    dice = random.Random(seed)
    session = "local-1/ab-1"

    def side(centre: float) -> dict[str, list[float]]:
        return {session: [centre * math.exp(dice.gauss(0, 0.12)) for _ in range(runs)]}

    base = {m: side(centre) for m, (centre, _) in changes.items()}
    now = {m: side(centre * factor) for m, (centre, factor) in changes.items()}
    return Pair(
        base=profile(base, name=name, kind=MACHINE, sources=("vmhwm",)),
        current=profile(now, name=name, kind=MACHINE, sources=("vmhwm",)),
    )
