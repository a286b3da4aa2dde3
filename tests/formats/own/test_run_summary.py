"""Run summaries: what a file says, which of its values win, and how a faulty one is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import LAWS
from records import refused, summary

from perfgate.collect import collect
from perfgate.core.errors import CannotDecideError
from perfgate.core.metrics import CPU, ELAPSED, PEAK_MEMORY, Metric
from perfgate.core.run import Environment
from perfgate.formats.discovery import RunReader, find
from perfgate.formats.own.run_summary import SummaryReader, explain
from perfgate.stats.quantiles import quantile

SEEDS = Path(__file__).parents[2] / "data" / "seed-model-runs"


def parse(document: object, folder: str = ""):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return SummaryReader().parse(content, "a.json", folder)


def test_the_first_run_summaries_give_the_expected_percentiles():
    files, problems = find([str(SEEDS / "smoke")])
    (profile,) = collect(RunReader().read(files)).profiles
    expected = json.loads((SEEDS / "smoke.expected.json").read_text())["results"]
    assert not problems
    assert profile.benchmark == "smoke"
    assert len(expected) == 2
    for row in expected:
        metric = profile.metric(row["metric"])
        scale = 1e6 if row["unit"] == "MB" else 1.0
        assert metric.metric.better == row["direction"]
        assert len(metric.pooled()) == row["n"] == 12
        assert quantile(metric.pooled(), 0.5) == pytest.approx(row["p50"] * scale, rel=1e-12)
        assert quantile(metric.pooled(), 0.95) == pytest.approx(row["p95"] * scale, rel=1e-12)


def test_four_keys_are_enough():
    run = parse(summary("r1", elapsed_sec=0.127, peak_memory_mb=45.6))
    assert run.values == ((ELAPSED, 0.127), (PEAK_MEMORY, 45_600_000.0))
    assert (run.run_id, run.benchmark, run.labels, run.status, run.rows_used) == ("r1", "model_run", (), "ok", 100)
    assert (run.started_at, run.session, run.memory_source, run.commit, run.command) == ("", "", "", "", "")
    assert run.environment == Environment(facts=(), machine_class="unspecified", machine="")
    assert run.origin == "a.json"


def test_every_key_that_is_used_arrives():
    run = parse(
        summary(
            benchmark="train", labels={"b": "2", "a": "1"}, status="failed", started_at="2026-01-31T13:00:00+01:00",
            session="s",
            memory_source="vmhwm", cpu_sec=0.5, commit="c", command="d", schema="perfgate/run/1", unknown={"x": 1},
            environment={"machine": "m", "os": "linux", "arch": "x64"},
            metrics={"wait": {"value": 5, "unit": "ms"}, "score": {"value": 2, "better": "higher"}},
        )
    )  # fmt: skip
    assert (run.benchmark, run.labels, run.status) == ("train", (("a", "1"), ("b", "2")), "failed")
    assert (run.started_at, run.session, run.memory_source, run.commit, run.command) == (
        "2026-01-31T12:00:00.000000Z",
        "s",
        "vmhwm",
        "c",
        "d",
    )
    assert run.environment == Environment(
        facts=(("arch", "x64"), ("os", "linux")), machine_class="linux-x64", machine="m"
    )
    assert run.values[2:] == (
        (CPU, 0.5),
        (Metric(name="wait", unit="s", better="lower"), 0.005),
        (Metric(name="score", unit="1", better="higher"), 2.0),
    )


def test_stages_become_time_and_calls_a_trace_and_a_deadline_a_counted_share():
    run = parse(
        summary(
            traces={"count": 4, "deadline_ms": 200.0, "deadline_misses": 1, "unfinished": 0, "other": 1},
            stages={
                "fetch": {"calls": 12, "total_ns": 800_000_000, "own_ns": 800_000_000},
                "tick_total": {"calls": 4, "total_ns": 1_000_000_000, "own_ns": 200_000_000},
            },
        )
    )
    assert [(m.name, m.unit, m.better, v) for m, v in run.values[2:]] == [
        ("stage:fetch", "s", "lower", 0.2),
        ("calls:fetch", "1", "lower", 3.0),
        ("stage:tick_total", "s", "lower", 0.25),
        ("own:tick_total", "s", "lower", 0.05),  # only where it differs
    ]
    (misses,) = run.series
    assert (misses.metric.name, misses.share) == ("deadline_miss", (1, 4))


def test_stages_without_traces_are_of_one_trace():
    run = parse(summary(stages={"load": {"calls": 2, "total_ns": 5_000_000}}))
    assert [v for _, v in run.values[2:]] == [0.005, 2.0]
    assert run.series == ()


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [
        ({"stages": {"x": 1}}, "/stages/x"),
        ({"stages": {"x": {"calls": -1, "total_ns": 0}}}, "/stages/x/calls"),
        ({"stages": {"x": {"calls": 1}}}, "/stages/x"),
        ({"stages": {"x": {"calls": 1, "total_ns": 0.5}}}, "/stages/x/total_ns"),
        ({"stages": {"": {"calls": 1, "total_ns": 5}}}, "/stages"),
        ({"stages": {"x": {"calls": 1, "total_ns": 5}}, "traces": {"count": 0}}, "/traces/count"),
        ({"traces": {"count": 2, "deadline_misses": 3}}, "/traces/deadline_misses"),
        ({"stages": {"x": {"calls": 1, "total_ns": 5}}, "metrics": {"calls:x": {"value": 1}}}, "/metrics/calls:x"),
    ],
)
def test_stages_and_traces_that_cannot_be_are_refused(stated, pointer):
    with pytest.raises(CannotDecideError) as caught:
        parse(summary(**stated))
    assert any(d.place.endswith(pointer) for d in caught.value.diagnostics), caught.value.diagnostics


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        pytest.param({"elapsed_sec": 0.0, "elapsed_ns": 400_000}, (0.0004, 4e7), id="time"),
        pytest.param({"elapsed_sec": 0.0, "elapsed_ns": 0}, (0.0, 4e7), id="a-time-of-zero"),
        pytest.param({"elapsed_sec": 0.0, "elapsed_ns": 5.0}, (5e-9, 4e7), id="a-whole-number-with-a-point"),
        pytest.param({"peak_memory_mb": 0.0, "peak_memory_bytes": 123}, (0.1, 123.0), id="memory"),
        pytest.param({"peak_memory_mb": 0.0, "peak_memory_bytes": 0}, (0.1, 0.0), id="a-memory-of-zero"),
        pytest.param({}, (0.1, 4e7), id="neither"),
    ],
)
def test_the_unrounded_values_win_over_the_rounded_ones(stated, expected):
    assert tuple(v for _, v in parse({**summary(), **stated}).values) == expected


NS, BYTES = "elapsed_ns", "peak_memory_bytes"


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"elapsed_sec": 5.0, NS: 2_000_000_000}, '"elapsed_sec" is 5, and "elapsed_ns" is 2000000000'),
        ({"elapsed_sec": 5.0, NS: 5_051_000_000}, '"elapsed_sec" is 5, and "elapsed_ns" is 5051000000'),
        ({"elapsed_sec": 5.0, NS: 5_050_000_000}, ""),
        ({"elapsed_sec": 0.0, NS: 1_100_000}, '"elapsed_sec" is 0, and "elapsed_ns" is 1100000'),
        ({"elapsed_sec": 0.0, NS: 999_000}, ""),
        ({"elapsed_sec": 5.0, NS: 0}, '"elapsed_sec" is 5, and "elapsed_ns" is 0'),
        ({"peak_memory_mb": 70.0, BYTES: 9}, '"peak_memory_mb" is 70, and "peak_memory_bytes" is 9'),
        ({"peak_memory_mb": 70.0, BYTES: 70 * 2**20}, '"peak_memory_mb" is 70, and "peak_memory_bytes" is 73400320'),
        ({"peak_memory_mb": 70.0, BYTES: 70_690_000}, ""),
        ({"peak_memory_mb": 0.1, BYTES: 149_999}, ""),
        ({"peak_memory_mb": 0.1, BYTES: 250_000}, '"peak_memory_mb" is 0.1, and "peak_memory_bytes" is 250000'),
    ],
)
def test_rounded_and_unrounded_values_that_contradict_each_other_are_a_fault(stated, told):
    document = {**summary(), **stated}
    if not told:
        assert parse(document)
        return
    (fault,) = refused(parse, document)
    assert fault.place == f"a.json: /{next(iter(stated))}"
    assert fault.message == f"{told}: they contradict each other"


def twice(text, old, new):
    return text.replace(old, f"{old}{new}", 1).encode()


SUMMARY = json.dumps(
    {**summary("r7"), "environment": {"os": "linux"}, "metrics": {"wait": {"value": 3}}, "memo": {"k": 1}}
)


@pytest.mark.parametrize("is_known", [False, True], ids=["first of its shape", "one of many"])
@pytest.mark.parametrize(
    ("content", "key"),
    [
        (twice(SUMMARY, "{", '"elapsed_sec": 9.5, '), "elapsed_sec"),
        (twice(SUMMARY, "{", '"rows_used" : 7, '), "rows_used"),
        (twice(SUMMARY, "{", '"elapsed\\u005fsec": 9.5, '), "elapsed_sec"),
        (twice(SUMMARY, '"environment": {', '"os": "linux", '), "os"),
        (twice(SUMMARY, '"metrics": {', '"wait": {"value": 4}, '), "wait"),
        (twice(SUMMARY, '"wait": {', '"value": 4, '), "value"),
        (twice(SUMMARY, '"memo": {', '"k": [1, {"x": 2}], '), "k"),
        (twice(SUMMARY, "{", '"note": "a\\": 7 \\\\", "note": ":", '), "note"),
        (twice(SUMMARY, "{", '"a1": 1, "a1": 2, '), "a1"),
        (b"\xef\xbb\xbf" + twice(SUMMARY, "{", '"commit": "1", "commit": "2", '), "commit"),
    ],
)
def test_a_key_that_stands_twice_is_a_fault(content, key, is_known):
    reader = SummaryReader()
    if is_known:
        reader.parse(SUMMARY.encode(), "good.json", "")
        distinct = twice(SUMMARY, "{", '"a1": 1, "a2": 2, ')
        reader.parse(distinct, "good.json", "")
        reader.parse(distinct, "good.json", "")
    (fault,) = refused(reader.parse, content, "a.json", "")
    assert fault.message == f'the key "{key}" stands twice'


@pytest.mark.parametrize(
    "more",
    [
        '"x": ": {", ',
        '"x": "\\": 1", ',
        '"a1": 1, "a2": 2, ',
        '"m": {"os": 1}, "n": {"os": 1}, ',
        '"l": [{"k": 1}, {"k": 1}], ',
    ],
)
def test_what_looks_like_a_key_that_stands_twice_is_none(more):
    reader = SummaryReader()
    for _ in range(3):
        assert reader.parse(twice(SUMMARY, "{", more), "a.json", "").run_id == "r7"


def test_the_keys_of_files_of_one_shape_are_counted_once():
    looked_at = []

    class Counting(SummaryReader):
        def _check_keys(self, content, origin):
            looked_at.append(origin)
            super()._check_keys(content, origin)

    reader = Counting()
    for i in range(40):
        content = SUMMARY.replace("r7", f"20261121T{i:06d}-{i * 7919:08x}").encode()
        assert reader.parse(content, f"{i}.json", "").run_id
    assert looked_at == ["0.json"]


@pytest.mark.parametrize(
    ("stated", "folder", "expected"),
    [
        pytest.param("train", "smoke", "train", id="stated"),
        pytest.param(None, "smoke", "smoke", id="the-folder"),
        pytest.param(None, "model_runs", "model_run", id="the-usual-folder-says-nothing"),
        pytest.param(None, "", "model_run", id="no-folder"),
    ],
)
def test_a_benchmark_without_a_name_is_called_after_its_folder(stated, folder, expected):
    assert parse({**summary(), "benchmark": stated}, folder).benchmark == expected


def test_a_byte_order_mark_says_nothing():
    assert parse(b"\xef\xbb\xbf" + json.dumps(summary()).encode()) == parse(summary())
    (fault,) = refused(parse, b"\xef\xbb\xbf{}x")
    assert "not JSON" in fault.message


UNREAD = json.dumps(summary(x="?")).encode()


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        pytest.param(b"", "a.json", "is empty", id="empty"),
        pytest.param(b"{", "a.json", "not JSON", id="cut-off"),
        pytest.param(b"\xff\xfe", "a.json", "not UTF-8", id="not-utf-8"),
        pytest.param(UNREAD.replace(b"?", b"\xff"), "a.json", "not UTF-8", id="not-utf-8-in-what-nothing-reads"),
        pytest.param(b"[]", "a.json", "expected an object", id="a-list"),
        pytest.param(b"[" * 100_000, "a.json", "nested too deeply", id="deep"),
        pytest.param(summary(elapsed_sec=-1), "a.json: /elapsed_sec", "at least 0", id="negative"),
        pytest.param(summary(rows_used=1.5), "a.json: /rows_used", "an integer", id="half-a-row"),
        pytest.param(summary(rows_used=2.0**54), "a.json: /rows_used", "at most 9007199254740992", id="too-many-rows"),
        pytest.param(summary(labels={"a": 1}), "a.json: /labels/a", "a string", id="a-label-that-is-no-text"),
        pytest.param({**summary(), "labels": None}, "a.json: /labels", "an object", id="labels-of-null"),
        pytest.param(summary(environment=["x"]), "a.json: /environment", "an object", id="no-environment"),
        pytest.param(summary(schema="perfgate/run/9"), "a.json: /schema", "perfgate/run/1", id="another-version"),
        pytest.param(summary(metrics={"": {"value": 1}}), "a.json: /metrics", "", id="a-metric-without-a-name"),
        pytest.param(summary(started_at="yesterday"), "a.json: /started_at", "no point", id="no-date"),
        pytest.param(summary(started_at="2026-02-30T00:00:00Z"), "a.json: /started_at", "no point", id="no-day"),
        pytest.param(summary(peak_memory_mb=1e308), "a.json: /peak_memory_mb", "1e+100", id="memory-beyond-range"),
        pytest.param(b'{"run_id": "a", "elapsed_sec": NaN}', "a.json", "NaN is not a number", id="nan"),
        pytest.param(
            summary(metrics={"wait": {"value": 1e100, "unit": "h"}}), "a.json", "no measurement is that far from 1",
            id="beyond-range-in-base-units",
        ),
    ],
)  # fmt: skip
def test_a_faulty_summary_is_refused_with_place_and_hint(content, place, message):
    (fault,) = refused(parse, content)
    assert (fault.slug, fault.place) == ("run-invalid", place)
    assert message in fault.message
    assert "perfgate schema run" in fault.hint


@pytest.mark.parametrize(
    ("schema", "what", "hint"),
    [
        ("perfgate/profile/1", "is a profile", "perfgate check --current a.json judges it"),
        ("perfgate/baseline/1", "is a baseline", "perfgate check --baseline a.json"),
        ("perfgate/report/2", "is the report of a check", "perfgate report a.json"),
    ],
)
def test_another_file_of_perfgate_is_named_with_the_command_that_takes_it(schema, what, hint):
    (fault,) = refused(parse, {"schema": schema, "benchmarks": []})
    assert fault.slug == "run-invalid"
    assert fault.message.startswith(what)
    assert hint in fault.hint
    assert "delete" not in fault.hint


def test_every_fault_of_a_summary_is_told_at_once():
    faults = refused(parse, {"elapsed_sec": "fast", "rows_used": -1})
    assert sorted(f.place for f in faults) == ["a.json", "a.json: /elapsed_sec", "a.json: /rows_used"]
    assert 'the keys "run_id", "peak_memory_mb" are missing' in {f.message for f in faults}


@pytest.mark.parametrize(
    ("more", "reported"),
    [
        pytest.param({"metrics": {"elapsed_sec": {"value": 5, "unit": "s"}}}, ["/metrics/elapsed_sec"], id="time"),
        pytest.param({"metrics": {"cpu": {"value": 5}}, "cpu_sec": 0.1}, ["/metrics/cpu"], id="processor-time"),
        pytest.param(
            {"metrics": {"cpu": {"value": 5}, "cpu_sec": {"value": 5}}}, ["/metrics/cpu", "/metrics/cpu_sec"], id="own"
        ),
        pytest.param({"metrics": {"cpu": {"value": 5}, "loss": {"value": 5}}}, [], id="only-once"),
    ],
)
def test_a_metric_that_a_run_states_twice_is_an_error(more, reported):
    if not reported:
        assert len(parse(summary(**more)).values) == 4
        return
    assert [f.place for f in refused(parse, summary(**more))] == [f"a.json: {place}" for place in reported]


def test_a_summary_that_only_the_decoder_refuses_is_told_in_its_words():
    (fault,) = refused(explain, json.dumps(summary()).encode(), "a.json", "the cause")
    assert (fault.place, fault.message) == ("a.json", "the cause")


def test_what_many_files_state_alike_is_read_once():
    reader = SummaryReader()
    stated = summary(labels={"a": "1"}, environment={"os": "linux"}, metrics={"m": {"value": 1}})
    one, other = (reader.parse(json.dumps({**stated, "run_id": i}).encode(), i, "") for i in "ab")
    assert one.labels is other.labels
    assert one.environment is other.environment
    assert one.values[2][0] is other.values[2][0]


@LAWS
@given(st.integers(0, 10**9), st.sampled_from([("ms", 1), ("us", 1000), ("ns", 10**6)]))
def test_the_unit_in_which_a_metric_is_stated_changes_nothing(milliseconds, spelled):
    unit, factor = spelled
    stated = {"wait": {"value": milliseconds * factor, "unit": unit}}
    assert parse(summary(metrics=stated)).values[2][1] == pytest.approx(milliseconds / 1000, rel=1e-15)


def test_a_time_that_no_clock_could_tell_from_none_is_none():
    assert dict(parse(summary(elapsed_sec=5e-324)).values)[ELAPSED] == 0.0


PROFILE = {
    "function_calls": 26025,
    "fingerprint": "python 3.11, packages 1a2b3c4d",
    "functions": [
        {"function": "score", "file": "rank.py", "line": 9, "calls": 3, "own_ns": 500, "cumulative_ns": 900},
        {"function": "score", "file": "rank.py", "line": 70, "calls": 1, "own_ns": 500, "cumulative_ns": 900},
        {"function": "<sum>", "file": "~", "calls": 7, "own_ns": 0, "cumulative_ns": 0},
    ],
}


def test_a_profile_is_a_count_of_calls_with_interpreter_and_packages_as_its_source():
    run = parse(summary(profile=PROFILE))
    assert {s.source for s in run.series} == {"python 3.11, packages 1a2b3c4d"}
    assert {s.metric.name: (s.metric.unit, s.values) for s in run.series} == {
        "function_calls": ("1", (26025.0,)),
        "function:rank.py:score": ("s", (1e-6,)),
        "function-calls:rank.py:score": ("1", (4.0,)),
        "function:<sum>": ("s", (0.0,)),
        "function-calls:<sum>": ("1", (7.0,)),
    }
    assert parse(summary(profile=None)).series == ()


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [
        ({"profile": {"function_calls": 5}}, "/profile"),
        ({"profile": {**PROFILE, "fingerprint": ""}}, "/profile/fingerprint"),
        ({"profile": {**PROFILE, "function_calls": -1}}, "/profile/function_calls"),
        ({"profile": {**PROFILE, "functions": PROFILE["functions"] * 7}}, "/profile/functions"),
        ({"profile": {**PROFILE, "functions": [{"function": "f"}]}}, "/profile/functions/0"),
        ({"profile": PROFILE, "metrics": {"function_calls": {"value": 5}}}, "/metrics/function_calls"),
        ({"profile": PROFILE, "metrics": {"function:<sum>": {"value": 5}}}, "/metrics/function:<sum>"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(stated, pointer):
    with pytest.raises(CannotDecideError) as caught:
        parse(summary(**stated))
    assert any(d.place.endswith(pointer) for d in caught.value.diagnostics), caught.value.diagnostics
