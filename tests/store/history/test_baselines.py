"""The versions of baselines as a history: whoever may commit wrote them, and tools that state no time did, too."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from records import GIT_ENVIRONMENT

from perfgate.core.rollout.drift import REFERENCE
from perfgate.store.history.baselines import read_baselines
from perfgate.store.history.versions import read_contents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from perfgate.core.history.past import BenchmarkHistory, History, Past

FILE = "baselines/linux-4cpu/train.json"
FIRST = 1_767_225_600  # 2026-01-01
DAY = 86_400
NAMES = [f"files-{(number * 7) % 40:03d}" for number in range(40)]
"""Of sessions that state no time: their order is not that of the names."""


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    return tmp_path


def baseline(
    sessions: Mapping[str, Sequence[float]], /, *, facts: Mapping[str, object] | None = None, **changes: object
) -> bytes:
    """Return a version of a baseline with the values of each session."""
    values = {name: [*of_session] for name, of_session in sessions.items()}
    flat = sorted(value for of_session in values.values() for value in of_session)
    metric = {"unit": "s", "better": "lower", "n": len(flat), "p50": flat[0], "p95": flat[-1], "p99": flat[-1]}
    unknown = {"started_at": "", "machine": "", "commit": "", "rows_used": [1000], "runs": []}
    stated = {
        "schema": "perfgate/baseline/1", "benchmark": "train", "labels": {}, "machine_class": "linux-4cpu",
        "metrics": {"elapsed": {**metric, "values": values}},
        "sessions": facts or dict.fromkeys(sessions, unknown), **changes,
    }  # fmt: skip
    return json.dumps(stated).encode()


def commit(folder: Path, versions: Sequence[Mapping[str, bytes]], *, every: int = DAY) -> None:
    """Commit files one version after another, so many seconds apart."""
    with subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        for number, files in enumerate(versions):
            head = f"commit refs/heads/main\ncommitter Dev <dev@example.org> {FIRST + every * number} +0000\ndata 0\n"
            importer.stdin.write(head.encode())
            for path, content in files.items():
                importer.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
    assert importer.returncode == 0


def read(folder: Path, *, below: str = "baselines") -> History:
    return read_baselines(str(folder), git(folder, "rev-parse", "main"), below, wants=lambda _name: True)


def git(folder: Path, *words: str, given: str = "") -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], input=given, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def only(found: History) -> BenchmarkHistory:
    (benchmark,) = found.benchmarks
    return benchmark


def newest_ten(count: int) -> list[dict[str, Sequence[float]]]:
    return [{NAMES[n]: [1.0 + n / 100] * 3 for n in range(max(0, number - 9), number + 1)} for number in range(count)]


def days(sessions: Sequence[Past]) -> list[str]:
    return [s.when[:10] for s in sessions]


def test_sessions_without_a_time_stand_at_the_dates_of_their_commits_in_the_order_of_the_commits(
    repository: Path,
) -> None:
    commit(repository, [{FILE: baseline(sessions)} for sessions in newest_ten(30)])
    sessions = only(read(repository)).sessions
    assert [s.session for s in sessions] == NAMES[:30]
    assert [s.when for s in sessions] == [f"2026-01-{number:02d}T00:00:00Z" for number in range(1, 31)]
    assert [s.readings["elapsed"].p50 for s in sessions] == [1.0 + n / 100 for n in range(30)]


def test_a_session_without_a_time_that_few_versions_hold_is_found(repository: Path) -> None:
    versions = newest_ten(30)
    versions[14]["short"] = [7.0]
    commit(repository, [{FILE: baseline(sessions)} for sessions in versions])
    (past,) = [s for s in only(read(repository)).sessions if s.session == "short"]
    assert (past.when[:10], past.readings["elapsed"].p50) == ("2026-01-15", 7.0)


@pytest.mark.parametrize("every", [pytest.param(DAY, id="one-commit"), pytest.param(0, id="one-second")])
def test_sessions_without_a_time_of_one_second_keep_the_order_of_the_file_in_all_benchmarks(
    repository: Path, every: int
) -> None:
    values = [(name, [1.0]) for name in NAMES[:10]]
    steps = [dict(values)] if every else [dict(values[: n + 1]) for n in range(10)]
    other = "baselines/linux-4cpu/load.json"
    commit(
        repository,
        [{FILE: baseline(s), other: baseline(dict([*s.items()][-3:]), benchmark="load")} for s in steps],
        every=every,
    )
    load, train = read(repository).benchmarks
    assert [s.session for s in train.sessions] == NAMES[:10]
    assert days(train.sessions) == ["2026-01-01"] * 10
    when = {s.session: s.when for s in train.sessions}
    assert len({*when.values()}) == 10
    assert {s.session: s.when for s in load.sessions}.items() <= when.items()


def test_of_sessions_with_a_time_every_ninth_version_is_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def count(folder: str, oids: Sequence[str], *, largest: int) -> Iterator[tuple[str, bytes]]:
        asked.extend(oids)
        return read_contents(folder, oids, largest=largest)

    monkeypatch.setattr("perfgate.store.history.baselines.read_contents", count)
    facts = {"machine": "", "commit": "", "rows_used": [1], "runs": []}
    stated = {n: {**facts, "started_at": f"2026-01-{at + 1:02d}T00:00:00Z"} for at, n in enumerate(NAMES[:30])}
    commit(repository, [{FILE: baseline(v, facts={n: stated[n] for n in v})} for v in newest_ten(30)])
    assert [s.session for s in only(read(repository)).sessions] == NAMES[:30]
    assert len(asked) == 5


@pytest.mark.parametrize("value", [1e-101, -1e-308, 1.7e308, -1e101])
def test_a_session_with_a_value_that_nothing_can_compute_with_is_left_out(repository: Path, value: float) -> None:
    commit(repository, [{FILE: baseline({"a": [1.0]})}, {FILE: baseline({"a": [1.0], "b": [value] * 3})}])
    found = read(repository)
    assert [s.session for s in only(found).sessions] == ["a"]
    message = f"sessions with values that nothing can compute with are left out: 1, of {FILE}"
    assert [n.message for n in found.notes] == [message]


@pytest.mark.parametrize("content", [baseline({"a": [1.0]}, sessions={}), baseline({"a": [1e200]})])
def test_a_benchmark_without_a_session_that_can_be_read_is_none(repository: Path, content: bytes) -> None:
    commit(repository, [{FILE: content}])
    assert not read(repository).benchmarks


def test_whole_numbers_with_a_point_are_read(repository: Path) -> None:
    facts = {"a": {"started_at": "", "machine": "", "commit": "", "rows_used": [1000.0], "runs": []}}
    commit(repository, [{FILE: baseline({"a": [1.0]}, facts=facts)}])
    assert only(read(repository)).sessions[0].rows_used == (1000,)


def flat(value: float) -> bytes:
    metrics = {"elapsed": {"unit": "s", "values": [value, value]}}
    stated = {"schema": "perfgate/baseline/0", "benchmark": "train", "machine_class": "linux-4cpu", "metrics": metrics}
    return json.dumps(stated).encode()


def test_each_version_of_a_baseline_of_values_alone_is_a_session(repository: Path) -> None:
    commit(repository, [{FILE: flat(1.0 + number / 10)} for number in range(12)])
    sessions = only(read(repository)).sessions
    assert [s.readings["elapsed"].p50 for s in sessions] == [1.0 + number / 10 for number in range(12)]
    assert [s.when[8:10] for s in sessions] == [f"{number:02d}" for number in range(1, 13)]
    assert {s.restart for s in sessions} == {None}


def test_a_baseline_of_values_alone_with_a_value_of_any_size_is_no_crash(repository: Path) -> None:
    commit(repository, [{FILE: flat(value)} for value in (1.7e308, -1.7e308, 5e-324)])
    assert not read(repository).benchmarks


def test_where_no_version_can_be_read_it_is_said(repository: Path) -> None:
    commit(repository, [{FILE: b"<<<<<<< HEAD\n%d" % number} for number in range(11)])
    assert [n.message for n in read(repository).notes] == [f"none of 11 versions of baselines can be read: {FILE}"]


def test_the_reference_of_the_inputs_is_no_version_of_a_baseline(repository: Path) -> None:
    commit(repository, [{FILE: baseline({"a": [1.0]}), f"baselines/{REFERENCE}": b'{"schema": "perfgate/drift/1"}'}])
    assert not read(repository).notes


def test_values_of_every_usual_size_and_zero_are_read(repository: Path) -> None:
    values = {"a": [0.0], "b": [1e-100], "c": [-1e100]}
    commit(repository, [{FILE: baseline(values)}])
    assert [[s.readings["elapsed"].p50] for s in only(read(repository)).sessions] == [*values.values()]


@pytest.mark.parametrize(
    "setting",
    [
        "log.showRoot=false", "i18n.logOutputEncoding=UTF-16", "diff.orderFile=/nonexistent", "diff.relative=true",
        "log.follow=true",
    ],
)  # fmt: skip
def test_what_a_user_prefers_of_a_log_changes_nothing(repository: Path, setting: str) -> None:
    commit(repository, [{FILE: baseline(sessions)} for sessions in newest_ten(12)])
    before = read(repository)
    git(repository, "config", *setting.split("="))
    assert read(repository) == before
    assert len(only(before).sessions) == 12


@pytest.mark.parametrize("date", [" -86400 +0000", " -50000000000 +0000", " 99999999999999999999999 +0000", ""])
def test_a_commit_with_an_odd_date_stands_at_that_of_the_next_one(repository: Path, date: str) -> None:
    committer = f"Dev <dev@example.org>{date}"
    commit(repository, [{FILE: baseline({"a": [1.0]})}, {FILE: baseline({"a": [1.0], "b": [1.0]})}])
    dated, parent = f"Dev <dev@example.org> {FIRST + DAY} +0000", ""
    for ref, who in (("main~1", committer), ("main", dated)):
        content = (
            f"tree {git(repository, 'rev-parse', f'{ref}^{{tree}}')}\n{parent}author {who}\ncommitter {who}\n\nx\n"
        )
        made = git(repository, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=content)
        parent = f"parent {made}\n"
    git(repository, "update-ref", "refs/heads/main", made)
    sessions = only(read(repository)).sessions
    assert [(s.session, s.when[:10]) for s in sessions] == [("a", "2026-01-02"), ("b", "2026-01-02")]


@pytest.mark.parametrize("name", ["perf*", ":x", ":(top)y", "a b", "[p]erf-other"])
def test_the_folder_of_the_baselines_is_no_pattern(repository: Path, name: str) -> None:
    other = baseline({"a": [2.0]}, benchmark="other")
    commit(repository, [{f"{name}/c/train.json": baseline({"a": [1.0]}), "perf-other/c/other.json": other}])
    assert only(read(repository, below=name)).benchmark == "train"


@pytest.mark.parametrize(("kind", "known"), [("blob:none", 10), ("tree:0", 0)])
def test_a_partial_clone_is_read_as_far_as_it_goes_and_says_how_to_fetch_the_rest(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, kind: str, known: int
) -> None:
    commit(repository, [{FILE: baseline(sessions)} for sessions in newest_ten(30)])
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path_factory.mktemp("partial") / "clone"
    git(repository, "clone", "-q", "-o", "there", f"--filter={kind}", f"file://{repository}", str(clone))
    found = read(clone)
    assert sum(len(b.sessions) for b in found.benchmarks) == known
    (remark,) = found.notes
    messages = {10: "the clone is partial, and lacks 29 of 30 versions of baselines",
                0: "the clone is partial, and lacks older folders"}  # fmt: skip
    assert (remark.slug, remark.message) == ("history-unreadable", messages[known])
    git(clone, "config", "gc.auto", "0")
    git(clone, *str(remark.hint).split()[1:])
    assert len(only(read(clone)).sessions) == 30
    assert not read(clone).notes
