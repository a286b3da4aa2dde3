"""Logs by a field map: every trap of rows that people write."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest
from cases import values_of
from hypothesis import given, settings
from hypothesis import strategies as st
from mutate import feed, mutated

from perfgate.core.errors import CannotDecideError
from perfgate.core.sources.field_map import FieldMap, FieldValue
from perfgate.formats.contents import read
from perfgate.formats.detect import detect, named
from perfgate.formats.maps import format_of, map_for, map_named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.logs import column
from perfgate.formats.parsing.record import Share, Single, describe
from perfgate.formats.parsing.source import Source
from perfgate.formats.readers.mapped import PERFORMANCE_LOG, PREDICTION_LOG
from perfgate.monitor import PredictionLog
from perfgate.stats.cells import cells_of

TOOK = FieldMap(name="took", benchmark="route", values=(FieldValue(value="took_ms"),))


def a_map(**changes):
    return FieldMap(**{"name": "m", "benchmark": "route", "values": (FieldValue(value="took_ms"),)} | changes)


def contents(text, mapped=TOOK, name="web.jsonl", **options):
    content = text if isinstance(text, bytes) else text.encode()
    return read(Source(name, content=content), format_of(mapped), ForeignOptions(**options))


def found(text, mapped=TOOK, name="web.jsonl", **options):
    got = contents(text, mapped, name, **options)
    return {(r.benchmark, r.metric): [round(v, 9) for v in values_of(r)] for r in got.records}


def skipped(text, mapped=TOOK, name="web.jsonl", **options):
    return [(s.benchmark, s.why) for s in contents(text, mapped, name, **options).skipped]


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def fault(text, mapped=TOOK, name="web.jsonl", **options):
    with pytest.raises(CannotDecideError) as caught:
        contents(text, mapped, name, **options)
    (reported,) = caught.value.diagnostics
    return f"{reported.place}: {reported.message}"


ROWS = [{"route": "a", "took_ms": 5}, {"route": "b", "took_ms": 7.5}, {"route": "a", "took_ms": 9}]
WANTED = {("a", "took"): [0.005, 0.009], ("b", "took"): [0.0075]}
JSON_LINES = lines(*ROWS)
CSV = "route,took_ms\na,5\nb,7.5\na,9\n"


@pytest.mark.parametrize(
    "text",
    [
        JSON_LINES,
        JSON_LINES.replace("\n", "\r\n"),
        "\ufeff" + JSON_LINES,
        JSON_LINES.encode("utf-16"),
        gzip.compress(JSON_LINES.encode(), mtime=0),
        JSON_LINES.rstrip("\n"),
        "\n\n" + JSON_LINES.replace("\n", "\n\n"),
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "".join(json.dumps(row, indent=2) + "\n" for row in ROWS),
        CSV,
        CSV.replace("\n", "\r\n"),
        "\ufeff" + CSV,
        CSV.encode("utf-16"),
        gzip.compress(CSV.encode(), mtime=0),
        CSV.replace(",", "\t"),
        CSV.replace(",", ";"),
        "\n" + CSV.replace("\n", "\n\n"),
        CSV.replace("a,", '"a",'),
    ],
    ids=[
        "lines", "crlf", "bom", "utf-16", "gzip", "no last end", "blank lines", "array", "array over lines",
        "objects over lines", "csv", "csv crlf", "csv bom", "csv utf-16", "csv gzip", "tsv", "semicolons", "csv blank",
        "csv quoted",
    ],
)  # fmt: skip
def test_every_way_to_write_rows_gives_the_same(text):
    assert found(text) == WANTED


def test_many_batches_give_what_their_rows_give():
    rows = [{"route": f"r{i % 3}", "took_ms": (i + 1) / 8} for i in range(5000)]
    want = {(f"r{k}", "took"): [round((i + 1) / 8000, 9) for i in range(5000) if i % 3 == k] for k in range(3)}
    table = "route,took_ms\n" + "".join(f"{row['route']},{row['took_ms']}\n" for row in rows)
    assert found(lines(*rows)) == want
    assert found(table) == want


def test_the_record_says_unit_direction_kind_and_count():
    (record,) = contents(lines({"route": "a", "took_ms": 5, "at": 1_795_221_493_660}), a_map(time="at")).records
    assert (record.unit, record.better, record.payload.kind, record.count, record.is_mean) == (
        "s",
        "lower",
        "samples",
        1,
        False,
    )
    assert record.started_at == "2026-11-21T00:38:13.660000Z"


def test_a_direction_that_nothing_says_is_the_one_that_was_asked_for_and_never_left_out():
    mapped = a_map(values=(FieldValue(value="took_ms"), FieldValue(value="score")))
    text = lines({"route": "a", "score": 5, "took_ms": 1})
    with pytest.raises(CannotDecideError, match="does not say which way is better, for score"):
        contents(text, mapped)
    mapped = a_map(values=(FieldValue(value="score"),))
    assert [r.better for r in contents(text, mapped, direction="higher").records] == ["higher"]


def test_names_are_made_of_fields_texts_and_labels_in_order():
    mapped = a_map(benchmark="{route} by {who.id}", labels=("z", "b"))
    row = {"route": "é/µ", "who": {"id": 7}, "took_ms": 1, "b": True, "z": "x y"}
    assert list(found(lines(row), mapped)) == [("é/µ by 7[z=x y,b=true]", "took")]
    assert list(found(lines(row | {"z": None}), mapped)) == [("é/µ by 7[b=true]", "took")]


def test_without_a_name_it_is_the_file_s_stem():
    assert list(found(lines({"took_ms": 1}), a_map(benchmark=""), "logs/web.jsonl.gz")) == [("web", "took")]


def test_a_key_that_holds_dots_is_found_before_a_path():
    mapped = a_map(values=(FieldValue(value="http.took_ms"),))
    assert found(lines({"route": "a", "http.took_ms": 5}), mapped) == {("a", "took"): [0.005]}
    assert found(lines({"route": "a", "http": {"took_ms": 5}}), mapped) == {("a", "took"): [0.005]}
    assert skipped(lines(*ROWS[:1] * 2, {"route": "c", "took_ms": 3, "http": 3}), mapped=a_map()) == []


@pytest.mark.parametrize("good", [True, 1, "ok", "OK", "true", 200, 399, "204", 201.0, "success"])
def test_a_row_counts_when_it_says_so(good):
    text = lines({"route": "a", "took_ms": 5, "ok": good})
    assert found(text, a_map(ok="ok")) == {("a", "took"): [0.005], ("a", "error_rate"): [0.0]}


@pytest.mark.parametrize("bad", [False, 0, "false", "error", 500, 404, "199", 400, None, "", [], {}, 2, -1])
def test_a_row_that_does_not_say_so_is_a_failure_and_no_value(bad):
    text = lines({"route": "a", "took_ms": 5, "ok": True}, {"route": "a", "took_ms": 0.001, "ok": bad})
    assert found(text, a_map(ok="ok")) == {("a", "took"): [0.005], ("a", "error_rate"): [0.5]}
    (rate,) = [r for r in contents(text, a_map(ok="ok")).records if r.metric == "error_rate"]
    assert (rate.payload.kind, rate.unit, rate.better, rate.count) == ("value", "1", "lower", 2)


def test_a_field_that_no_row_has_is_a_failure_of_all_and_not_a_pass():
    text = lines({"route": "a", "took_ms": 5, "ok": True})
    assert "failed, in all of 1 rows" in fault(text, a_map(ok="okay"))


def test_of_a_benchmark_that_only_failed_the_error_rate_is_kept():
    text = lines({"route": "a", "took_ms": 5, "ok": 200}, {"route": "b", "took_ms": 1, "ok": 500})
    records = [r for r in contents(text, a_map(ok="ok")).records if r.benchmark == "b"]
    assert [(r.metric, values_of(r), r.count) for r in records] == [("error_rate", [1.0], 1)]
    assert skipped(text, a_map(ok="ok")) == [("b", "failed, in all of 1 rows")]


def test_a_missing_value_skips_the_value_and_not_the_row():
    mapped = a_map(ok="ok", values=(FieldValue(value="took_ms"), FieldValue(value="size_bytes")))
    rows = ({"took_ms": None, "size_bytes": 3}, {"size_bytes": 4}, {"took_ms": 5, "size_bytes": ""}, {"took_ms": 6})
    got = contents(lines(*({"route": "a", "ok": 1} | row for row in rows)), mapped)
    assert {r.metric: (r.count, list(values_of(r))) for r in got.records} == {
        "took": (2, [0.005, 0.006]),
        "size": (2, [3, 4]),
        "error_rate": (4, [0.0]),
    }
    assert got.skipped == ()


@pytest.mark.parametrize(
    "odd", ["NaN", "Infinity", "-Infinity", "1e999", '"NaN"', '"inf"', '"1_000"', '"n/a"', "[1]", "{}", "9" * 400]
)
def test_what_is_no_number_is_left_out_and_told(odd):
    text = JSON_LINES + f'{{"route": "a", "took_ms": {odd}}}\n'
    assert found(text) == WANTED
    assert skipped(text) == [("field took_ms", "1 value is no number, the first in line 4")]


@pytest.mark.parametrize("odd", ["NaN", "-Infinity", "1e999", '"timeout"', "[]"])
@pytest.mark.parametrize("kind", ["lines", "array", "table"])
def test_more_values_that_are_no_numbers_than_the_tolerance_are_an_error(odd, kind):
    cells = [odd if i in {6, 40, 41} else "2" for i in range(120)]
    rows = [f'{{"route": "a", "took_ms": {cell}}}' for cell in cells]
    table = "route,took_ms\n" + "".join(f"a,{cell.strip(chr(34))}\n" for cell in cells)
    text = {"lines": "\n".join(rows), "array": f"[{','.join(rows)}]", "table": table}[kind]
    first = {"lines": "line 7", "array": "item 7", "table": "line 8"}[kind]
    told = fault(text)
    assert 'web.jsonl: 3 of 120 rows hold no finite number in the field "took_ms"' in told
    assert told.endswith(first)
    assert len(found(text, tolerance=0.03)["a", "took"]) == 117
    assert "no finite number" in fault(text.replace(odd.strip('"'), "2", 2), tolerance=0.0)


@pytest.mark.parametrize("kind", ["lines", "table"])
@pytest.mark.parametrize("odd", ["0", "-3", "-0.0", "0e0"])
def test_times_of_zero_or_below_are_no_measurement(odd, kind):
    cells = [odd if i in {4, 9} else "7" for i in range(40)]
    lined = "".join(f'{{"route": "a", "took_ms": {cell}}}\n' for cell in cells)
    text = lined if kind == "lines" else "route,took_ms\n" + "".join(f"a,{cell}\n" for cell in cells)
    first = 5 if kind == "lines" else 6
    told = "web.jsonl: 2 of 40 rows hold a time or size of zero or below in the field"
    assert fault(text) == f'{told} "took_ms"; the first is line {first}'
    assert found(text, tolerance=0.1) == {("a", "took"): [0.007] * 38}


def test_one_time_of_zero_is_left_out_and_told_and_a_log_of_nothing_else_holds_nothing():
    text = JSON_LINES + '{"route": "a", "took_ms": 0.0}\n'
    assert found(text) == WANTED
    assert skipped(text) == [("field took_ms", "1 value is zero or below, the first in line 4")]
    assert "holds nothing that was measured" in fault('{"route": "a", "took_ms": 0}\n')


def test_a_label_or_value_that_no_row_of_json_lines_holds_is_named_with_the_nearest_key():
    mapped = a_map(labels=("regoin",), values=(FieldValue(value="took_ms"), FieldValue(value="wait_ms")))
    rows = lines({"route": "a", "took_ms": 1.5, "region": "eu"}, {"route": "a", "took_ms": 2.5})
    assert skipped(rows, mapped) == [
        ("field regoin", 'no row holds it; did you mean "region"?'),
        ("field wait_ms", "no row holds it: correct the map"),
    ]
    late = lines({"route": "a", "took_ms": 1.5}, {"route": "a", "took_ms": 2.5, "regoin": "eu", "wait_ms": 1.0})
    assert skipped(late, mapped) == []


def test_zeros_of_failed_rows_do_not_count():
    rows = [{"route": "a", "ok": 1, "took_ms": 6}] * 3 + [{"route": "a", "ok": 0, "took_ms": 0}] * 3
    assert found(lines(*rows), a_map(ok="ok"))["a", "took"] == [0.006] * 3


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (FieldValue(value="v", unit="KiB", better="lower"), None),
        (FieldValue(value="v", unit="min", better="lower"), None),
        (FieldValue(value="v", unit="MB", better="lower", allow_zero=True), [-2e6, 0, 1e6]),
        (FieldValue(value="v", unit="1", better="lower"), [-2, 0, 1]),
        (FieldValue(value="v", unit="/s", better="higher"), [-2, 0, 1]),
        (FieldValue(value="v", unit="points", better="higher"), [-2, 0, 1]),
        (FieldValue(value="v", better="lower"), [-2, 0, 1]),
    ],
    ids=["sizes", "times", "allowed", "numbers", "rates", "unit of its own", "no unit"],
)
def test_only_times_and_sizes_must_be_above_zero(value, want):
    text = lines(*[{"route": "a", "v": v} for v in (-2, 0, 1)])
    if want is None:
        assert "2 of 3 rows hold a time or size of zero or below" in fault(text, a_map(values=(value,)))
    else:
        assert found(text, a_map(values=(value,))) == {("a", "v"): want}


def test_a_share_that_is_nan_is_counted_too():
    mapped = a_map(values=(FieldValue(value="hit", metric="hit_rate", share=True, better="higher"),))
    text = '{"route": "a", "hit": true}\n' * 50 + '{"route": "a", "hit": NaN}\n' * 9
    assert '9 of 59 rows hold no finite number in the field "hit"; the first is line 51' in fault(text, mapped)


def test_rows_named_by_nan_are_broken_rows():
    text = JSON_LINES + '{"route": NaN, "took_ms": 3}\n' * 7
    assert "7 of 10 lines cannot be read; the first is line 4" in fault(text)


@pytest.mark.parametrize(("there", "flags"), [(6, ()), (5, ()), (4, ("gaps",)), (0, ("gaps",))])
def test_a_value_that_most_good_rows_lack_is_flagged(there, flags):
    mapped = a_map(ok="ok", values=(FieldValue(value="took_ms"), FieldValue(value="wait_ms")))
    good = [{"route": "a", "ok": 1, "took_ms": 5} | ({"wait_ms": 2} if i < there else {}) for i in range(10)]
    bad = [{"route": "a", "ok": 0}] * 30
    records = contents(lines(*good, *bad), mapped).records
    assert {r.flags for r in records if r.metric != "error_rate"} == {flags}


def test_a_map_that_is_built_in_asks_for_no_value_that_no_row_has():
    texts = [lines(*[{"performance_metrics": {"latency_ms": 5} | more}] * 9) for more in ({}, {"memory_mb": 2})]
    assert {r.flags for r in contents(texts[0], PERFORMANCE_LOG).records} == {()}
    assert {r.flags for r in contents(texts[0] + texts[1], PERFORMANCE_LOG).records} == {()}
    assert {r.flags for r in contents(texts[0] * 2 + texts[1], PERFORMANCE_LOG).records} == {("gaps",)}


@pytest.mark.parametrize("odd", ["nan", "inf", "1_000", "n/a", "0x10", "[1]", "null", "true"])
def test_what_is_no_number_in_a_table_is_left_out_and_told(odd):
    assert found(CSV + f"a,{odd}\n") == WANTED
    assert skipped(CSV + f"a,{odd}\n") == [("field took_ms", "1 value is no number, the first in line 5")]


@pytest.mark.parametrize("cell", ["+5", " 5 ", "5.", ".5e1", "5e0", "005", '"5"'])
def test_numbers_of_a_table_may_be_written_as_python_reads_them(cell):
    assert found(f"route,took_ms\na,{cell}\n") == {("a", "took"): [0.005]}


def test_a_cell_with_the_separator_inside_is_one_cell_and_no_two_numbers():
    assert found('route,took_ms\na,"1,2"\nb,3\n') == {("b", "took"): [0.003]}


def test_empty_cells_are_no_values():
    assert found("route,took_ms\na,\na,5\n") == {("a", "took"): [0.005]}
    assert skipped("route,took_ms\na,\na,5\n") == []


def test_where_leaves_other_rows_alone():
    mapped = a_map(where=(("event", "done"), ("try", 1), ("cold", False)))
    good = {"route": "a", "event": "done", "try": 1, "cold": False, "took_ms": 5}
    others = [good | {"event": "x"}, good | {"try": 2}, good | {"cold": 0}, good | {"cold": True}, {"route": 3}]
    assert found(lines(good, *others), mapped) == {("a", "took"): [0.005]}
    table = "route,event,try,cold,took_ms\na,done,1,false,5\na,done,2,false,6\na,done,1,True,7\na,x,1,false,8\n"
    assert found(table, mapped) == {("a", "took"): [0.005]}


def test_no_row_of_the_map_is_one_clear_error():
    assert 'no row with event = done, which the map "m" asks for' in fault(
        JSON_LINES, a_map(where=(("event", "done"),))
    )


def test_three_broken_lines_of_many_are_counted_and_the_first_is_named():
    rows = [JSON_LINES.splitlines()[0]] * 1000
    rows[16], rows[500], rows[999] = '{"route": "a", "took', "plain text", "[1, 2]"
    text = "\n".join(rows)
    assert len(found(text)["a", "took"]) == 997
    ((_, why),) = skipped(text)
    assert why.startswith("3 of 1,000 lines cannot be read; the first is line 17: not JSON: ")


def test_more_broken_lines_than_the_tolerance_are_an_error():
    text = JSON_LINES * 10 + "{\n{\n"
    assert "2 of 32 lines cannot be read; the first is line 31: not JSON" in fault(text)
    assert len(found(text, tolerance=0.1)) == 2


def test_one_broken_line_is_borne_unless_none_may_be():
    text = JSON_LINES + '{"route": "a", "took'
    assert found(text) == WANTED
    assert "the first is line 4: not JSON" in fault(text, tolerance=0.0)


def test_text_between_rows_is_nobody_s_business_when_the_map_chooses_rows():
    rows = [{"event": "e"} | row for row in ROWS]
    noise = "INFO started\nnull\n42\n[warning] x\n" + "\n".join(f"GET /{i}" for i in range(100))
    mapped = a_map(where=(("event", "e"),))
    assert found(noise + "\n" + lines(*rows), mapped) == WANTED
    assert skipped(noise + "\n" + lines(*rows), mapped) == []
    assert "cannot be read" in fault(noise + "\n" + lines(*rows))


@pytest.mark.parametrize("name", [None, "", [1], {"a": 1}, "x" * 501])
def test_rows_whose_benchmark_cannot_be_named_are_broken_rows(name):
    text = lines(*ROWS, {"route": name, "took_ms": 3})
    assert found(text) == WANTED
    ((_, why),) = skipped(text)
    assert "the first is line 4" in why
    assert "line 4" in fault(text * 4)


def test_rows_of_another_width_are_broken_rows():
    text = CSV + "a,5,6\na\n" + "b,1\n" * 300
    ((_, why),) = skipped(text)
    assert why == "2 of 305 lines cannot be read; the first is line 5: 3 cells in place of 2"


def test_a_quote_that_is_not_closed_swallows_lines_that_are_counted():
    text = CSV + '"a,5\n' + "b,1\n" * 60_000
    assert "of 60,004 lines cannot be read" in fault(text)


def test_line_numbers_count_line_ends_inside_cells():
    text = 'route,took_ms\n"a\nb",5\nc,1,2\n' + "b,1\n" * 300
    assert ("a\nb", "took") in found(text)
    assert "the first is line 4" in skipped(text)[0][1]


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    assert 'no column "took_ms"; there are "route", "ms"' in fault("route,ms\na,5\n")
    assert 'two columns "took_ms"' in fault("route,took_ms,took_ms\na,5,5\n")


def test_a_field_with_a_value_of_its_own_in_each_row_is_no_name():
    rows = "".join(f"r{i},1\n" for i in range(10_001))
    assert "more than 10,000 benchmarks" in fault("route,took_ms\n" + rows)


def test_an_array_that_is_cut_off_is_one_clear_error():
    assert "not JSON" in fault(json.dumps(ROWS)[:-5])
    assert "not JSON" in fault(json.dumps(ROWS[0], indent=1)[:-5])


def test_a_share_is_the_part_of_rows_where_it_is_true():
    mapped = a_map(values=(FieldValue(value="hit", metric="hit_rate", share=True, better="higher"),))
    (record,) = contents(lines(*({"route": "a", "hit": h} for h in (True, False, 1, "true", None))), mapped).records
    assert (record.payload.kind, record.count, list(values_of(record)), record.unit) == ("value", 4, [0.75], "1")


PREDICTION = {
    "event": "prediction_metrics", "series_id": "s", "model_version": "v1", "latency_inference_ms": 1.5,
    "latency_logging_ms": 2, "latency_total_ms": 3.5, "cache_hit": True, "anomaly": False,
}  # fmt: skip


def test_a_prediction_log_is_found_behind_other_lines():
    text = "server started\n" + lines({"event": "startup"}, PREDICTION, PREDICTION | {"latency_logging_ms": None})
    source = Source("log.txt", content=text.encode())
    known = detect(source)
    assert known is not None
    assert known.name == "prediction-log"
    got = read(source, known, ForeignOptions())
    assert {(r.benchmark, r.metric): r.count for r in got.records} == {
        ("s/v1", "latency_inference"): 2, ("s/v1", "latency_logging"): 1, ("s/v1", "latency_total"): 2,
        ("s/v1", "logging_share"): 1, ("s/v1", "cache_hit_rate"): 2, ("s/v1", "anomaly_rate"): 2,
    }  # fmt: skip


def read_log(text):
    source = Source("log.jsonl", content=text.encode())
    known = detect(source)
    return {(r.benchmark, r.metric): r.payload for r in read(source, known, ForeignOptions()).records}


def test_predictions_that_failed_count_for_the_error_rate_alone_and_one_that_says_nothing_did_not():
    failed = {**PREDICTION, "ok": False, "latency_total_ms": 9_000.0}
    got = read_log(lines(PREDICTION, failed, {**PREDICTION, "ok": True}))
    assert got["s/v1", "error_rate"] == Share(hits=1, of=3)
    assert max(got["s/v1", "latency_total"].values) < 9.0
    assert ("s/v1", "error_rate") not in read_log(lines(PREDICTION, PREDICTION)), "nobody says that none failed"


@pytest.mark.parametrize(
    ("rows", "rate"),
    [
        pytest.param([{"timestamp": f"2026-01-01T00:00:{s:02}Z"} for s in range(11)], 1.0, id="a row a second"),
        pytest.param([{"timestamp": "2026-01-01T00:00:01Z"}] * 5, None, id="no time passed"),
        pytest.param([{"timestamp": f"2026-01-01T00:00:{s:02}Z"} for s in range(10)], None, id="too short"),
        pytest.param([{}] * 5, None, id="no times"),
        pytest.param(
            [{"timestamp": "2026-01-01T00:00:01Z"}, {}, {"timestamp": "2026-01-01T00:00:09Z"}], None, id="gap"
        ),
    ],
)
def test_a_log_with_the_time_of_each_row_has_a_throughput(rows, rate):
    found = read_log(lines(*(PREDICTION | row for row in rows))).get(("s/v1", "throughput"))
    assert found == (None if rate is None else Single(value=pytest.approx(rate)))


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([{"log_ms": 3, "all_ms": 10}, {"log_ms": 9, "all_ms": 90}], 0.12),
        ([{"log_ms": 5, "all_ms": None}, {"log_ms": 5, "all_ms": 25}], 0.2),
        ([{"all_ms": 30}, {"log_ms": None, "all_ms": 10}, {"log_ms": 10, "all_ms": 10}], 0.2),
    ],
)
def test_a_value_over_another_is_the_share_of_their_sums(rows, share):
    mapped = a_map(values=(FieldValue(value="log_ms", over="all_ms"),), benchmark="")
    (record,) = contents(lines(*rows), mapped).records
    assert (record.metric, record.unit, record.better) == ("log_share", "1", "lower")
    assert record.payload == Single(value=pytest.approx(share))


def test_predictions_whose_time_was_no_number_are_broken_rows(tmp_path):
    log = PredictionLog(tmp_path / "log.jsonl")
    for latency in (1.0, 2.0, 3.0, math.inf, math.nan):
        log.write(latency_total_ms=latency)
    with pytest.raises(CannotDecideError, match='2 of 5 rows hold no finite number in the field "latency_total_ms"'):
        read_log((tmp_path / "log.jsonl").read_text())


def test_a_log_in_any_order_has_the_throughput_of_its_first_and_last_time():
    rows = [PREDICTION | {"timestamp": f"2026-01-01T00:00:{s:02}Z", "series_id": "ab"[s % 2]} for s in range(21)]
    got = read_log(lines(*rows[10:], *rows[:10]))
    assert got["log", "throughput"] == Single(value=1.0), "of all series together"
    assert got["a/v1", "throughput"] == Single(value=0.5)


def test_a_field_that_is_also_divided_counts_what_is_wrong_with_it_once():
    rows = [PREDICTION | {"latency_logging_ms": "x"}] * 7 + [PREDICTION] * 993
    source = Source("log.jsonl", content=lines(*rows).encode())
    got = read(source, detect(source), ForeignOptions())
    assert [s.why for s in got.skipped] == ["7 values are no numbers, the first in line 1"]


def test_a_row_whose_value_or_whole_is_no_number_counts_in_no_share():
    rows = [*[{"log_ms": 1, "all_ms": 4}] * 99, {"log_ms": "x", "all_ms": 400}]
    mapped = a_map(values=(FieldValue(value="log_ms", over="all_ms"),), benchmark="")
    (record,) = contents(lines(*rows), mapped).records
    assert record.payload == Single(value=pytest.approx(0.25))
    assert "holds nothing that was measured" in fault(lines({"log_ms": 1, "all_ms": 0}), mapped)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda m: {"performance_metrics": m},
        lambda m: {"timestamp": "2026-01-01T00:00:00Z", "level": "INFO", "performance_metrics": m},
        lambda m: {"level": "INFO", "message": {"performance_metrics": m}},
        lambda m: {"level": "INFO", "message": json.dumps({"performance_metrics": m})},
        lambda m: {"text": "x", "record": {"extra": {"performance_metrics": m}, "level": {"name": "INFO"}}},
    ],
    ids=["bare", "beside", "inside", "as text", "deep"],
)
def test_a_performance_log_is_found_however_the_logger_wraps_it(wrap):
    text = lines({"level": "INFO", "message": "other"}, wrap({"latency_ms": 5, "function_calls": 7, "memory_mb": 2.5}))
    source = Source("api.log", content=text.encode())
    known = detect(source)
    assert known is not None
    assert known.name == "performance-log"
    got = {(r.benchmark, r.metric): (list(values_of(r)), r.unit) for r in read(source, known, ForeignOptions()).records}
    assert got == {
        ("api", "latency"): ([0.005], "s"), ("api", "memory"): ([2.5e6], "B"), ("api", "function_calls"): ([7], "1"),
    }  # fmt: skip


def test_maps_are_found_by_name_and_by_file():
    own = a_map(name="web", files=("logs/*.jsonl", "*.tsv"))
    assert map_named("web", [own]) is own
    assert map_named("prediction-log", []) is PREDICTION_LOG
    assert map_named("performance-log", [own]) is PERFORMANCE_LOG
    assert map_for("logs/a.jsonl", [TOOK, own]) is own
    assert map_for("deep/down/a.tsv", [TOOK, own]) is own
    assert map_for("a.csv", [TOOK, own]) is None
    packed = a_map(name="packed", files=("*.tsv.gz",))
    assert map_for("a.tsv.gz", [own]) is own
    assert map_for("a.tsv.gz", [own, packed]) is packed
    with pytest.raises(CannotDecideError, match='no map "wob"'):
        map_named("wob", [own])
    assert named("prediction-log").load()


@pytest.mark.parametrize("content", [b"PAR1" + bytes(50), gzip.compress(b"PAR1" + bytes(50), mtime=0)])
def test_parquet_is_refused_with_the_command_that_reads_it(content):
    with pytest.raises(CannotDecideError) as caught:
        read(Source("day 1.parquet", content=content), format_of(TOOK), ForeignOptions())
    (fault,) = caught.value.diagnostics
    assert (fault.slug, fault.message) == ("format-unread", "is Parquet, which a field map reads with --engine alone")
    assert "perfgate collect --engine local 'day 1.parquet'" in fault.hint
    assert "perfgate[scale]" in fault.hint


def test_values_are_finite_whatever_the_rows_hold():
    text = lines(*ROWS) + '{"route": "a", "took_ms": 1e308}\n{"route": "a", "took_ms": 1e308}\n' * 2
    assert all(math.isfinite(v) for r in contents(text).records for v in values_of(r))


SPOILT = a_map(benchmark="{route}/{a.b}", labels=("x",), ok="status", time="at")
GOOD = (
    "at,route,a.b,x,status,took_ms\n"
    + "".join(f'179522149{i},"page {i % 3}",b,{i % 2},{500 if i % 7 == 0 else 200},{i}.5\n' for i in range(60))
).encode()


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_a_spoilt_table_gives_records_or_one_clear_error(random):
    assert feed(format_of(SPOILT), Path("web.csv"), GOOD) > 0
    feed(format_of(SPOILT), Path("web.csv"), mutated(random, GOOD))


@pytest.mark.parametrize(
    "prefix",
    [
        "2026-02-03 04:05:06,789 INFO web ",
        "INFO:web.calls:",
        "[2026-02-03T04:05:06Z] [INFO] ",
        '2026-02-03 | WARNING | web:call:7 - request {"id"} done: ',
        "Feb  3 04:05:06 host web[12]: ",
    ],
)
def test_an_object_behind_the_prefix_of_a_logger_is_read(prefix):
    log = [f'{prefix}{{"performance_metrics": {{"latency_ms": {ms}}}}}' for ms in (7.5, 8.5)]
    source = Source("web.log", content="\n".join(["2026-02-03 started", *log, "a {text} line }"]).encode())
    known = detect(source)
    assert known.name == "performance-log"
    (record,) = read(source, known, ForeignOptions()).records
    assert values_of(record) == [0.0075, 0.0085]


def test_a_table_with_objects_in_its_cells_stays_a_table():
    table = contents('took_ms\troute\n5\t{"a": 1}\n6\t{"a": 1}\n', name="web.tsv")
    assert [values_of(r) for r in table.records] == [[0.005, 0.006]]


@pytest.mark.parametrize("prefix", ["", "INFO ", "02-03 04:05 | INFO | ", 'INFO request {"id"} done: ', "[web] "])
@pytest.mark.parametrize("kept", [8, 40, -2, -1])
def test_an_object_behind_a_prefix_that_is_cut_off_is_a_broken_line(prefix, kept):
    row = json.dumps(PREDICTION | {"tags": {"zone": "b"}})
    text = f"INFO {row}\n" * 4 + f"{prefix}{row[:kept]}\n" * 36
    assert "36 of 40 lines cannot be read; the first is line 5: not JSON" in fault(text, PREDICTION_LOG)
    assert "36 of 40 lines cannot be read" in skipped(text, PREDICTION_LOG, tolerance=0.95)[0][1]


@pytest.mark.parametrize(
    "text", ['GET {"a": 1} took 5 ms', 'request {"id"} done', "set {a, b", 'A {"a": NaN} {"b": []} done', "INFO {"]
)
def test_a_line_of_text_that_holds_no_object_to_its_end_stays_nobody_s_business(text):
    assert skipped(lines(PREDICTION) + f"{text}\n" * 30, PREDICTION_LOG) == []


@pytest.mark.parametrize("name", ["web.csv", "web.jsonl"])
@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_said_to_be_empty(name, text):
    with pytest.raises(CannotDecideError, match="is empty"):
        contents(text, name=name)


def test_a_log_of_many_rows_is_kept_as_counts_by_cell_and_says_the_same(monkeypatch):
    rows = [{"route": "a", "took_ms": 1.0 + n % 997} for n in range(3_000)]
    (whole,) = contents(lines(*rows)).records
    monkeypatch.setattr(column, "MOST_KEPT", 1_000)
    (folded,) = contents(lines(*rows)).records
    assert (folded.count, list(folded.payload.values)) == (3_000, [])
    assert list(folded.payload.cells) == cells_of(sorted(whole.payload.values))
    assert describe(folded)["p95"] == pytest.approx(describe(whole)["p95"], rel=1e-3)


def test_of_columns_that_are_not_there_the_one_that_names_the_benchmark_comes_first():
    mapped = a_map(ok="status", where=(("kind", "x"),), time="at")
    assert fault("a,b\n1,2\n", mapped, "web.csv").startswith('web.csv: has no column "route"')
    assert 'no column "took_ms"' in fault("route,b\n1,2\n", mapped, "web.csv")
    assert 'no column "kind"' in fault("route,took_ms\n1,2\n", mapped, "web.csv")
    assert 'no column "status"' in fault("route,took_ms,kind\n1,2,x\n", mapped, "web.csv")


def test_first_and_last_time_are_those_of_all_rows_whatever_their_order_and_their_digits():
    times = ["2026-02-03T10:00:01Z", "2026-02-03T10:59:59.5Z", "2026-02-03T10:00:00Z", "2026-02-03T10:30:00.25Z"]
    rows = lines(*({"route": "a", "took_ms": 5, "at": at} for at in times))
    (record,) = [r for r in contents(rows, a_map(time="at")).records if r.metric == "took"]
    assert (record.started_at[:19], record.ended_at[:19]) == ("2026-02-03T10:00:00", "2026-02-03T10:59:59")


def test_the_first_broken_line_is_named_whatever_is_wrong_with_it():
    rows = lines(*ROWS, {"took_ms": 5}, *ROWS) + "no JSON\n" + lines(*ROWS)
    (one,) = skipped(rows, tolerance=0.5)
    assert "2 of 11 lines cannot be read; the first is line 4" in one[1]
