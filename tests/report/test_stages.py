"""Where the time went, in words: a table for each benchmark that got worse, and names of stages only as names."""

from __future__ import annotations

from gate_cases import finding, profile, verdict

from perfgate.core.finding import Status
from perfgate.core.metrics import Metric
from perfgate.render.markdown.report import render
from perfgate.render.terminal.report import render as in_terminal
from perfgate.report.codec import to_data
from perfgate.report.compose import blocks_of, compose


def side(stages: dict[str, tuple[float, float]]):
    """Return a benchmark by the seconds and the calls a trace of its stages."""
    values: dict[Metric, list[float]] = {}
    whole = sum(seconds for seconds, _ in stages.values())
    for name, (seconds, calls) in stages.items():
        took = whole if name == "tick_total" else seconds
        values[Metric(name=f"stage:{name}", unit="s", better="lower")] = [took] * 3
        values[Metric(name=f"own:{name}", unit="s", better="lower")] = [seconds] * 3
        values[Metric(name=f"calls:{name}", unit="1", better="lower")] = [calls] * 3
    return profile(values)


def worse(was, now):
    return verdict(finding(Status.REGRESSED), baseline=(side(was),), current=(side(now),))


def test_the_first_line_names_the_change_and_the_stage_and_the_table_has_shares_and_calls():
    text = in_terminal(
        compose(worse({"load": (0.010, 1), "query": (0.020, 1)}, {"load": (0.011, 1), "query": (0.119, 8)}))
    )
    assert "train: +100 ms a trace, of which query +99 ms" in text
    row = next(line for line in text.splitlines() if line.startswith("query"))
    assert row.split() == ["query", "20", "ms", "119", "ms", "+99", "ms", "99%", "1", "→", "8"]


def test_time_in_no_stage_has_a_name_of_its_own_and_stages_come_and_go():
    text = in_terminal(
        compose(worse({"tick_total": (0.1, 1), "old": (0.1, 2)}, {"tick_total": (0.5, 1), "new": (0.1, 3)}))
    )
    assert "of which in no stage +400 ms" in text
    rows = {line.split()[0]: line.rstrip().rsplit("  ", 1)[-1].strip() for line in text.splitlines() if "ms" in line}
    assert (rows["old"], rows["new"]) == ("gone: 2", "new: 3")


def test_a_name_of_a_stage_is_only_ever_shown_verbatim():
    evil = "</details><script>`|@here\n::error::x"
    page = render(compose(worse({evil: (0.1, 1)}, {evil: (0.9, 1)})))
    for line in page.splitlines():
        if "script" in line:
            assert line.count("`") >= 2
            assert not line.startswith(("</details>", "::error"))


def test_the_data_of_the_report_has_the_same_numbers_in_seconds():
    (found,) = to_data(worse({"query": (0.1, 1)}, {"query": (0.3, 4)}))["attribution"]
    (stage,) = found["stages"]
    assert found["change"] == 0.2
    assert stage == {
        "stage": "query", "baseline": 0.1, "current": 0.3, "share": 1.0, "calls_baseline": 1.0, "calls_current": 4.0,
    }  # fmt: skip


def test_of_many_benchmarks_the_first_ones_are_attributed():
    names = [f"b{i}" for i in range(30)]
    metric = Metric(name="stage:s", unit="s", better="lower")
    was, now = (tuple(profile({metric: [t] * 3}, name=n) for n in names) for t in (1.0, 2.0))
    one = verdict(*(finding(Status.REGRESSED, benchmark=n) for n in names), baseline=was, current=now)
    (fold,) = [b for b in blocks_of(one, attributed=4) if "Where the time" in str(b)]
    assert len(fold.blocks) == 2 * 4


def overlapping(took: float, query: float):
    values = {"stage:tick_total": took, "own:tick_total": 0.0001, "stage:query": query}
    return profile({Metric(name=n, unit="s", better="lower"): [v] * 3 for n, v in values.items()})


def test_the_change_of_a_trace_and_the_work_of_stages_at_the_same_time_are_said_apart():
    one = verdict(
        finding(Status.REGRESSED), baseline=(overlapping(0.0045, 0.036),), current=(overlapping(0.0087, 0.068),)
    )
    text = " ".join(in_terminal(compose(one)).split())
    assert "train: +4.2 ms a trace; work of stages that ran at the same time +32 ms, of which query +32 ms" in text
    (found,) = to_data(one)["attribution"]
    assert (found["change"], found["work"]) == (0.0042, 0.032)


def test_a_trace_that_took_no_longer_is_not_said_of_its_stages():
    text = in_terminal(
        compose(worse({"query": (0.001, 1), "rest": (0.1, 1)}, {"query": (0.007, 8), "rest": (0.09, 1)}))
    )
    assert "train: a trace took no longer; stages that changed:" in text
