"""Which commits of a step are shown, which steps, and what a chart and a log make of a change of everything."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from trend_cases import found, history, judged, wander

from perfgate.core.bisection import Described
from perfgate.core.history.trends import Commits
from perfgate.core.metrics import Metric
from perfgate.render import render
from perfgate.report.history.common import find_common
from perfgate.report.history.compose import compose_history, compose_log
from perfgate.report.history.ranges import bisect_command, log_command
from perfgate.report.history.steps import find_steps, nearest, open_steps

CHAIN = tuple(f"{n:040x}" for n in range(30, 0, -1))
"""Commits 30 to 1: the newest first."""
LIKELY, WIDEST = Commits(older="likely", newer="14"), Commits(older="widest", newer="30")


def numbers(commits):
    return [int(commit, 16) for commit in commits]


@pytest.mark.parametrize(
    ("likely", "most", "shown"),
    [
        (CHAIN[15:17], 5, [16, 15, 14, 13, 17]),
        (CHAIN[:2], 4, [30, 29, 28, 27]),
        (CHAIN[-1:], 3, [3, 2, 1]),
        (CHAIN[10:20], 4, [20, 19, 18, 17]),
        ((), 3, [16, 15, 14]),
        (CHAIN[3:4], 50, [*range(30, 0, -1)]),
    ],
    ids=["middle", "newest", "oldest", "many", "none", "all"],
)
def test_the_likely_commits_and_those_next_to_them_are_shown(likely, most, shown):
    chosen, more = nearest(LIKELY, WIDEST, found(between={LIKELY: likely, WIDEST: CHAIN}), most)
    assert numbers(chosen) == sorted(shown, reverse=True)
    assert more == 30 - len(shown)


def test_commands_name_commits_without_doubt():
    ends = Commits(older="a" * 40, newer="b" * 40)
    assert bisect_command(ends) == f"perfgate bisect --good {'a' * 12} --bad {'b' * 12} -- CMD"
    assert log_command(ends) == f"git log --oneline {'a' * 12}..{'b' * 12}"


def test_a_change_of_everything_splits_the_level_of_each_value_at_its_own_session():
    moved = [1.2 if n >= 30 else 1.0 for n in range(60)]
    suite = [history(f"b{n}", [v * m for v, m in zip(wander(n, 60), moved, strict=True)]) for n in range(5)]
    late = history("late", [v * m for v, m in zip(wander(9, 40), moved[20:], strict=True)], first=20)
    both = judged(*suite, late)
    for trend in both.trends:
        place = 10 if trend.series.titled == "late" else 30
        assert [*find_common(trend, both.suites)] == [place]
        levels = [(start, end) for start, end, _ in trend.levels]
        assert levels == [(0, place), (place, len(trend.series.points))]
    assert find_common(both.trends[0], ()) == {}


def test_open_steps_are_shown_before_others_and_the_heading_counts_both():
    undone = [history(f"u{n}", [*wander(n, 20), *(1.3 * v for v in wander(n, 20)), *wander(n, 20)]) for n in range(2)]
    many = [history(f"o{n:02}", [*wander(n, 10), *(1.3 * v for v in wander(n, 50))]) for n in range(19)]
    both = found(trends=tuple(t for h in (*undone, *many) for t in judged(h).trends))
    assert len(find_steps(both)) == 23
    words = render(compose_history(both, tool="perfgate"), "text")
    assert "Steps (23, 19 open; 20 are shown)" in words
    assert words.count("  open\n") == 19


def test_a_subject_of_the_likely_range_alone_is_not_all_that_is_shown():
    one = judged(history("a", [*wander(1, 30), *(1.3 * v for v in wander(1, 30))]))
    (step,) = find_steps(one)
    commits = tuple(f"{n:040x}" for n in range(32, 27, -1))
    ranges = {step.mark.widest: commits, step.mark.likely: commits[2:3]}
    named = {c: Described(author="", date="", subject=f"Subject {int(c, 16)}") for c in commits}
    whole = found(trends=one.trends, described=named, between=ranges, distances={e: len(c) for e, c in ranges.items()})
    words = render(compose_history(whole, tool="perfgate"), "text")
    assert "likely 0000000..0000000 (1 commit), widest 0000000..0000000 (5 commits)" in words
    assert [
        words.count(f"Subject {n}{mark}\n")
        for n, mark in zip(range(28, 33), ("", "", " (likely)", "", ""), strict=True)
    ] == [1] * 5
    assert "perfgate bisect" in words
    assert "perfgate bisect" not in render(compose_history(one, tool="perfgate"), "text")  # git knows no commit of it


@pytest.mark.parametrize("compose", [compose_history, compose_log])
def test_what_comes_from_data_stands_in_code_and_nowhere_else_in_markdown(compose):
    hostile = "x | \n\n## All clear\n<!-- @someone <b>"
    metric = Metric(name=f"m{hostile}", unit=f"s{hostile}", better="lower")
    rises = [v * (1 + 0.01 * n + 0.3 * (n >= 20)) for n, v in enumerate(wander(1, 40))]
    one = history(f"b{hostile}", rises, commits=[f"c{hostile}"] * 40)
    sessions = [
        replace(
            s,
            readings={metric.name: replace(s.readings["elapsed"], metric=metric)},
            environment=(("python", f"{n // 20}{hostile}"),),
        )
        for n, s in enumerate(one.sessions)
    ]
    whole = judged(replace(one, machine_class=f"class{hostile}", sessions=tuple(sessions)), anchor=15)
    assert whole.trends[0].marks
    assert whole.trends[0].crept
    words = render(compose(replace(whole, anchor=f"tag{hostile}"), tool="perfgate"), "markdown")
    assert words.count("All clear") > 8
    rest = re.sub(r"(`+) ?[^`\n]+ ?\1", "", words)
    assert "clear" not in rest  # of two words the space may be one that no line breaks at


def test_steps_of_a_value_that_has_many_come_after_others_and_say_so():
    stairs = [v * 1.25 ** (n // 20) for n, v in enumerate(wander(1, 80))]
    one = [v * (1.2 if n >= 10 else 1.0) for n, v in enumerate(wander(2, 80))]
    both = [judged(history("many", stairs)), judged(history("one", one))]
    whole = found(trends=tuple(t for f in both for t in f.trends))
    ranges = {s.mark.widest: (f"{9:040x}",) for s in find_steps(whole)}
    whole = replace(whole, between=ranges, distances=dict.fromkeys(ranges, 1))
    assert [s.is_of_many for s in open_steps(whole)] == [False, True, True, True]
    words = " ".join(render(compose_history(whole, tool="perfgate"), "text").split())
    assert "To find the commit of one elapsed +" in words
    assert words.count("one of many open steps: perhaps a slow change") == 3
    assert "Other open steps: perfgate history many" in words


def test_what_is_worse_than_the_anchor_says_how_much_of_it_is_its_own():
    moved = [1.2 if n >= 30 else 1.0 for n in range(60)]
    own = [v * m * (1.1 if n >= 30 else 1.0) for n, (v, m) in enumerate(zip(wander(9, 60), moved, strict=True))]
    suite = [history(f"b{n}", [v * m for v, m in zip(wander(n, 60), moved, strict=True)]) for n in range(6)]
    words = render(compose_history(judged(*suite, history("own", own), anchor=20), tool="perfgate"), "text")
    table = words[words.index("Worse than") :].splitlines()
    assert table[1].split() == ["Benchmark", "Metric", "Then", "Now", "Change", "Alone"]
    assert re.fullmatch(r"own +elapsed .* \+3[12]\.\d% +\+(9|10)\.\d%", table[2])
    assert re.search(r"all together +elapsed .* \+(19|20)\.\d%", words)
