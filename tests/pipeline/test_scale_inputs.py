"""Large logs that are cut, mixed or mistyped: the true cause with the file, and the same rules as without an engine."""

import gzip
import json
import re

import pytest
from scale_cases import CONFIG, collect, content_of, fsspec, in_memory, write_parquet

from perfgate.core.errors import CannotDecideError
from perfgate.formats.scale import rejected
from perfgate.pipeline.collect import collect_profiles

ROW = {"route": "/a", "region": "eu", "ok": True, "v": 0.1, "at": "2026-11-28T10:00:00Z"}
ROWS = [{**ROW, "v": 0.1 + i / 1000} for i in range(200)]
LINES = content_of(ROWS, "jsonl")
TABLE = content_of(ROWS, "csv").replace(b"\r\n", b"\n")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfgate.toml").write_text(CONFIG)
    yield tmp_path
    fsspec.filesystem("memory").store.clear()


def refused(*paths, **options):
    """Return the one error: its slug, its text and its hint."""
    with pytest.raises(CannotDecideError) as caught:
        collect(*paths, **options)
    (found,) = caught.value.diagnostics
    return found.slug, found.fact, found.hint


def measured(collected):
    """Return what is known of each benchmark: its values, sorted, and how many rows failed of how many."""
    found = {}
    for profile in collected.profiles:
        for metric in profile.metrics:
            for sample in metric.samples:
                held = (sample.hits, sample.stands_for) if sample.hits is not None else sorted(sample.values)
                if metric.metric.name != "throughput":
                    found[profile.benchmark, metric.metric.name] = held
    return found


CUT_FIRST, CUT_LAST = LINES[30:], LINES[:-40]
FRONT = b"service started\n" + LINES


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (CUT_FIRST, "it is line 1: not JSON: "),
        (CUT_LAST, "it is line 200: not JSON: Expecting ',' delimiter (column 61)"),
        (FRONT, "it is line 1: not JSON: Expecting value"),
        (LINES + b"[1]\n", "it is line 201: no JSON object"),
        (LINES + b'{"route": "\\ud800"}\n', "it is line 201: half a character (\\ud800)"),
        (LINES + b'{"route": "\xe9"}\n', "it is line 201: not UTF-8 (byte 12)"),
        (LINES * 10 + LINES[:-40], "it is the last line: not JSON: "),
    ],
    ids=["first", "last", "text", "list", "half", "latin", "far"],
)
def test_a_broken_line_of_json_lines_is_named_and_the_other_rows_count(folder, content, why):
    (folder / "a.jsonl").write_bytes(content)
    found = collect("a.jsonl")
    (remark,) = found.remarks
    assert remark.startswith(f"left out: 1 line cannot be read, in a.jsonl; {why}")
    if b"ud800" in content or b"\xe9" in content or len(content) > 2 * len(LINES):  # what other readers read leniently
        return
    assert measured(found) == measured(collect_profiles(["a.jsonl"], config=None, machine_class=""))


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.log", "a.jsonl.gz", "A.JSONL"])
def test_lines_that_begin_in_the_middle_of_a_row_are_json_whatever_they_are_called(name):
    content = gzip.compress(CUT_FIRST) if name.endswith(".gz") else CUT_FIRST
    address = in_memory("cut", {name: content})
    assert measured(collect(f"{address}/{name}"))["/a[region=eu]", "error_rate"] == (0, 199)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.txt"])
def test_a_table_is_read_as_one(name):
    content = TABLE.replace(b",", b"\t") if "tsv" in name else TABLE
    address = in_memory("table", {name: gzip.compress(content) if name.endswith(".gz") else content})
    assert measured(collect(f"{address}/{name}"))["/a[region=eu]", "error_rate"] == (0, 200)


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        (b"/a,eu,True\n", "fewer cells than the header has"),
        (b"/a,eu,True,1,2026-11-28,1,2\n", "more cells than the header has"),
        (b"/\xe9,eu,True,1,2026-11-28\n", "not UTF-8"),
        (b"/a,eu,True,1," + b"y" * 3_000_000 + b"\n", "longer than 2,000,000 bytes"),
    ],
)
def test_a_broken_row_of_a_table_is_named(extra, why):
    address = in_memory("rows", {"a.csv": TABLE + extra})
    assert collect(address).remarks == (
        f"left out: 1 line cannot be read, in memory://rows/a.csv; it is line 202: {why}",
    )


def test_lines_that_an_open_quote_takes_in_count_as_broken_ones():
    lines = TABLE.splitlines(keepends=True)
    few = b"".join([*lines[:198], b'"' + lines[198], *lines[199:]])
    assert (
        "3 of 200 lines cannot be read; the first is line 199: a quote" in refused(in_memory("few", {"a.csv": few}))[1]
    )
    many = b"".join([*lines[:2], b'"' + lines[2], *lines[3:] * 5])
    slug, fact, _ = refused(in_memory("many", {"a.csv": many}))
    assert (slug, "a quote that line 3 opens does not end" in fact) == ("part-unreadable", True)
    last = in_memory("last", {"a.csv": TABLE + b'/a,"eu'})
    assert collect(last).remarks[0].endswith("it is line 202: a quote that does not end with its cell")


@pytest.mark.slow
def test_a_quote_that_is_open_for_longer_than_duckdb_reads_at_once_is_an_error(folder):
    lines = TABLE.splitlines(keepends=True)
    rest = b"".join(lines[1:])
    (folder / "a.csv").write_bytes(b"".join([*lines[:2], b'"' + lines[2], rest * (40_000_000 // len(rest))]))
    slug, fact, _ = refused("a.csv")
    assert (slug, "a quote that line 3 opens does not end" in fact) == ("part-unreadable", True)


def test_more_broken_lines_than_are_kept_are_an_error_whatever_is_tolerated(monkeypatch):
    monkeypatch.setattr(rejected, "_MOST", 30)
    lines = TABLE + b"/a,eu\n" * 40
    assert (
        "more lines cannot be read than are counted" in refused(in_memory("lost", {"a.csv": lines}), tolerance=1.0)[1]
    )


def test_too_many_broken_lines_are_an_error_that_says_what_is_wrong_with_the_first():
    prefixed = b"".join(b"2026-11-28 INFO " + line + b"\n" for line in LINES.splitlines())
    _, fact, hint = refused(in_memory("logger", {"a.jsonl": prefixed}))
    assert "200 of 200 lines cannot be read; the first is line 1: text stands in front of the object" in fact
    assert "--tolerance" in hint
    assert (
        "1 of 201 lines cannot be read; it is line 1: " in refused(in_memory("one", {"a.jsonl": FRONT}), tolerance=0)[1]
    )
    assert "1 of 1 line cannot be read" in refused(in_memory("single", {"a.jsonl": b"x"}), tolerance=0)[1]


@pytest.mark.parametrize(
    ("name", "content", "why", "hint"),
    [
        ("a.parquet", b"", "is empty, which no Parquet file is", "cut off"),
        ("a.parquet", LINES, "cannot be read as Parquet", "cut off"),
        ("a.parquet.gz", gzip.compress(b"PAR1" + b"\0" * 50, mtime=0), "is Parquet inside of gzip", "unpack it"),
        ("a.jsonl", "{}".encode("utf-16"), "is UTF-16", "write UTF-8"),
        ("a.jsonl", b'{\n"route": "/a"\n}\n', "holds JSON over several lines", "one JSON object a line"),
        ("a.jsonl.gz", gzip.compress(LINES, mtime=0)[:-200], "cannot be unpacked", "cut off"),
        ("a.csv", TABLE + b"/a,eu,True,1,2026-11-28\r\n", "its lines seem to end in CRLF and in LF", "alike"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_what_it_is_called_is_one_error_that_names_it(name, content, why, hint):
    slug, fact, advice = refused(in_memory("bad", {name: content, "good.jsonl": LINES}))
    assert slug == "part-unreadable"
    assert f"memory://bad/{name}" in fact
    assert why in fact
    assert hint in advice


def test_a_line_above_the_limit_is_no_file_that_is_cut_off(folder):
    (folder / "a.jsonl").write_bytes(LINES + json.dumps({**ROW, "x": "y" * 40_000_000}).encode())
    slug, fact, hint = refused("a.jsonl")
    assert (slug, fact) == ("part-unreadable", "a.jsonl: a line is longer than 16,777,216 bytes")
    assert hint == "write one record a line"


def without(field, rows=ROWS):
    return [{k: v for k, v in row.items() if k != field} for row in rows]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("field", ["route", "region", "ok", "v", "at"])
def test_a_field_of_the_map_that_no_file_has_is_an_error_with_the_nearest_name(folder, form, field):
    typed = f"{field[:-1]}x{field[-1]}" if len(field) > 1 else "vv"
    (folder / "perfgate.toml").write_text(CONFIG.replace("{route}", "route").replace(f'"{field}"', f'"{typed}"'))
    if form == "parquet":
        write_parquet(ROWS, "a.parquet")
    else:
        (folder / f"a.{form}").write_bytes(content_of(ROWS, form))
    slug, fact, hint = refused(f"a.{form}")
    assert slug in {"part-columns", "part-rows"}
    assert fact.startswith(f"a.{form}")
    assert f'"{typed}"' in fact
    assert '"route", "region", "ok", "v", "at"' in fact
    assert f'did you mean "{field}"?' in hint


def test_a_mistyped_condition_is_an_error_too(folder):
    (folder / "perfgate.toml").write_text(CONFIG + 'where = { regoin = "eu" }\n')
    _, fact, hint = refused(in_memory("where", {"a.jsonl": LINES}))
    assert 'no row holds anything in the field "regoin" of the map' in fact
    assert 'did you mean "region"?' in hint


def test_rows_too_long_to_look_at_are_counted_all_the_same():
    wide = json.dumps({**ROW, "x": "y" * 70_000}) + "\n"
    assert measured(collect(in_memory("wide", {"a.jsonl": wide.encode()})))["/a[region=eu]", "error_rate"] == (0, 1)
    wide = wide.replace("region", "regoin")
    fact = refused(in_memory("none", {"a.jsonl": wide.encode()}))[1]
    assert fact == 'memory://none/a.jsonl: no row holds anything in the field "region" of the map'


@pytest.mark.parametrize("field", ["region", "v", "at"])
def test_json_lines_none_of_which_hold_a_field_that_others_hold_are_named(field):
    address = in_memory("mixed", {"a.jsonl": LINES, "b.jsonl": content_of(without(field), "jsonl")})
    found = collect(address)
    assert found.remarks[0] == f'no row holds anything in the field "{field}" of the map: memory://mixed/b.jsonl'
    some = in_memory("some", {"a.jsonl": content_of([*ROWS, *without(field)], "jsonl")})
    assert not any("of the map:" in remark for remark in collect(some).remarks)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_without_a_column_that_others_have_is_an_error(folder, form):
    (folder / "logs").mkdir()
    if form == "parquet":
        import duckdb

        write_parquet(ROWS, "logs/a.parquet")
        columns = "'/a' AS route, true AS ok, 0.1 AS v, TIMESTAMPTZ '2026-11-28' AS \"at\""
        duckdb.execute(f"COPY (SELECT {columns}) TO 'logs/b.parquet' (FORMAT parquet)")
    else:
        (folder / "logs" / "a.csv").write_bytes(TABLE)
        (folder / "logs" / "b.csv").write_bytes(content_of(without("region"), "csv"))
    slug, fact, _ = refused("logs")
    assert slug == "part-columns"
    assert fact.startswith(f'logs/b.{form} has no column "region"; there are ')


@pytest.mark.parametrize("extra", ['"v": 5', '"route": "/other"'])
def test_a_key_that_stands_twice_is_an_error_since_readers_differ(extra):
    twice = LINES + f"{json.dumps(ROW)[:-1]}, {extra}}}\n".encode()
    slug, fact, hint = refused(in_memory("twice", {"a.jsonl": twice}))
    key = extra.split('"')[1]
    assert slug == "part-columns"
    assert f'line 201 holds the key "{key}" twice' in fact
    assert "leave out --engine" in hint
    same = LINES + f'{json.dumps(ROW)[:-1]}, "v": 0.1}}\n'.encode()
    assert measured(collect(in_memory("same", {"a.jsonl": same})))["/a[region=eu]", "error_rate"] == (0, 201)


def test_times_that_are_not_read_are_named_without_days_too():
    odd = [{**row, "at": "soon"} for row in ROWS[:3]]
    found = collect(in_memory("odd", {"a.jsonl": content_of([*ROWS, *odd], "jsonl"), "b.csv": TABLE}))
    assert found.remarks == (
        '3 rows hold no point in time that --engine reads in the field "at", in memory://odd/a.jsonl',
    )
    assert measured(found)["/a[region=eu]", "error_rate"] == (0, 403)
    dated = collect(in_memory("dated", {"a.jsonl": content_of([*ROWS, odd[0]], "jsonl")}), by_day=True)
    assert dated.remarks == ('left out: 1 row holds no point in time in the field "at", in memory://dated/a.jsonl',)


def test_a_packed_file_belongs_to_the_map_of_its_name(folder):
    (folder / "perfgate.toml").write_text(CONFIG.replace('["*"]', '["*.jsonl"]'))
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(LINES))
    one, other = collect("a.jsonl.gz"), collect_profiles(["a.jsonl.gz"], config=None, machine_class="")
    assert measured(one) == measured(other)
    (folder / "a.log").write_bytes(LINES)
    slug, _, hint = refused("a.log")
    assert (slug, 'add "*.log" to the files of the map' in hint) == ("map-unknown", True)


@pytest.mark.parametrize(
    ("given", "fact", "hint"),
    [
        ("logs/*.csv", "logs/*.csv: no file matches", "correct the pattern; logs holds a.jsonl, b.jsonl"),
        (
            "log*",
            "log*: no file matches",
            "the pattern matches folders alone: add what names the files in them, log*/*",
        ),
        ("none/*.csv", "none/*.csv: no file matches", "correct the pattern"),
        ("other", "other: holds no file that ends in .parquet, ", "give a pattern, such as other/*"),
    ],
)
def test_what_names_no_file_is_one_error_with_what_there_is(folder, given, fact, hint):
    for path in ("logs/a.jsonl", "logs/b.jsonl", "other/a.txt"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(LINES)
    slug, text, advice = refused(given)
    assert slug == "no-runs"
    assert text.startswith(fact)
    assert hint in advice


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_each_number_has_its_noun(name):
    bad = [{**ROW, "v": -1}, {**ROW, "route": ""}, {**ROW, "v": "x"}]
    found = collect(in_memory("nouns", {name: content_of([*ROWS, *bad], name[2:])}))
    assert len(found.remarks) == len(bad)
    assert all(re.match(r"left out: 1 row holds ", remark) for remark in found.remarks)


def test_a_benchmark_that_failed_in_all_rows_is_named():
    for count, words in ((1, "its only row"), (2, "all of 2 rows")):
        failed = [{**ROW, "route": "/f", "ok": False}] * count
        found = collect(in_memory(f"failed-{count}", {"a.jsonl": content_of([*ROWS, *failed], "jsonl")}))
        assert found.remarks == (f'"/f[region=eu]" failed in {words}',)
