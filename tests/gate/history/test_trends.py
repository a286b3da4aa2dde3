"""What series of sessions did: sections, what all did together, steps with their state, creep."""

from __future__ import annotations

import math
import random

import pytest

from perfgate.config import BUILT_IN
from perfgate.core.history.past import BenchmarkHistory, Past, Reading
from perfgate.core.metrics import ELAPSED, THROUGHPUT
from perfgate.gate.history.series import make_series
from perfgate.gate.history.trends import judge_trends


def history(name, values, metric=ELAPSED, **changes):
    """Return a benchmark with one session a value; `changes` are facts of sessions by their number."""
    sessions = []
    for number, value in enumerate(values):
        facts = {key: told(number) for key, told in changes.items()}
        own = facts.pop("unit", metric)
        reading = Reading(metric=own, sources=facts.pop("sources", ()), n=5, p50=value, p95=None)
        usual = {
            "session": f"s-{number:03}/batch-{name}",
            "started_at": f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z",
            "recorded_at": "",
            "machine": "",
            "commit": f"{number:040x}",
            "rows_used": (1000,),
            "environment": (),
            "restart": None,
            "readings": {own.name: reading},
        }
        sessions.append(Past(**{**usual, **facts}))
    return BenchmarkHistory(machine_class="c", benchmark=name, labels=(), is_present=True, sessions=tuple(sessions))


def noise(seed, size, spread=0.01):
    draw = random.Random(seed)
    return [math.exp(draw.gauss(0.0, spread)) for _ in range(size)]


def judge(*histories, anchor=0):
    return judge_trends(list(make_series(histories, BUILT_IN)), lambda _sessions: anchor)


def test_what_all_do_together_is_one_mark_and_none_of_each():
    shift = [1.2 if i >= 30 else 1.0 for i in range(60)]
    suite = [history(f"b{n}", [v * s for v, s in zip(noise(n, 60), shift, strict=True)]) for n in range(6)]
    trends, (common,) = judge(*suite)
    assert [t.marks for t in trends] == [()] * 6
    (mark,) = common.marks
    assert mark.at == 30
    assert mark.change == pytest.approx(0.2, abs=0.02)
    assert common.shifts[-1] - common.shifts[0] == pytest.approx(0.18, abs=0.04)


def test_four_benchmarks_make_no_suite_and_each_has_its_step():
    trends, suites = judge(*(history(f"b{n}", [*noise(n, 30), *(1.2 * v for v in noise(n + 9, 30))]) for n in range(4)))
    assert suites == []
    assert [len(t.marks) for t in trends] == [1] * 4


def test_one_that_differs_from_the_others_keeps_its_step_whatever_the_machine_does():
    wander = noise(99, 60, 0.10)
    suite = [history(f"b{n}", [v * w for v, w in zip(noise(n, 60), wander, strict=True)]) for n in range(6)]
    slow = [v * w * (1.1 if i >= 40 else 1.0) for i, (v, w) in enumerate(zip(noise(7, 60), wander, strict=True))]
    trends, _ = judge(*suite, history("slow", slow))
    marks = {t.series.benchmark.benchmark: [m.at for m in t.marks] for t in trends}
    assert marks.pop("slow") == [40]
    assert set(map(tuple, marks.values())) == {()}


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"rows_used": lambda i: (1000,) if i < 30 else (2000,)}, "rows 1,000 → 2,000"),
        (
            {"sources": lambda i: () if i < 30 else ("peak of the process",)},
            "measured by single calls → peak of the process",
        ),
        ({"restart": lambda i: "new format" if i == 30 else None}, "started anew: new format"),
        ({"unit": lambda i: ELAPSED if i < 30 else type(ELAPSED)(name="elapsed", unit="1", better="lower")}, "s → 1"),
    ],
)
def test_what_cannot_be_compared_is_a_break_and_no_step(changes, cause):
    (trend,), _ = judge(history("a", [*noise(1, 30), *(2 * v for v in noise(2, 30))], **changes))
    assert [(s.start, s.cause) for s in trend.series.sections] == [(0, ""), (30, cause)]
    assert trend.marks == ()
    assert [round(level) for _, _, level in trend.levels] == [1, 2]


def test_a_step_that_was_undone_is_not_open_and_a_gain_is_no_step_for_the_worse():
    values = [*noise(1, 30), *(1.2 * v for v in noise(2, 30)), *noise(3, 30)]
    (trend,), _ = judge(history("a", values))
    up, down = trend.marks
    assert (up.is_worse, up.is_open) == (True, False)
    assert (down.is_worse, down.is_open) == (False, False)
    (trend,), _ = judge(history("a", values[:60]))
    assert [m.is_open for m in trend.marks] == [True]


def test_less_throughput_is_worse():
    (trend,), _ = judge(history("a", [*noise(1, 30), *(0.8 * v for v in noise(2, 30))], metric=THROUGHPUT))
    (mark,) = trend.marks
    assert (mark.is_worse, mark.is_open) == (True, True)
    assert mark.change == pytest.approx(-0.2, abs=0.02)


def test_facts_that_changed_where_a_step_lies_are_named_and_others_not():
    environment = {"environment": lambda i: (("python", "3.11" if i < 31 else "3.12"), ("os", "linux"))}
    values = [*noise(1, 30), *(1.2 * v for v in noise(2, 30))]
    (trend,), _ = judge(history("a", values, **environment))
    assert trend.marks[0].environment == ("python 3.11 → 3.12",)
    late = {"environment": lambda i: (("python", "3.11" if i < 40 else "3.12"),)}
    (trend,), _ = judge(history("a", values, **late))
    assert trend.marks[0].environment == ()


def test_creep_is_worse_than_the_anchor_though_no_step_is():
    values = [v * 1.002**i for i, v in enumerate(noise(1, 100))]
    (trend,), _ = judge(history("a", values), anchor=10)
    assert trend.crept is not None
    assert trend.crept.is_worse
    assert trend.crept.anchor.session.startswith("s-009")
    assert trend.crept.change == pytest.approx(1.002**92 - 1, abs=0.03)
    (trend,), _ = judge(history("a", noise(1, 100)), anchor=10)
    assert trend.crept is not None
    assert not trend.crept.is_worse


@pytest.mark.parametrize("anchor", [0, 9, 96])
def test_too_few_sessions_on_a_side_of_the_anchor_say_nothing(anchor):
    (trend,), _ = judge(history("a", noise(1, 100)), anchor=anchor)
    assert trend.crept is None


def test_values_of_zero_are_compared_by_difference():
    rate = type(ELAPSED)(name="error_rate", unit="1", better="lower")
    (trend,), _ = judge(history("a", [0.0] * 30 + [0.05] * 30, metric=rate))
    (mark,) = trend.marks
    assert (mark.at, mark.before, mark.after, mark.change) == (30, 0.0, 0.05, 0.05)
    assert not trend.series.is_ratio
