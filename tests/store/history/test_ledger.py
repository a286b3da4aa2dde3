"""The ledger as a reader takes it: whoever may push wrote it, so nothing in it is trusted and nothing is an error."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import ledger_cases
import pytest
from ledger_cases import HEADER, ROW, a_record
from msgspec.structs import replace
from records import GIT_ENVIRONMENT, refused

from perfgate.core.policy import LEDGER
from perfgate.store.history.ledger import find_tip, read_ledger
from perfgate.store.history.record import LARGEST, decode, encode, is_time, short, time_of

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.core.history.past import History

TODAY = "2026-06-01T00:00:00Z"
PATH = "2026/01/01/120000-0123456789ab.jsonl"
GOOD = "2026/01/02/000000-ba9876543210.jsonl"
LINE = '["train",{},"elapsed","s","lower",10,1.25,null,0.02,[]]'


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def header(**changes: object) -> str:
    stated = {
        "schema": "perfgate/history/1", "session": "s", "started_at": "2026-01-01T12:00:00Z",
        "machine_class": "linux-4cpu", "machine": "", "commit": "", "branch": "", "tool": "", "rows_used": {},
        "environment": {}, **changes,
    }  # fmt: skip
    return json.dumps({key: value for key, value in stated.items() if value is not None})


def good(session: str = "other", at: str = "2026-01-02T00:00:00Z") -> bytes:
    return encode(a_record(session=session, started_at=at), recorded_at="")[1]


def read(folder: Path, *, most: int = 100) -> History:
    found = read_ledger(str(folder), LEDGER, most=most, until=TODAY, wants=lambda _name: True)
    assert found is not None
    return found


def sessions(found: History) -> list[str]:
    return [s.session for b in found.benchmarks for s in b.sessions]


def remarks(found: History) -> list[str]:
    assert {n.level for n in found.notes} <= {"note"}
    assert all(n.slug == "history-unreadable" and n.place == LEDGER for n in found.notes)
    return [n.message for n in found.notes]


def test_a_record_is_read_as_it_was_written(repository: Path) -> None:
    rows = [replace(ROW, p95=1.5, source=["tracemalloc"]), replace(ROW, labels={"size": "big"}, n=3)]
    record = a_record(*rows, rows_used={"train": [1000, 2000], "train[size=big]": [7]})
    ledger_cases.write(repository, [encode(record, recorded_at="")])
    found = read(repository)
    assert (found.source, remarks(found)) == (f"1 record of {LEDGER}", [])
    plain, big = found.benchmarks
    assert (plain.machine_class, plain.benchmark, plain.labels) == ("linux-4cpu", "train", ())
    assert (big.labels, big.sessions[0].rows_used) == ((("size", "big"),), (7,))
    (past,) = plain.sessions
    assert (past.session, past.started_at, past.commit, past.machine) == (
        HEADER.session, HEADER.started_at, HEADER.commit, HEADER.machine,
    )  # fmt: skip
    assert (past.rows_used, past.environment) == ((1000, 2000), (("python", "3.11.7"),))
    reading = past.readings["elapsed"]
    assert (reading.n, reading.p50, reading.p95, reading.sources) == (10, 1.25, 1.5, ("tracemalloc",))
    assert (reading.metric.unit, reading.metric.better) == ("s", "lower")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param(header(), id="no-rows"),
        pytest.param(LINE, id="no-header"),
        pytest.param(f"{header(schema='perfgate/history/2')}\n{LINE}\n", id="later-schema"),
        pytest.param(f"{header(schema=None)}\n{LINE}\n", id="no-schema"),
        pytest.param(f"{header(session='')}\n{LINE}\n", id="no-session"),
        pytest.param(f"{header(machine_class='../ci')}\n{LINE}\n", id="class-is-a-path"),
        pytest.param(f"{header(rows_used={'train': [-1]})}\n{LINE}\n", id="negative-rows-used"),
        pytest.param(f"{header(started_at='2026-01-01T12:00:01Z')}\n{LINE}\n", id="other-time-than-its-name"),
        pytest.param(f"{header(started_at='2027-01-01T12:00:00Z')}\n{LINE}\n", id="later-than-its-name"),
        pytest.param(f"{header()}\n{LINE}\n{LINE.replace('1.25', 'NaN')}\n", id="nan"),
        pytest.param(f"{header()}\n{LINE}\n{LINE.replace('1.25', '1e400')}\n", id="infinite"),
        pytest.param(f"{header()}\n{LINE.replace('1.25', '1e101')}\n", id="huge"),
        pytest.param(f"{header()}\n{LINE.replace('1.25', '1e-101')}\n", id="tiny"),
        pytest.param(f"{header()}\n{LINE.replace('null', '1.7e308')}\n", id="huge-p95"),
        pytest.param(f"{header()}\n{LINE.replace('1.25', '-1.25')}\n", id="negative"),
        pytest.param(f"{header()}\n{LINE.replace('null', '-1')}\n", id="negative-p95"),
        pytest.param(f"{header()}\n{LINE.replace('10,', '10.5,')}\n", id="half-a-run"),
        pytest.param(f'{header()}\n["train",{{}},"elapsed"]\n', id="short-row"),
        pytest.param(f"{header()}\n{LINE.replace('lower', 'up')}\n", id="no-direction"),
        pytest.param(f'{header()}\n{LINE.replace("train", "x" * 70_000)}\n', id="long-row"),
        pytest.param(f"{header()}\n{'[' * 5000}\n", id="deep"),
        pytest.param("<<<<<<< HEAD\n", id="conflict"),
        pytest.param(b"\xff\xfe\n", id="not-utf-8"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_left_out_and_counted(repository: Path, content: str | bytes) -> None:
    ledger_cases.write_tree(repository, {PATH: content, GOOD: good()})
    found = read(repository)
    assert sessions(found) == ["other"]
    assert remarks(found) == ["records are left out: 1 not valid"]


def test_a_later_perfgate_may_add_keys_and_columns(repository: Path) -> None:
    content = f"{header(later={'a': 1})}\n{LINE[:-1]},7]\n"
    ledger_cases.write_tree(repository, {PATH: content})
    assert sessions(read(repository)) == ["s"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("2026/01/01/../120000-0123456789ab.jsonl", id="up"),
        pytest.param("2026/13/01/120000-0123456789ab.jsonl", id="no-month"),
        pytest.param("2026/02/30/120000-0123456789ab.jsonl", id="no-day"),
        pytest.param("2026/01/01/250000-0123456789ab.jsonl", id="no-hour"),
        pytest.param("2026/01/01/120000-0123456789AB.jsonl", id="capitals"),
        pytest.param("2026/01/01/120000-0123456789ab.json", id="suffix"),
        pytest.param("x/2026/01/01/120000-0123456789ab.jsonl", id="deeper"),
        pytest.param("README.md", id="other"),
    ],
)
def test_files_of_other_names_are_left_out_and_counted(repository: Path, path: str) -> None:
    ledger_cases.write_tree(repository, {path: f"{header()}\n{LINE}\n", GOOD: good()})
    found = read(repository)
    assert sessions(found) == ["other"]
    assert remarks(found) == ["files that are no records are left out: 1"]


def test_a_link_is_no_record(repository: Path) -> None:
    ledger_cases.write_tree(repository, {PATH: "/etc/passwd"}, mode="120000")
    assert remarks(read(repository)) == ["is no ledger of perfgate: none of its 1 files is a record"]


def test_what_lies_in_the_future_is_left_out_and_does_not_displace_the_newest(repository: Path) -> None:
    ahead = encode(a_record(session="ahead", started_at="2026-06-01T00:00:01Z"), recorded_at="")
    now = encode(a_record(session="now", started_at=TODAY), recorded_at="")
    ledger_cases.write(repository, [ahead, now])
    found = read(repository, most=1)
    assert sessions(found) == ["now"]
    assert remarks(found) == ["records are left out: 1 in the future"]


def test_a_file_that_is_too_large_is_never_read(repository: Path) -> None:
    large = f"{header()}\n{LINE}\n" + " " * LARGEST
    ledger_cases.write_tree(repository, {PATH: large, GOOD: good()})
    found = read(repository)
    assert (sessions(found), remarks(found)) == (["other"], ["records are left out: 1 too large or not here"])


def test_one_content_under_many_names_is_charged_each_time(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "\n".join(LINE.replace("train", f"train{n}") for n in range(10))
    content = f"{header(started_at='')}\n{rows}\n"
    names = [f"2026/01/01/1200{n:02d}-0123456789ab.jsonl" for n in range(12)]
    ledger_cases.write_tree(repository, dict.fromkeys(names, content))
    for name, most, bound in (("_MOST_ROWS", 55, "55 rows"), ("_MOST_BYTES", 3 << 20, "3 MB")):
        with monkeypatch.context() as patch:
            patch.setattr(f"perfgate.store.history.ledger.{name}", most)
            if name == "_MOST_BYTES":
                padded = f"{header(started_at='', later='x' * (600 << 10))}\n{rows}\n"
                ledger_cases.write_tree(repository, dict.fromkeys(names, padded))
            found = read(repository)
        assert found.source == f"5 records of {LEDGER}"
        assert remarks(found) == [f"records are left out: 7 older than the newest {bound}"]
        assert {b.sessions[0].recorded_at for b in found.benchmarks} == {"2026-01-01T12:00:11Z"}


def test_the_newest_are_read_and_of_two_records_of_a_session_the_newer_counts_for_each_benchmark(
    repository: Path,
) -> None:
    first = encode(a_record(ROW, replace(ROW, benchmark="load"), started_at="2026-01-01T12:00:00Z"), recorded_at="")
    again = encode(a_record(replace(ROW, p50=2.0), started_at="2026-01-01T12:00:09Z"), recorded_at="")
    old = encode(a_record(session="old", started_at="2025-01-01T00:00:00Z"), recorded_at="")
    ledger_cases.write(repository, [again, old, first])
    load, train = read(repository).benchmarks
    assert [s.readings["elapsed"].p50 for s in load.sessions] == [1.25]
    assert [(s.session, s.readings["elapsed"].p50) for s in train.sessions] == [("old", 1.25), (HEADER.session, 2.0)]
    assert sessions(read(repository, most=2)) == [HEADER.session] * 2


def test_classes_are_kept_apart(repository: Path) -> None:
    ledger_cases.write(
        repository, [encode(a_record(machine_class=name, session=name), recorded_at="") for name in ("a", "b")]
    )
    assert [(b.machine_class, len(b.sessions)) for b in read(repository).benchmarks] == [("a", 1), ("b", 1)]


def test_a_benchmark_that_the_newest_sessions_lack_is_not_present(repository: Path) -> None:
    gone = encode(
        a_record(replace(ROW, benchmark="gone"), session="0", started_at="2025-01-01T00:00:00Z"), recorded_at=""
    )
    later = [
        encode(a_record(session=str(n), started_at=f"2026-01-{n:02d}T00:00:00Z"), recorded_at="") for n in range(1, 21)
    ]
    ledger_cases.write(repository, [gone, *later])
    assert {b.benchmark: b.is_present for b in read(repository).benchmarks} == {"gone": False, "train": True}


def test_a_merge_at_the_tip_is_read_as_it_stands(repository: Path) -> None:
    one, two = (ledger_cases.write_tree(repository, {path: good(path, at)}, ref=f"refs/x/{n}") for n, (path, at) in
                enumerate([(GOOD, "2026-01-02T00:00:00Z"), (PATH, "2026-01-01T12:00:00Z")]))  # fmt: skip
    tree = f"{two}^{{tree}}"
    words = ["commit-tree", tree, "-p", one, "-p", two, "-m", "merge"]
    made = subprocess.run(["git", "-C", str(repository), *words], check=True, capture_output=True, text=True)
    subprocess.run(["git", "-C", str(repository), "update-ref", LEDGER, made.stdout.strip()], check=True)
    assert sessions(read(repository)) == [PATH]


def test_without_the_ref_there_is_no_history_and_an_empty_one_is_said(repository: Path) -> None:
    assert read_ledger(str(repository), LEDGER, most=1, until=TODAY, wants=lambda _name: True) is None
    ledger_cases.write_tree(repository, {})
    found = read(repository)
    assert (found.benchmarks, found.source, remarks(found)) == ((), "", ["is empty"])


def test_a_ref_that_names_no_commit_is_left_out(repository: Path) -> None:
    ledger_cases.write_tree(repository, {PATH: "x"}, ref="refs/heads/x")
    for words, kind in ((["rev-parse", f"refs/heads/x:{PATH}"], "blob"), (["mktag"], "tag")):
        commit = subprocess.run(
            ["git", "-C", str(repository), "rev-parse", "refs/heads/x"], check=True, capture_output=True, text=True
        ).stdout.strip()
        tag = f"object {commit}\ntype commit\ntag t\ntagger a <a@b> 1 +0000\n\nx\n"
        made = subprocess.run(
            ["git", "-C", str(repository), *words], check=True, capture_output=True, text=True, input=tag
        ).stdout.strip()
        subprocess.run(["git", "-C", str(repository), "update-ref", LEDGER, made], check=True)
        assert remarks(read(repository)) == [f"names a {kind}, and no commit; it is left out"]
        (fault,) = refused(lambda: find_tip(str(repository), LEDGER))
        assert fault.slug == "history-not-ours"


def test_another_ref_that_begins_alike_is_not_read(repository: Path) -> None:
    ledger_cases.write_tree(repository, {GOOD: good()}, ref=f"{LEDGER}/other")
    assert find_tip(str(repository), LEDGER) is None


def test_the_same_runs_give_the_same_bytes_and_name_whoever_appends_them() -> None:
    path, content = encode(a_record(), recorded_at="")
    assert (path, content) == encode(a_record(), recorded_at="")
    elsewhere = a_record(branch="topic", tool="perfgate 9.0.0")
    assert encode(elsewhere, recorded_at="")[0] == path
    assert path.startswith("2026/01/01/120000-")
    assert encode(a_record(replace(ROW, p50=1.3)), recorded_at="")[0] != path
    assert encode(a_record(machine_class="other"), recorded_at="")[0] != path


def test_runs_without_a_time_stand_where_the_caller_says() -> None:
    path, content = encode(a_record(started_at=""), recorded_at="2026-03-04T05:06:07Z")
    assert path.startswith("2026/03/04/050607-")
    decoded = decode(content, time_of(path.encode()), lambda _name: True)
    assert decoded is not None
    (past,) = decoded[1].values()
    assert (past.started_at, past.when) == ("", "2026-03-04T05:06:07Z")


def test_values_of_every_usual_size_and_zero_are_read(repository: Path) -> None:
    rows = [replace(ROW, benchmark=f"b{n}", p50=value, p95=value) for n, value in enumerate((0.0, 1e-100, 1e100))]
    ledger_cases.write(repository, [encode(a_record(*rows), recorded_at="")])
    assert [b.sessions[0].readings["elapsed"].p50 for b in read(repository).benchmarks] == [0.0, 1e-100, 1e100]
    assert (short(5e-324), short(-1e-101), short(1.234567)) == (0.0, 0.0, 1.2346)


def test_a_record_of_the_first_year_is_read(repository: Path) -> None:
    ledger_cases.write(repository, [encode(a_record(started_at="0001-01-01T00:00:00Z"), recorded_at="")])
    found = read(repository)
    assert [s.when for b in found.benchmarks for s in b.sessions] == ["0001-01-01T00:00:00Z"]
    assert not remarks(found)


def test_a_value_that_no_reader_would_take_is_not_written() -> None:
    (fault,) = refused(lambda: encode(a_record(replace(ROW, labels={"n": "1"}, p50=1e101)), recorded_at=""))
    assert (fault.slug, fault.message) == ("history-too-large", "train[n=1]: elapsed is larger than 1e+100")


def test_a_record_that_no_reader_would_take_is_not_written() -> None:
    (fault,) = refused(lambda: encode(a_record(replace(ROW, benchmark="x" * 70_000)), recorded_at=""))
    assert fault.slug == "history-too-large"


@pytest.mark.parametrize(
    ("text", "answer"),
    [("2026-01-01T12:00:00.123456Z", True), ("2026-01-01T12:00:00Z", True), ("2026-01-32T12:00:00Z", False),
     ("2026-01-01", False), ("", False), ("../../etc/passwd", False), ("２026-01-01T12:00:00Z", False)],
)  # fmt: skip
def test_a_time_is_one_that_a_path_can_state(text: str, *, answer: bool) -> None:
    assert is_time(text) is answer
