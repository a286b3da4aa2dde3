"""A file that holds the rows of several days is several sessions, as files of several days are."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import laws

from perfgate.collect import collect, select
from perfgate.core.sources.field_map import FieldMap, FieldValue
from perfgate.formats.discovery import RunReader
from perfgate.formats.foreign import MOST_READ
from perfgate.formats.options import ForeignOptions

START = 1_771_000_000
DAY = 86_400
MAPS = (
    FieldMap(name="app", files=("app*.jsonl",), benchmark="{op}", time="at", values=(FieldValue(value="took_ms"),)),
    FieldMap(name="web", files=("web*.csv",), benchmark="{url}", time="stamp", values=(FieldValue(value="took_ms"),)),
)


def mapped_lines(rows):
    return "".join(json.dumps({"op": "pay", "at": at, "took_ms": ms}) + "\n" for at, ms in rows)


def mapped_table(rows):
    return "url,stamp,took_ms\n" + "".join(f"/pay,{at},{ms}\n" for at, ms in rows)


def jtl(rows):
    return "timeStamp,elapsed,label,responseCode,success\n" + "".join(
        f"{at * 1000},{ms},pay,200,true\n" for at, ms in rows
    )


def jtl_xml(rows):
    samples = "".join(f'<httpSample t="{ms}" ts="{at * 1000}" s="true" lb="pay" rc="200"/>\n' for at, ms in rows)
    return f'<?xml version="1.0"?>\n<testResults version="1.2">\n{samples}</testResults>\n'


def k6_lines(rows):
    head = {"type": "Metric", "metric": "pay", "data": {"type": "trend", "contains": "time"}}
    points = ({"type": "Point", "metric": "pay", "data": {"time": iso(at), "value": ms, "tags": {}}} for at, ms in rows)
    return "".join(json.dumps(line) + "\n" for line in (head, *points))


def iso(at):
    days, seconds = divmod(at - START, DAY)
    return f"2026-02-{1 + days:02}T{8 + seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}Z"


def spans(rows):
    return "".join(
        json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [
            {"name": "pay", "startTimeUnixNano": str(at * 10**9), "endTimeUnixNano": str(at * 10**9 + ms * 10**6)}
        ]}]}]}) + "\n"
        for at, ms in rows
    )  # fmt: skip


def ab_rows(rows):
    return "starttime\tseconds\tctime\tdtime\tttime\twait\n" + "".join(
        f"Mon Feb 02 08:00:00 2026\t{at}\t0\t{ms}\t{ms}\t{ms}\n" for at, ms in rows
    )


def gauges(rows):
    return "".join(
        json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "pay", "unit": "ms", "histogram": {
            "aggregationTemporality": 1, "dataPoints": [{"timeUnixNano": str(at * 10**9), "count": "1", "sum": ms,
            "explicitBounds": [15.0, 25.0, 85.0], "bucketCounts": ["0", str(int(ms < 25)), str(int(ms > 25)), "0"]}],
        }}]}]}]}) + "\n"
        for at, ms in rows
    )  # fmt: skip


FORMS = [
    pytest.param("app.jsonl", mapped_lines, id="mapped-lines"),
    pytest.param("web.csv", mapped_table, id="mapped-table"),
    pytest.param("load.jtl", jtl, id="jmeter"),
    pytest.param("load.xml", jtl_xml, id="jmeter-xml"),
    pytest.param("points.ndjson", k6_lines, id="k6"),
    pytest.param("spans.jsonl", spans, id="otlp-spans"),
    pytest.param("metrics.jsonl", gauges, id="otlp-metrics"),
    pytest.param("load.tsv", ab_rows, id="ab"),
]


def rows(day, count, ms):
    """Return the times and durations of requests that follow each other by a minute."""
    return [(START + day * DAY + 60 * i, ms) for i in range(count)]


def read(folder, files):
    """Return what is current of some files, and the slugs of the notes."""
    paths = []
    for name, content in files.items():
        (folder / name).write_text(content)
        paths.append(str(folder / name))
    reader = RunReader(maps=MAPS)
    selection = select(collect(reader.read(sorted(paths))), every_batch=False)
    assert not reader.problems
    return selection, [n.slug for n in reader.foreign.notes]


def middle(selection):
    (profile,) = selection.profiles
    metric = next(m for m in profile.metrics if m.metric.name != "error_rate" and m.metric.unit == "s")
    return dict(metric.quantiles)["p50"] if metric.quantiles else min(metric.samples[0].values)


@pytest.mark.parametrize(("name", "write"), FORMS)
def test_of_a_file_with_the_rows_of_two_days_the_last_day_is_judged(tmp_path, name, write):
    selection, notes = read(tmp_path, {name: write([*rows(1, 60, 20), *rows(2, 9, 80)])})
    assert middle(selection) > 0.05
    assert selection.superseded_runs() == 1
    assert "rows-hours-apart" in notes


@pytest.mark.parametrize(("name", "write"), FORMS)
def test_a_log_without_hours_of_rest_is_one_session_however_long(tmp_path, name, write):
    long = [(START + 3 * 3600 * i, 20) for i in range(5)] if write is k6_lines else rows(1, 26 * 60, 20)[::30]
    selection, notes = read(tmp_path, {name: write(long)})
    assert selection.superseded_runs() == 0
    assert "rows-hours-apart" not in notes


def test_rows_in_any_order_and_several_files_give_what_one_sorted_file_gives(tmp_path):
    both = [*rows(1, 60, 20), *rows(2, 9, 80)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    mixed, _ = read(tmp_path / "a", {"app.jsonl": mapped_lines(both[::-1])})
    parts, _ = read(tmp_path / "b", {"app1.jsonl": mapped_lines(both[:20]), "app2.jsonl": mapped_lines(both[20:])})
    assert middle(mixed) == middle(parts) == 0.08


@laws(20)
@given(cut=st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_any_division_of_a_log_into_files_leaves_the_same_rows_current(tmp_path_factory, cut):
    everything = [(at, ms + i) for i, (at, ms) in enumerate([*rows(1, 20, 20), *rows(3, 20, 80)])]
    parts = {
        f"app{part}.jsonl": mapped_lines(mine)
        for part in range(4)
        if (mine := [row for row, of in zip(everything, cut, strict=True) if of == part])
    }
    selection, _ = read(tmp_path_factory.mktemp("parts"), parts)
    (profile,) = selection.profiles
    (took,) = (m for m in profile.metrics if m.metric.unit == "s")
    assert sorted(took.samples[0].values) == pytest.approx([ms / 1000 for _, ms in everything[20:]])


def test_a_benchmark_of_the_older_rows_alone_is_not_current(tmp_path):
    both = mapped_lines(rows(1, 5, 20)).replace("pay", "refund") + mapped_lines(rows(2, 5, 80))
    selection, _ = read(tmp_path, {"app.jsonl": both})
    assert [p.benchmark for p in selection.profiles] == ["pay"]
    assert [s.key[0] for s in selection.superseded] == ["refund"]


def test_only_the_last_of_very_many_days_are_read_and_the_note_says_so(tmp_path):
    (tmp_path / "app.jsonl").write_text(mapped_lines([row for day in range(12) for row in rows(day, 2, 20 + day)]))
    reader = RunReader(maps=MAPS)
    assert len(list(reader.read([str(tmp_path / "app.jsonl")]))) == MOST_READ
    (found,) = (n for n in reader.foreign.notes if n.slug == "rows-hours-apart")
    assert "12 sessions" in found.message
    assert "the oldest 4 are left out" in found.message


def test_a_last_day_that_measured_nothing_is_not_replaced_by_the_day_before(tmp_path):
    broken = [(at, -1) for at, _ in rows(2, 1, 0)]
    (tmp_path / "app.jsonl").write_text(mapped_lines([*rows(1, 200, 20), *broken]))
    reader = RunReader(maps=MAPS)
    list(reader.read([str(tmp_path / "app.jsonl")]))
    assert [p.slug for p in reader.problems] == ["format-invalid"]


def faults_of(folder, name, content):
    (folder / name).write_text(content)
    reader = RunReader(maps=MAPS)
    list(reader.read([str(folder / name)]))
    return [p.message for p in reader.problems]


def restated(rows, form):
    return [(datetime.fromtimestamp(at, UTC).strftime(form), ms) for at, ms in rows]


def jtl_of(rows):
    return "timeStamp,elapsed,label,responseCode,success\n" + "".join(f'"{at}",{ms},pay,200,true\n' for at, ms in rows)


CERTAIN = [
    "%d/%b/%Y:%H:%M:%S +0000",
    "%a, %d %b %Y %H:%M:%S +0000",
    "%Y/%m/%d %H:%M:%S.250",
    "%Y%m%dT%H%M%SZ",
    "%Y%m%d%H%M%S",
    "%Y-%m-%d %H:%M:%S UTC",
    "%Y-%m-%dT%H:%M:%S,125+0000",
    "%Y-%m-%d",
]
UNCERTAIN = ["%d.%m.%Y %H:%M:%S", "%m/%d/%y %H:%M:%S", "%d-%m-%Y %H:%M", "%b %d %H:%M:%S", "%H:%M:%S"]


@pytest.mark.parametrize("form", CERTAIN)
@pytest.mark.parametrize(("name", "write"), [("app.jsonl", mapped_lines), ("load.jtl", jtl_of)])
def test_times_in_any_form_whose_month_is_certain_divide_a_file(tmp_path, name, write, form):
    selection, notes = read(tmp_path, {name: write(restated([*rows(1, 70, 20), *rows(3, 11, 80)], form))})
    assert middle(selection) == pytest.approx(0.08)
    assert "rows-hours-apart" in notes


@pytest.mark.parametrize("form", UNCERTAIN)
@pytest.mark.parametrize(
    ("name", "write", "field"), [("web.csv", mapped_table, "stamp"), ("load.jtl", jtl_of, "timeStamp")]
)
def test_times_that_cannot_be_read_are_a_fault_that_names_field_and_example(tmp_path, name, write, field, form):
    stated = restated([*rows(1, 70, 20), *rows(3, 11, 80)], form)
    (message,) = faults_of(tmp_path, name, write(stated))
    assert message.startswith("81 of 81 rows")
    assert f'"{field}", such as "{stated[0][0]}"' in message


def test_a_time_that_the_map_names_and_most_rows_lack_is_a_fault(tmp_path):
    lacking = mapped_lines(rows(1, 30, 20)).replace('"at"', '"when"')
    (message,) = faults_of(tmp_path, "app.jsonl", lacking + mapped_lines(rows(2, 10, 20)))
    assert message == '30 of 40 rows hold no point in time in the field "at"'


def test_a_few_rows_without_a_time_are_as_the_rows_before_them(tmp_path):
    lacking = mapped_lines(rows(2, 4, 80)).replace('"at"', '"when"')
    selection, _ = read(tmp_path, {"app.jsonl": mapped_lines([*rows(1, 30, 20), *rows(2, 9, 80)]) + lacking})
    assert len(selection.profiles[0].metrics[0].samples[0].values) == 13


def test_a_jmeter_file_without_times_is_read_as_one_session(tmp_path):
    content = "elapsed,label,responseCode,success\n" + "21,pay,200,true\n" * 8
    assert faults_of(tmp_path, "load.jtl", content) == []


def prediction(ms, **more):
    return {**more, "event": "prediction_metrics", "series_id": "a", "model_version": "3", "latency_inference_ms": ms}


def performance(ms, **more):
    return {**more, "performance_metrics": {"inference_time_ms": ms, "memory_mb": 70.0}}


def under(key):
    return lambda rows, make: "".join(json.dumps(make(ms, **{key: iso(at)})) + "\n" for at, ms in rows)


def behind_prefix(rows, make):
    return "".join(
        f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S},345 INFO svc.model {json.dumps(make(ms))}\n"
        for at, ms in rows
    )


def inside(rows, make):
    return "".join(
        json.dumps({"performance_metrics": {**make(ms)["performance_metrics"], "ts": at}}) + "\n" for at, ms in rows
    )


@pytest.mark.parametrize(
    ("make", "write"),
    [
        *(
            (make, under(key))
            for make in (prediction, performance)
            for key in ("timestamp", "time", "ts", "@timestamp")
        ),
        (prediction, behind_prefix),
        (performance, behind_prefix),
        (performance, inside),
    ],
)
def test_the_built_in_maps_find_the_time_of_a_row_wherever_loggers_put_it(tmp_path, make, write):
    selection, notes = read(tmp_path, {"svc.log": write([*rows(1, 60, 20), *rows(2, 9, 80)], make)})
    assert "rows-hours-apart" in notes
    (profile,) = selection.profiles
    assert {round(v, 6) for m in profile.metrics if m.metric.unit == "s" for v in m.samples[0].values} == {0.08}


@pytest.mark.parametrize("make", [prediction, performance])
def test_rows_of_a_built_in_map_without_a_time_are_one_session(tmp_path, make):
    content = "".join(f"INFO svc {json.dumps(make(ms, time=ms / 1000))}\n" for _, ms in rows(1, 30, 20))
    assert faults_of(tmp_path, "svc.log", content) == []


@pytest.mark.parametrize("make", [prediction, performance])
def test_a_prefix_whose_day_and_month_could_be_confused_is_a_fault(tmp_path, make):
    content = "".join(f"03.04.2026 10:00:00 INFO {json.dumps(make(ms))}\n" for _, ms in rows(1, 30, 20))
    (message,) = faults_of(tmp_path, "svc.log", content)
    assert "03.04.2026 10:00:00" in message


@pytest.mark.parametrize(
    ("before", "last", "is_refused"),
    [(31, 3, True), (30, 3, False), (400, 19, True), (400, 20, False), (4, 1, False)],
    ids=["less than a tenth", "a tenth", "below twenty", "twenty", "small logs"],
)
def test_a_last_session_of_a_few_stray_rows_is_not_judged_in_place_of_many(tmp_path, before, last, is_refused):
    (tmp_path / "app.jsonl").write_text(mapped_lines([*rows(1, before, 80), *rows(3, last, 20)]))
    reader = RunReader(maps=MAPS)
    collection = collect(reader.read([str(tmp_path / "app.jsonl")]))
    selection = select(collection, every_batch=False)
    assert [p.slug for p in selection.problems] == (["rows-few"] if is_refused else [])
    if is_refused:
        assert f"holds {last} values" in selection.problems[0].message
        assert "the one before (until 2026-02-14T" in selection.problems[0].message
        assert selection.problems[0].message.endswith(f"{before}: too few to be judged in its place")
    assert select(collection, every_batch=False, every_session=True).problems == ()
    assert selection.superseded_values == before


def test_a_file_with_few_values_beside_an_older_file_with_many_is_judged(tmp_path):
    files = {"app1.jsonl": mapped_lines(rows(1, 90, 80)), "app2.jsonl": mapped_lines(rows(3, 4, 20))}
    selection, _ = read(tmp_path, files)
    assert selection.problems == ()
    assert middle(selection) == 0.02


def prometheus(points):
    series = {
        "metric": {"__name__": "wait_seconds", "job": "pay"},
        "values": [[at, str(ms / 1000)] for at, ms in points],
    }
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}})


def test_points_of_prometheus_that_lie_days_apart_are_sessions_unless_each_step_takes_hours(tmp_path):
    def values_of(points):
        (tmp_path / "wait.json").write_text(prometheus(points))
        reader = RunReader(ForeignOptions(direction="lower"))
        selection = select(collect(reader.read([str(tmp_path / "wait.json")])), every_batch=False)
        assert not reader.problems
        return list(selection.profiles[0].metrics[0].samples[0].values)

    assert values_of([*rows(1, 40, 20), *rows(8, 25, 80)]) == [0.08] * 25
    assert values_of([(START + 6 * 3600 * i, 20) for i in range(9)]) == [0.02] * 9
