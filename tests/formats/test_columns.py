"""Run summaries read as columns, and by a second process: what comes of them is what single runs give."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import time

import pytest
from records import refused, summary

from perfgate.collect import collect
from perfgate.core.run import Run
from perfgate.formats import discovery, second_process
from perfgate.formats.discovery import RunReader
from perfgate.formats.own import columns
from perfgate.formats.run_ids import RunIds
from perfgate.formats.second_process import SecondProcess, is_worth_it

SEEDS = range(40)


def a_summary(rng: random.Random, number: int) -> dict[str, object]:
    """Return a run summary of one of many kinds."""
    made = summary(f"r{number}", benchmark=rng.choice(["train", "serve", "model_1"]))
    made["elapsed_sec"] = rng.choice([0.1, 0.25, 1.5]) + number / 1000
    made["rows_used"] = rng.choice([100, 100, 200, 0])
    made["session"] = rng.choice(["s1", "s2", ""])
    if rng.random() < 0.8:
        made["started_at"] = (
            f"2026-01-{rng.randrange(1, 4):02}T{rng.randrange(24):02}:00:{rng.randrange(60):02}.000000Z"
        )
    for share, more in (
        (0.5, {"cpu_sec": rng.choice([0.0, 0.2])}),
        (0.3, {"commit": rng.choice(["a" * 40, "b" * 40])}),
        (0.2, {"labels": {"size": rng.choice("sb")}}),
        (0.2, {"environment": {"os": "linux", "cpus": rng.choice("24")}}),
        (0.1, {"memory_source": rng.choice(["vmhwm", "tracemalloc"])}),
        (0.1, {"status": "failed"}),
        (0.1, {"metrics": {"loss": {"value": 0.5, "unit": rng.choice(["1", "s"])}}}),
        (0.1, {"metrics": {"cpu": {"value": 0.5, "unit": "B"}}}),
        (0.1, {"stages": {"read": {"calls": 2, "total_ns": 5_000_000}}}),
        (0.05, {"traces": {"count": 4, "deadline_misses": 1, "deadline_ms": 5}}),
        (0.1, {"command": rng.choice(["c1", "c2"])}),
        (0.1, {"elapsed_ns": int(made["elapsed_sec"] * 1e9) + 17}),
        (0.05, {"shard": "1/2"}),
    ):
        if rng.random() < share:
            made |= more
    if "metrics" in made and "cpu" in made["metrics"]:
        made.pop("cpu_sec", None)
    return made


def write_inputs(folder, rng: random.Random) -> list[str]:
    """Write run files, some of them broken, twice, of another tool or with many runs; return their paths."""
    paths, made = [], [json.dumps(a_summary(rng, i)) for i in range(rng.choice([3, 40, 90]))]
    broken = rng.choice([0.0, 0.0, 0.04])
    for number, text in enumerate(made):
        where = folder / rng.choice(["a", "a", "b"])
        where.mkdir(exist_ok=True)
        path = where / f"{number:03}.json"
        content = text.encode()
        if rng.random() < broken:
            other = json.loads(rng.choice(made))
            content = rng.choice([
                b"{}", b"", content[:-3], b"\xff" + content, b"\xef\xbb\xbf" + content, rng.choice(made).encode(),
                json.dumps(other | {"elapsed_sec": 9.0}).encode(), content.replace(b'"run_id"', b'"run\\u005fid"'),
                content[:-1] + b', "elapsed_sec": 3}',
                content.replace(b"{", b'{"x": {"schema": "perfgate/series/1"}, ', 1),
                b'{"benchmarks": {"train": {"elapsed_sec": {"p50": 1}}}}', b'{"run_id": "r1"}',
            ])  # fmt: skip
        path.write_bytes(content)
        paths.append(str(path))
    if rng.random() < 0.5:
        begin = rng.choice([0, 1000])
        lines = [json.dumps(a_summary(rng, begin + i)) for i in range(rng.choice([2, 50]))]
        if rng.random() < 0.4:
            lines.insert(rng.randrange(len(lines)), rng.choice([lines[0], lines[-1].replace("0", "1"), "", "{", " "]))
        text = rng.choice(["\n", "\r\n"]).join(lines).encode() + rng.choice([b"", b"\n", b"\n\n"])
        (folder / "many.jsonl").write_bytes(rng.choice([text, gzip.compress(text)]))
        paths.insert(rng.randrange(len(paths) + 1), str(folder / "many.jsonl"))
    if rng.random() < 0.3:
        paths.append(str(folder / "missing.json"))
    return paths


def read_all(paths, *, how="none", known=None, for_table=False):
    """Return what is collected of files, and all that was said about them."""
    reader = RunReader(columns=how)
    collection = collect(reader.read(paths), known=known, for_table=for_table)
    return collection, [str(p) for p in reader.problems], reader.copies, [str(n) for n in reader.foreign.notes]


@pytest.fixture(params=["one process", "two processes"])
def processes(request, monkeypatch):
    """Read in small batches, so that there are many, in one process or in two."""
    monkeypatch.setattr(discovery, "BATCH", 8)
    monkeypatch.setattr(columns, "_FEWEST_KINDS", 6)
    monkeypatch.setattr(columns, "_RUNS_A_KIND", 1)
    if request.param == "two processes":
        monkeypatch.setattr(second_process, "FEWEST_FILES", 1)
        monkeypatch.setattr(discovery, "is_worth_it", lambda files: files > 1)
    return request.param


@pytest.mark.sampled
@pytest.mark.parametrize("seed", SEEDS)
def test_columns_give_what_single_runs_give_whatever_the_files_are(seed, processes, tmp_path):
    paths = write_inputs(tmp_path, random.Random(seed))
    single = read_all(paths)
    assert read_all(paths, how="with digests") == single
    runs = {p.key: frozenset(r for s in p.sessions for r in s.runs[::2]) for p in single[0].profiles}
    assert read_all(paths, how="with digests", known=runs) == read_all(paths, known=runs)


@pytest.mark.sampled
@pytest.mark.parametrize("seed", SEEDS)
def test_a_table_shows_the_same_values_counts_and_faults(seed, processes, tmp_path):
    paths = write_inputs(tmp_path, random.Random(seed))
    (found, *said), (expected, *more) = read_all(paths, how="plain", for_table=True), read_all(paths)
    assert said == more
    assert found.problems == expected.problems
    assert [(s.key, s.session, s.ok, s.failed, s.started_at, s.failed_files) for s in found.seen] == [
        (s.key, s.session, s.ok, s.failed, s.started_at, s.failed_files) for s in expected.seen
    ]
    assert [
        (p.key, p.environment, [(s.id, s.started_at, s.rows_used) for s in p.sessions]) for p in found.profiles
    ] == [(p.key, p.environment, [(s.id, s.started_at, s.rows_used) for s in p.sessions]) for p in expected.profiles]
    for mine, other in zip(found.profiles, expected.profiles, strict=True):
        for one, two in zip(mine.metrics, other.metrics, strict=True):
            assert (one.metric, one.sources) == (two.metric, two.sources)
            assert [(s.session, sorted(s.values)) for s in one.samples] == [
                (s.session, sorted(s.values)) for s in two.samples
            ]


def many_files(folder, count=30):
    """Write plain summaries and return their paths."""
    for i in range(count):
        (folder / f"{i:03}.json").write_text(json.dumps(summary(f"r{i}", session="s")))
    return [str(folder / f"{i:03}.json") for i in range(count)]


def test_runs_of_one_kind_stand_beside_the_first_of_them(tmp_path):
    paths = many_files(tmp_path)
    (run,) = RunReader(columns="plain").read(paths)
    assert isinstance(run, Run)
    assert [run.run_id, *run.more.run_ids] == [f"r{i}" for i in range(30)]
    assert run.more.origin(3) == paths[4]
    assert len(run.more.digests) == 0


def test_a_file_is_opened_once(tmp_path, monkeypatch):
    paths, opened = many_files(tmp_path), []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **named: opened.append(path) or real(path, *rest, **named))
    list(RunReader(columns="plain").read(paths))
    assert opened == paths


def test_a_folder_is_listed_once(tmp_path, monkeypatch):
    many_files(tmp_path)
    listed = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or real(path))
    monkeypatch.setattr(os, "listdir", lambda path: pytest.fail(f"listed {path}"))
    for pattern in (str(tmp_path), f"{tmp_path}/*.json"):
        listed.clear()
        found, problems = discovery.find([pattern])
        assert (len(found), problems, [path.rstrip("/") for path in listed].count(str(tmp_path))) == (30, [], 1)


def test_a_second_process_that_dies_is_one_error(tmp_path, processes, monkeypatch, forked):
    paths = many_files(tmp_path)
    first = os.getpid()
    real = columns.ColumnReader.read

    def die_in_second(self, folders):
        if os.getpid() != first:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, folders)

    monkeypatch.setattr(columns.ColumnReader, "read", die_in_second)
    if processes == "one process":
        assert len(list(RunReader(columns="plain").read(paths))) == 4
        return
    (fault,) = refused(lambda: list(RunReader(columns="plain").read(paths)))
    assert (fault.slug, fault.message) == ("reader-died", "the second process that reads run files ended early")
    none_is_left(forked)


def test_a_second_process_that_is_stopped_is_continued(monkeypatch, forked):
    def read(batch, sizes):
        os.kill(os.getpid(), signal.SIGSTOP)
        return []

    monkeypatch.setattr(second_process, "_SILENCE", 0.1)
    second = SecondProcess([["a"]] * 2, read)
    assert [second.take([]), second.take([])] == [[], []]
    second.close()
    none_is_left(forked)


def test_a_second_process_that_is_no_longer_needed_is_ended(tmp_path, forked):
    second = SecondProcess([["a"]] * 3, lambda batch, sizes: time.sleep(60))
    begin = time.monotonic()
    second.close()
    assert time.monotonic() - begin < 30
    none_is_left(forked)


def test_a_reader_that_is_left_in_the_middle_leaves_no_process(tmp_path, monkeypatch, forked):
    monkeypatch.setattr(discovery, "BATCH", 8)
    monkeypatch.setattr(discovery, "is_worth_it", lambda files: True)
    runs = RunReader(columns="plain").read(many_files(tmp_path))
    next(runs)
    runs.close()
    none_is_left(forked)


@pytest.fixture
def forked(monkeypatch):
    """The processes that are forked; others may be children of the tests, too."""
    found, real = [], os.fork

    def fork():
        pid = real()
        found.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", fork)
    return found


def none_is_left(forked):
    assert forked
    for pid in forked:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def test_few_files_one_processor_and_threads_need_no_second_process(monkeypatch, tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "1").touch()
    monkeypatch.setattr(second_process, "_TASKS", str(tasks))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert is_worth_it(20_000)
    assert not is_worth_it(19_999)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert not is_worth_it(20_000)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    (tasks / "2").touch()
    assert not is_worth_it(20_000)
    monkeypatch.setattr(second_process, "_TASKS", str(tmp_path / "none"))
    assert not is_worth_it(20_000)


def test_an_id_belongs_to_the_first_place_that_claims_it():
    ids = RunIds()
    one, two = ids.add_places(["one.json", "two.json"])
    assert ids.claim("a", one, b"x") == one
    assert ids.claim("b", two + 7) == two + 7
    ids.rename(two, "two.jsonl: line ")
    assert [ids.name_of(ids.claim(i, one)) for i in ("a", "b")] == ["one.json", "two.jsonl: line 7"]
    assert ids.is_copy("a", b"x")
    assert not ids.is_copy("a", b"y")
    assert not ids.is_copy("c", b"x")
    assert (ids.line_in(two, two + 7), ids.line_in(one, two + 7)) == (7, None)


def test_many_ids_are_claimed_together_or_not_at_all():
    from array import array

    ids = RunIds()
    places = array("Q", ids.add_places(["1", "2", "3"]))
    assert not ids.claim_all(["a", "b", "a"], 0, places)
    assert ids.claim_all(["a", "b"], 0, places[:2])
    assert not ids.claim_all(["c", "b"], 0, places[1:])
    assert ids.name_of(ids.claim("b", places[2])) == "2"
    assert ids.claim_all(["c"], 0, places[2:])
    assert not ids.claim_all(["c"], 0, places[2:])
    assert ids.name_of(ids.claim("c", places[0])) == "3"


@pytest.mark.parametrize("seed", range(20))
def test_ids_in_any_order_are_claimed_as_by_one_set(seed):
    from array import array

    rng = random.Random(seed)
    ids, claimed, place = RunIds(), {}, 0
    is_ascending = rng.random() < 0.5
    for batch in range(60):
        first = batch * 50 if is_ascending else rng.randrange(3000)
        names = [f"r{(first + i) if is_ascending else rng.randrange(10**6):06d}" for i in range(rng.choice([1, 20]))]
        if claimed and rng.random() < 0.2:
            names.append(rng.choice([*claimed, names[0]]))
        (place,) = ids.add_places([str(batch)])
        is_new = len(set(names)) == len(names) and claimed.keys().isdisjoint(names)
        assert ids.claim_all(names, place, array("Q", range(1, len(names) + 1))) == is_new
        if is_new:
            claimed |= {name: place + i for i, name in enumerate(names, 1)}
        if rng.random() < 0.1:
            name = rng.choice([*claimed, "r-new"])
            first_place = claimed.setdefault(name, place + 99)
            assert ids.claim(name, place + 99) == first_place
    assert all(ids.claim(name, place + 77) == number for name, number in claimed.items())


def test_ascending_ids_need_no_set_of_all(tmp_path):
    from array import array

    ids = RunIds()
    for batch in range(20):
        assert ids.claim_all([f"r{batch:02}-{i}" for i in range(9)], 0, array("Q", range(9)))
    assert ids._hashes is None
    assert not ids.claim_all(["r05-3"], 0, array("Q", [1]))
    assert ids._hashes is None
    for i in range(20):
        assert ids.claim_all([f"q{i}", f"z{i}"], 0, array("Q", [1, 2]))
    assert ids._hashes is not None


def test_a_summary_whose_key_only_looks_like_one_of_a_plain_one_is_read_as_a_whole(tmp_path):
    plain = {**summary("r1", session="s"), "mtrics": {"loss": {"value": 1.0}}}
    own = {**summary("r2", session="s"), "metrics": {"loss": {"value": 2.0}}}
    for i, made in enumerate([plain, own]):
        (tmp_path / f"{i}.json").write_text(json.dumps(made))
    paths = [str(tmp_path / "0.json"), str(tmp_path / "1.json")]
    assert read_all(paths, how="with digests") == read_all(paths)
    runs = list(RunReader(columns="plain").read(paths))
    assert [len(run.values) for run in runs] == [2, 3]
