"""What series of sessions did: sections, what all did together, steps with their state, creep."""

from __future__ import annotations

import math
import random
import statistics

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


@pytest.mark.parametrize(
    ("changed", "right_there", "nearby"),
    [
        pytest.param(30, ("python 3.11 → 3.12",), (), id="there"),
        pytest.param(31, (), ("python 3.11 → 3.12",), id="a-session-later"),
        pytest.param(28, (), ("python 3.11 → 3.12",), id="two-sessions-before"),
        pytest.param(33, (), (), id="three-sessions-later"),
        pytest.param(27, (), (), id="three-sessions-before"),
    ],
)
def test_facts_that_changed_right_there_are_told_from_those_nearby(changed, right_there, nearby):
    environment = {"environment": lambda i: (("python", "3.11" if i < changed else "3.12"), ("os", "linux"))}
    values = [*noise(1, 30), *(1.2 * v for v in noise(2, 30))]
    (trend,), _ = judge(history("a", values, **environment))
    (mark,) = trend.marks
    assert (mark.at, mark.environment, mark.nearby) == (30, right_there, nearby)


def test_a_step_has_its_likely_and_its_certain_commits():
    (trend,), _ = judge(history("a", [*noise(1, 30), *(1.2 * v for v in noise(2, 30))]))
    (mark,) = trend.marks
    assert (mark.likely.older, mark.likely.newer) == (f"{29:040x}", f"{30:040x}")
    assert (mark.first, mark.last) == (28, 32)
    assert (mark.widest.older, mark.widest.newer) == (f"{27:040x}", f"{32:040x}")


def test_a_creep_is_a_slow_change_that_is_open_and_no_step():
    values = [v * 1.003**i for i, v in enumerate(noise(1, 80))]
    (trend,), _ = judge(history("a", values))
    assert trend.marks == ()
    (slow,) = trend.slow
    assert (slow.is_worse, slow.is_open) == (True, True)
    assert slow.change == pytest.approx(1.003**79 - 1, abs=0.03)
    assert slow.after / slow.before == pytest.approx(1 + slow.change, abs=0.02)
    assert slow.shift == pytest.approx(0.0, abs=0.02)
    assert slow.sessions == slow.end - slow.start


def test_a_slow_gain_is_better_and_one_that_was_undone_is_not_open():
    (trend,), _ = judge(history("a", [v * 0.997**i for i, v in enumerate(noise(1, 80))]))
    assert [(s.is_worse, s.is_open) for s in trend.slow] == [(False, False)]
    values = [v * (1.003**i if i < 60 else 1.0) for i, v in enumerate(noise(1, 90))]
    (trend,), _ = judge(history("a", values))
    assert [(s.is_worse, s.is_open) for s in trend.slow] == [(True, False)]
    assert [(m.at, m.is_worse) for m in trend.marks] == [(60, False)]


def test_a_rise_that_begins_late_is_a_level_of_its_own_and_open():
    values = [v * 1.003 ** max(0, i - 100) for i, v in enumerate(noise(4, 150))]
    (trend,), _ = judge(history("a", values))
    (slow,) = trend.slow
    assert (slow.is_worse, slow.is_open) == (True, True)
    assert slow.start == pytest.approx(100, abs=15)
    assert slow.end >= 145
    assert (0, slow.start) == trend.levels[0][:2]


def test_a_step_in_a_slow_rise_has_the_levels_right_beside_it():
    values = [v * 1.003**i * (1.12 if i >= 50 else 1.0) for i, v in enumerate(noise(3, 100))]
    (trend,), _ = judge(history("a", values))
    mark = next(m for m in trend.marks if abs(m.at - 50) <= 1)
    assert mark.before == pytest.approx(1.003**49, rel=0.01)
    assert mark.after == pytest.approx(1.003**50 * 1.12, rel=0.01)
    assert mark.is_open


def suite_of_five(seed):
    """Return five benchmarks: one that steps, one that creeps, and all of them slower by 8 % later."""
    shapes = [lambda i: 1.12 if i >= 37 else 1.0, lambda i: 1.003**i, *[lambda _i: 1.0] * 3]
    machine = [1.08 if i >= 53 else 1.0 for i in range(66)]
    return [
        history(f"b{n}", [v * shape(i) * machine[i] for i, v in enumerate(noise(10 * seed + n, 66, 0.02))])
        for n, shape in enumerate(shapes)
    ]


def test_in_a_small_suite_a_step_has_its_true_size_whatever_the_others_do():
    changes = []
    for seed in range(20):
        trends, _ = judge(*suite_of_five(seed))
        (mark,) = trends[0].marks
        changes.append(mark.change)
        assert mark.after / mark.before == pytest.approx((1 + mark.change) * (1 + mark.shift))
        assert [t.marks for t in trends[2:]] == [()] * 3
        assert [t.slow for t in trends[2:]] == [()] * 3
    assert sum(changes) / len(changes) == pytest.approx(0.12, abs=0.01)


def test_levels_are_medians_of_measured_values_up_to_where_all_moved():
    trends, (common,) = judge(*suite_of_five(1))
    (mark,) = trends[0].marks
    values = [p.reading.p50 for p in trends[0].series.points]
    (moved,) = common.marks
    assert mark.before == pytest.approx(statistics.median(values[mark.at - 30 : mark.at]))
    assert mark.after == pytest.approx(statistics.median(values[mark.at : moved.at]))
    assert [(start, end) for start, end, _ in trends[0].levels] == [(0, mark.at), (mark.at, moved.at), (moved.at, 66)]


@pytest.mark.parametrize(
    ("metric", "factor", "is_worse"), [(ELAPSED, 1.2, True), (THROUGHPUT, 1.2, False), (THROUGHPUT, 0.8, True)]
)
def test_a_step_of_all_is_open_while_it_is_still_worse(metric, factor, is_worse):
    def suite(factors):
        return judge(
            *(history(f"b{n}", [v * f for v, f in zip(noise(n, 90), factors, strict=True)], metric) for n in range(5))
        )[1][0]

    stays = suite([1.0] * 30 + [factor] * 60)
    assert [(m.at, m.is_worse, m.is_open) for m in stays.marks] == [(30, is_worse, is_worse)]
    back = suite([1.0] * 30 + [factor] * 30 + [1.0] * 30)
    assert [(m.at, m.is_worse, m.is_open) for m in back.marks] == [
        (30, is_worse, False),
        (60, not is_worse, not is_worse),
    ]


def test_a_creep_of_all_is_a_slow_change_of_the_suite():
    suite = [history(f"b{n}", [v * 1.003**i for i, v in enumerate(noise(n, 80))]) for n in range(6)]
    trends, (common,) = judge(*suite)
    assert common.marks == ()
    assert [(s.is_worse, s.is_open) for s in common.slow] == [(True, True)]
    assert [(t.marks, t.slow) for t in trends] == [((), ())] * 6


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


def test_sessions_that_overlap_are_compared_in_whatever_order_each_benchmark_has_them():
    a, b = history("a", noise(1, 2)), history("b", noise(2, 2))
    swapped = tuple(s.__class__(**{f: getattr(s, f) for f in s.__struct_fields__} | {"session": n}) for s, n in
                    zip(b.sessions, ("s-001/batch-a", "s-000/batch-a"), strict=True))  # fmt: skip
    b = b.__class__(**{f: getattr(b, f) for f in b.__struct_fields__} | {"sessions": swapped})
    trends, suites = judge(a, b)
    assert [len(t.series.points) for t in trends] == [2, 2]
    assert suites == []


def test_a_session_that_measured_other_benchmarks_alone_is_no_session_of_the_suite():
    shift = [1.2 if i >= 30 else 1.0 for i in range(60)]
    suite = [history(f"b{n}", [v * s for v, s in zip(noise(n, 60), shift, strict=True)]) for n in range(6)]
    more = history(
        "other", noise(9, 1), session=lambda _: "s-045a/batch-other", started_at=lambda _: "2026-01-01T00:45:30Z"
    )
    _, (common,) = judge(*suite, more)
    assert len(common.sessions) == 60
    assert min(common.shifts[31:]) > 0.05


def test_what_did_not_get_better_is_no_gain_where_most_others_got_worse():
    suite = [
        history(f"b{n}", [v * (1.2 if n < 3 and i >= 30 else 1.0) for i, v in enumerate(noise(n, 60, 0.005))])
        for n in range(5)
    ]
    trends, (common,) = judge(*suite)
    assert [len(t.marks) for t in trends[3:]] == [0, 0]
    assert {(m.at, m.is_worse) for t in trends for m in t.marks} == {(30, True)}
    assert [m.is_open for m in common.marks] == [True]


def test_one_benchmark_alone_has_no_others():
    trend = judge(history("b", [v * math.exp(0.004 * i) for i, v in enumerate(noise(1, 60))]))[0][0]
    assert [s.shift for s in trend.slow] == [0.0]


def test_a_step_before_a_break_is_ended_and_not_open():
    level = [v * (1.3 if i >= 20 else 1.0) for i, v in enumerate(noise(3, 60))]
    (trend,), _ = judge(history("b", level, restart=lambda i: "accepted" if i == 40 else None))
    assert [(m.at, m.is_worse, m.is_open, m.is_ended) for m in trend.marks] == [(20, True, False, True)]
    (trend,), _ = judge(history("b", level))
    assert [(m.is_open, m.is_ended) for m in trend.marks] == [(True, False)]


def test_the_ends_of_a_slow_change_are_levels_of_one_side_of_what_all_did():
    moved = [1.2 if i >= 55 else 1.0 for i in range(60)]
    suite = [history(f"b{n}", [v * m for v, m in zip(noise(n, 60, 0.005), moved, strict=True)]) for n in range(8)]
    rising = history(
        "r", [v * m * math.exp(0.004 * i) for i, (v, m) in enumerate(zip(noise(9, 60, 0.005), moved, strict=True))]
    )
    trends, _ = judge(*suite, rising)
    (slow,) = trends[-1].slow
    assert slow.after / slow.before == pytest.approx(1.2 * (1 + slow.change), rel=0.03)
    assert slow.shift == pytest.approx(0.2, abs=0.03)
