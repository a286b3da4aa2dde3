"""Large logs in parts: the same numbers as DuckDB's own, to the last bit, however they are divided."""

import gzip
import itertools
import os
import random
from pathlib import Path

import pytest
from scale_cases import (
    ASKED,
    CONFIG,
    collect,
    content_of,
    exact,
    fsspec,
    in_memory,
    rows_of,
    write_parquet,
    write_parts,
)

from perfgate.collect.counted import steps_for
from perfgate.core.errors import CannotDecideError, Diagnostic
from perfgate.core.text.steps import watch_work
from perfgate.formats.scale import database, kernel
from perfgate.formats.scale.kernel import Wanted, count_part, take_values
from perfgate.formats.scale.parts import expand
from perfgate.formats.scale.query import Question
from perfgate.pipeline.collect import collect_profiles
from perfgate.pipeline.inputs import read_settings
from perfgate.stats.quantiles import quantile


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "perfgate.toml").write_text(CONFIG)
    yield tmp_path
    fsspec.filesystem("memory").store.clear()


def refused(*paths, **options):
    with pytest.raises(CannotDecideError) as caught:
        collect(*paths, **options)
    return caught.value.diagnostics


def only(*paths, **options):
    """Return the one error as slug and text."""
    (found,) = refused(*paths, **options)
    return found.slug, found.fact


def samples(collected, metric):
    return {
        (p.benchmark, s.session if s.session.startswith("2026") else ""): s
        for p in collected.profiles
        for m in p.metrics
        for s in m.samples
        if m.metric.name == metric
    }


def at(sample, q):
    """Return the discrete quantile of what a profile keeps."""
    n = len(sample.values)
    steps = 2000 if sample.stands_for else n
    place = round(q * steps) if sample.stands_for else max(-(-round(q * 100) * n // 100) - 1, 0)
    return sample.values[place]


def in_memory_parts(name, rows, cuts, form):
    edges = [0, *sorted(cuts), len(rows)]
    pairs = list(itertools.pairwise(edges))
    return in_memory(name, {f"{i:03}.{form}": content_of(rows[a:b], form) for i, (a, b) in enumerate(pairs)})


@pytest.mark.parametrize(
    ("seed", "form", "by_day", "count"),
    [
        (1, "jsonl", False, 9_000),
        (2, "csv", True, 6_000),
        (3, "jsonl", True, 40),
        (4, "csv", False, 3_000),
        (5, "jsonl", False, 1),
    ],
)
def test_each_statistic_is_that_of_duckdb_and_every_division_gives_the_same_bytes(seed, form, by_day, count):
    draw = random.Random(seed)
    rows = rows_of(seed, count)
    expected = exact(rows, by_day=by_day)
    contents = []
    for parts in (0, 1, 4):
        cuts = draw.sample(range(len(rows)), min(len(rows), parts))
        found = collect(in_memory_parts(f"d{seed}-{parts}", rows, cuts, form), by_day=by_day)
        contents.append(found.encode())
    assert contents[0] == contents[1] == contents[2]
    latencies, rates = samples(found, "latency"), samples(found, "error_rate")
    for key, (quantiles, measured, failed, of) in expected.items():
        assert (rates[key].hits, rates[key].stands_for) == (failed, of)
        if measured:
            assert latencies[key].count == measured
            assert [at(latencies[key], q) for q in ASKED] == quantiles
        else:
            assert key not in latencies
    assert rates.keys() == expected.keys()


def test_parquet_and_gzip_give_the_bytes_of_plain_lines(folder):
    rows = rows_of(7, 3_000)
    plain = collect(in_memory_parts("plain", rows, [500, 501], "jsonl"), by_day=True).encode()
    packed = in_memory("packed", {"a.jsonl.gz": gzip.compress(content_of(rows, "jsonl"))})
    write_parquet(rows, folder / 'it\'s "one" [a]*.parquet')
    assert collect(packed, by_day=True).encode() == plain
    assert collect('it\'s "one" [a]*.parquet', by_day=True).encode() == plain


def test_the_log_reader_names_counts_and_measures_alike():
    rows = rows_of(8, 1_500)
    Path("rows.jsonl").write_bytes(content_of(rows, "jsonl"))
    Path("rows.csv").write_bytes(content_of(rows, "csv"))
    for path in ("rows.jsonl", "rows.csv"):
        one, other = collect(path), collect_profiles([path], config=None, machine_class="")
        found = samples(one, "latency")
        assert {p.benchmark for p in one.profiles} == {p.benchmark for p in other.profiles} - {
            "rows"
        }  # their throughput
        for key, sample in samples(other, "latency").items():
            assert sorted(sample.values) == list(found[key].values)
        known = {key: (s.hits, s.stands_for) for key, s in samples(other, "error_rate").items()}
        assert {key: (s.hits, s.stands_for) for key, s in samples(one, "error_rate").items()} == known


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '"abc"', '"1_0"', "true", "[1]", "1e400", "-1", "0"])
@pytest.mark.parametrize("reader", ["engine", "lines"])
def test_what_is_no_measurement_is_refused_by_both_readers(text, reader):
    lines = [
        f'{{"route": "/a", "ok": true, "v": {text if i % 3 else "0.1"}, "at": "2026-11-28T10:00:00Z"}}'
        for i in range(99)
    ]
    Path("x.jsonl").write_text("\n".join(lines))
    with pytest.raises(CannotDecideError) as caught:
        collect("x.jsonl") if reader == "engine" else collect_profiles(["x.jsonl"], config=None, machine_class="")
    assert "66 of 99 rows hold" in caught.value.diagnostics[0].message


def test_one_odd_value_is_left_out_and_named():
    rows = [{**ROW, "at": "2026-11-28"} for _ in range(200)]
    found = collect(in_memory("odd", {"a.jsonl": content_of([*rows, {**rows[0], "v": "x"}], "jsonl")}))
    assert found.remarks == ('left out: 1 row holds no finite number in the field "v", in memory://odd/a.jsonl',)
    assert samples(found, "latency")["/a[region=eu]", ""].count == 200


ROW = {"route": "/a", "region": "eu", "ok": True, "v": 0.1, "at": "2026-11-28T10:00:00Z"}
LINES = content_of([ROW] * 50, "jsonl")


def test_a_part_that_is_missing_is_named():
    assert only("nothing.jsonl") == ("part-unreadable", "nothing.jsonl does not exist")
    assert only("memory://none/x.jsonl") == ("part-unreadable", "memory://none/x.jsonl does not exist")


@pytest.mark.parametrize("given", ["days", "days/*.jsonl"])
def test_a_link_in_a_folder_is_followed_and_one_that_leads_nowhere_is_named(folder, given):
    (folder / "days").mkdir()
    (folder / "days" / "a.jsonl").write_bytes(LINES)
    (folder / "other.jsonl").write_bytes(LINES.replace(b"0.1", b"0.2"))
    (folder / "days" / "b.jsonl").symlink_to("../other.jsonl")
    assert samples(collect(given), "latency")["/a[region=eu]", ""].count == 100
    (folder / "days" / "c.jsonl").symlink_to("gone.jsonl")
    assert only(given) == ("part-unreadable", "days/c.jsonl does not exist")


def test_a_signal_while_duckdb_works_is_an_interruption(folder, monkeypatch):
    (folder / "a.jsonl").write_bytes(LINES)

    def stopped(*_):
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(kernel, "_count", stopped)
    with pytest.raises(KeyboardInterrupt):
        collect("a.jsonl")


def test_a_glob_that_matches_nothing_is_named():
    assert only("nothing-*.jsonl") == ("no-runs", "nothing-*.jsonl: no file matches")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.parquet", b"PAR1" + b"\x00" * 50, "cannot be read as Parquet"),
        ("a.jsonl.gz", gzip.compress(LINES * 3000, mtime=0)[:-2000], "cannot be read"),
        ("a.json", b'[{"route": "/a"}]', "is one JSON array"),
        ("a.jsonl", b"\x00\x01\x02", "is neither Parquet nor text"),
        ("a.jsonl", LINES + b"\n".join([b'{"route": "/a", '] * 40), "40 of 90 lines cannot be read"),
        ("a.csv", b"route,region,ok,v,at\n" + b"/a,eu,true,0.1\n" * 9, "9 of 9 lines cannot be read"),
        (
            "a.csv",
            b"route,region,at,ok,va\n/a,eu,1,1,3\n",
            'has no column "v"; there are "route", "region", "at", "ok", "va"',
        ),
        ("a.csv", b"route,v,ok,at\n/a,3,1,2\n", 'has no column "region"; there are "route", "v", "ok", "at"'),
        ("a.csv", b"route,v,v,ok,at\n/a,3,3,1,2\n", 'has two columns "v"'),
        ("a.jsonl", b'{"other": 1}\n' * 9, '9 of 9 rows hold no name in "route"'),
    ],
)
def test_a_broken_part_is_one_error_that_names_it(name, content, why):
    slug, fact = only(in_memory("bad", {name: content, "good.jsonl": LINES}))
    assert slug.startswith("part-")
    assert why in fact
    assert f"memory://bad/{name}" in fact


def test_a_parquet_file_of_another_schema_names_its_columns(folder):
    import duckdb

    columns = "1 AS a, [2] AS v, 'x' AS route, 'eu' AS region, true AS ok, 1 AS \"at\""
    duckdb.execute(f"COPY (SELECT {columns}) TO 'x.parquet' (FORMAT parquet)")
    assert only("x.parquet") == (
        "part-columns",
        'x.parquet has a column "v" of the type list, which is neither number nor text',
    )


def test_empty_parts_are_named_and_only_empty_parts_are_refused():
    empty = {"a.jsonl": b"", "b.csv": b"route,region,ok,v,at\n", "c.jsonl": b"\n\n"}
    assert only(in_memory("all-empty", empty))[0] == "parts-empty"
    found = collect(in_memory("some-empty", {**empty, "d.jsonl": LINES}))
    assert len(found.remarks) == 1
    assert "without a row that the map reads: memory://some-empty/a.jsonl" in found.remarks[0]


def test_copies_and_files_that_are_named_twice_count_once():
    other = content_of([{**ROW, "at": "2026-11-28T10:00:00.5Z"}] * 50, "jsonl")
    address = in_memory("copies", {"a.jsonl": LINES, "b.jsonl": LINES, "c.jsonl": other})
    found = collect(address, f"{address}/a.jsonl")
    assert samples(found, "latency")["/a[region=eu]", ""].count == 100
    assert found.remarks == ("left out, copies of other files: 1", "left out, files that were named again: 1")


def test_files_of_equal_counts_that_are_no_copies_all_count():
    lines = [content_of([ROW], "jsonl"), content_of([ROW], "jsonl").replace(b'": ', b'" :')]
    found = collect(in_memory("alike", {f"{i}.jsonl": line for i, line in enumerate(lines)}))
    assert samples(found, "latency")["/a[region=eu]", ""].count == 2


def test_a_field_of_each_row_is_no_name():
    lines = "".join(f'{{"route": "/{i}", "ok": 1, "v": 0.1, "at": 1764324000}}\n' for i in range(10_001)).encode()
    slug, fact = only(in_memory("many", {"a.jsonl": lines}))
    assert (slug, "names more than 10,000 benchmarks" in fact) == ("part-groups", True)
    halves = lines.splitlines(keepends=True)
    slug, _ = only(in_memory("halves", {"a.jsonl": b"".join(halves[:6000]), "b.jsonl": b"".join(halves[6000:])}))
    assert slug == "part-groups"


def test_of_many_series_fewer_quantiles_are_kept_and_their_statistics_stay_exact():
    draw = random.Random(3)
    rows = [{**ROW, "route": f"/{i % 5}", "v": draw.random()} for i in range(3000)]
    rows += [{**ROW, "route": f"/x{i}", "v": 0.5} for i in range(600)]
    found = collect(in_memory("series", {"a.jsonl": content_of(rows, "jsonl")}))
    sample = samples(found, "latency")["/0[region=eu]", ""]
    assert (len(sample.values), sample.stands_for) == (600, 0)
    assert "of each of 605 values 1,001 quantiles are kept, at even shares" in found.remarks


@pytest.mark.parametrize(
    ("series", "steps"),
    [(1, 2000), (499, 2000), (500, 1000), (999, 1000), (1000, 200), (4975, 200), (4976, 100), (9900, 100), (9901, 0)],
)
def test_the_more_series_the_fewer_quantiles_and_at_last_none(series, steps):
    assert steps_for(series) == steps


def test_what_days_are_put_together_to_is_near_the_quantiles_of_all_rows():
    draw = random.Random(6)
    rows = [
        {**ROW, "region": "eu", "at": f"2026-11-{27 + day}", "v": draw.lognormvariate(day / 10, 0.4)}
        for day, count in enumerate([4_000, 25_000, 9_000])
        for _ in range(count)
    ]
    (profile,) = collect(in_memory("week", {"a.jsonl": content_of(rows, "jsonl")}), by_day=True).profiles
    metric = next(m for m in profile.metrics if m.metric.name == "latency")
    found = metric.pooled_quantiles(ASKED)
    assert found == [quantile(metric.pooled(), q) for q in ASKED]
    quantiles, *_ = exact(rows, by_day=False)["/a[region=eu]", ""]
    assert found[:3] == pytest.approx(quantiles[:3], rel=0.001)
    assert found[3] == pytest.approx(quantiles[3], rel=0.004)


def test_days_need_a_time(folder):
    (folder / "perfgate.toml").write_text(CONFIG.replace('time = "at"\n', ""))
    found = refused(in_memory("no-time", {"a.jsonl": LINES}), by_day=True)
    assert [(d.slug, d.place) for d in found] == [("usage", "--by")]


def test_rows_without_a_time_have_no_day():
    lines = content_of([*[ROW] * 9, *[{**ROW, "at": "soon"}] * 9], "jsonl")
    assert "9 of 18 rows hold no point in time" in only(in_memory("undated", {"a.jsonl": lines}), by_day=True)[1]


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ('"2026-11-28T23:59:59.999Z"', "2026-11-28"),
        ('"2026-11-28T23:30:00-02:00"', "2026-11-29"),
        ('"2026-11-29 00:00:00,5"', "2026-11-29"),
        ("1795910399", "2026-11-28"),
        ("1795910400000", "2026-11-29"),
        ('"1795910399999999"', "2026-11-28"),
        ("1795910400000000000", "2026-11-29"),
    ],
)
def test_a_day_is_one_of_utc(stated, day):
    line = f'{{"route": "/a", "region": "eu", "ok": true, "v": 0.1, "at": {stated}}}\n'.encode()
    found = collect(in_memory("day", {"a.jsonl": line}), by_day=True)
    assert [s.id for s in found.profiles[0].sessions] == [day]
    assert found.profiles[0].sessions[0].started_at[:10] == day


def test_a_process_that_keeps_its_database_counts_each_part_alone(folder):
    lines = content_of([ROW] * 50, "csv")
    for name, content in (
        ("a.csv", lines + b"/a,true,0.1\r\n" * 3),
        ("b.csv", lines + b"/a,true,0.1\r\n"),
        ("c.csv", lines.replace(b"0.1", b"0.2")),
        ("d.csv", lines),
        ("e.csv", b"route,at\n/a,1\n"),
        ("f.csv", lines),
    ):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1, 1))
    parts, _, _ = expand(["."])
    asked = Question(field_map=read_settings(None, machine_class="").policy.maps[0], by_day=False)
    wanted = [Wanted(series=0, group=(("/a", "eu"), 0), value=0, ranges=((0.1, 0.15), (0.2, 0.3)))]

    def both(part):
        counted, taken = count_part(part, asked), take_values(part, asked, wanted)
        return (counted.fact, taken.fact) if isinstance(counted, Diagnostic) else (
            counted.groups, counted.broken, {c: list(v) for c, v in counted.lines.items()}, list(taken.values)
        )  # fmt: skip

    alone = [both(part) for part in parts]
    assert [found[1] for found in alone[:4]] == [3, 1, 0, 0]
    assert [set(found[3]) for found in alone[:4]] == [{0.1}, {0.1}, {0.2}, {0.1}]
    try:
        database.keep_database([part.url for part in parts])
        assert [both(part) for part in parts] == alone
        assert len(database._kept) == 1
    finally:
        database.keep_database([])
        while database._kept:
            database._kept.pop().close()


def test_a_label_that_is_empty_and_one_that_is_not_there_are_one_benchmark(folder):
    import duckdb

    rows = "SELECT '/a' AS route, [NULL, '', 'eu'][1 + i % 3] AS region, true AS ok, 0.001 * i AS v, 0 AS \"at\""
    duckdb.execute(f"COPY ({rows} FROM range(1, 9001) r(i)) TO 'x.parquet' (FORMAT parquet)")
    found = {key[0]: sample for key, sample in samples(collect("x.parquet"), "latency").items()}
    assert {name: sample.count for name, sample in found.items()} == {"/a": 6000, "/a[region=eu]": 3000}
    assert at(found["/a"], 0.5) == 4.5


def test_whoever_watches_is_shown_both_passes_as_shares_of_all_bytes_also_of_one_file(folder):
    draw = random.Random(2)
    (folder / "a.jsonl").write_bytes(content_of([{**ROW, "v": draw.random()} for _ in range(5000)], "jsonl"))
    shown = []
    watch_work(lambda: lambda *facts: shown.append(facts))
    try:
        collect("a.jsonl")
    finally:
        watch_work(None)
    size = (folder / "a.jsonl").stat().st_size
    assert shown[0] == ("collecting", "files", 0.5, 1, size)
    assert shown[1][2:] == (1.0, 1, 2 * size)


def test_hostile_names_of_fields_are_names(folder):
    name = "v\"; DROP TABLE counted; --'"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "perfgate.toml").write_text(
        f'[[map]]\nname = "m"\nfiles = ["*"]\nbenchmark = "r/o~u\'te"\n'
        f'values = [{{ value = "{escaped}", unit = "s", better = "lower", metric = "latency" }}]\n'
        'where = { "it\'s" = "o\'k" }\n'
    )
    rows = [{"r/o~u'te": "/a'\"", name: 0.5, "it's": "o'k"}, {"r/o~u'te": "/b", name: 0.5, "it's": "ok"}]
    for form in ("jsonl", "csv"):
        found = collect(in_memory(f"hostile-{form}", {f"a.{form}": content_of(rows, form)}))
        assert [(p.benchmark, p.metrics[0].count) for p in found.profiles] == [("/a'\"", 1)]


@pytest.mark.parametrize("address", ["https://user:hunter2@host/x?sig=hunter2", "simplecache::s3://key:hunter2@b/x"])
def test_an_address_that_is_not_read_is_shown_without_its_secrets(address):
    (found,) = refused(address)
    assert found.slug == "usage"
    assert "hunter2" not in "\n".join(found.lines())


def test_the_built_in_map_of_predictions_is_read_and_its_quotient_is_not():
    line = (
        b'{"event": "prediction_metrics", "series_id": "s", "model_version": "1", "timestamp": "2026-11-28T10:00:00Z", '
        b'"latency_inference_ms": 4, "latency_logging_ms": 0, "latency_total_ms": 5, "cache_hit": true}\n'
    )
    found = collect(in_memory("predictions", {"a.jsonl": line * 3 + b"text\n"}), map="prediction-log", by_day=True)
    (profile,) = found.profiles
    assert profile.benchmark == "s/1"
    assert {m.metric.name: m.samples[0].values[0] for m in profile.metrics} == {
        "cache_hit_rate": 1.0, "latency_inference": 0.004, "latency_logging": 0.0, "latency_total": 0.005
    }  # fmt: skip
    assert "not counted, quotients of sums: latency_logging_ms" in found.remarks


def test_a_part_that_grows_between_the_passes_is_refused(folder, monkeypatch):
    import perfgate.pipeline.scale.collect as module

    draw = random.Random(4)
    rows = [{**ROW, "v": draw.random()} for _ in range(5000)]
    path = write_parts(rows, [], "jsonl", folder / "parts")

    def grow(*arguments):
        with open(path / "part-000.jsonl", "ab") as file:
            file.write(content_of(rows, "jsonl"))
        return steps(*arguments)

    steps = module.steps_for
    monkeypatch.setattr(module, "steps_for", grow)
    assert only("parts") == ("part-unreadable", "the files have changed while they were read")
