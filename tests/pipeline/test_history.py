"""`perfgate history` in this process: every form of its report, and an append to the ledger."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from history_cases import CLASS, Suite, creep, steady, step, write
from records import write_runs
from support import RUNS, clean_environment

from perfgate.__main__ import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with a step, a creep, a break and a change of everything."""
    own = {
        "encode": creep(0.004, 0.003), "load": steady(0.11), "parse": steady(0.02), "sort": step(0.05, 20, 0.8),
        "train": step(0.31, 45, 1.2), "write": steady(0.9),
    }  # fmt: skip
    levels = {name: lambda c, level=level: level(c) * (1.1 if c >= 65 else 1.0) for name, level in own.items()}
    suite = Suite(levels, between=0.005, environment=lambda c: {"python": "3.12" if c >= 65 else "3.11"})
    folder = tmp_path_factory.mktemp("history") / "made"
    write(folder, suite, 80, tags={12: "v1.0"})
    return folder


@pytest.fixture
def inside(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a clone of the repository, which has a remote."""
    for name, value in clean_environment(tmp_path).items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(made), str(remote)], check=True)
    subprocess.run(["git", "clone", "-q", f"file://{remote}", str(tmp_path / "clone")], check=True)
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path / "clone"


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code = run(["history", *words])
    found = capsys.readouterr()
    assert code == 0, found.err
    return found.out


@pytest.mark.usefixtures("inside")
def test_every_form_shows_the_step_the_creep_and_what_all_did_together(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(shown(capsys).split())
    for found in ("all together", "train", "open", "with python 3.11 → 3.12", "Worse than v1.0", "encode"):
        assert found in text
    assert "| `train` |" in shown(capsys, "--format", "markdown")
    document = json.loads(shown(capsys, "--format", "json"))
    assert [len(s["steps"]) for s in document["series"] if s["benchmark"] in {"sort", "train"}] == [1, 1]
    page = shown(capsys, "--format", "html")
    assert page.count('role="img"') == 7
    rows = list(csv.DictReader(io.StringIO(shown(capsys, "--format", "csv"))))
    assert len(rows) == 6 * 80
    assert [row["benchmark"] for row in rows if row["step"] and row["benchmark"] != "encode"] == ["sort", "train"]
    gauges = shown(capsys, "--format", "openmetrics")
    assert 'perfgate_history_open_steps{benchmark="train"' in gauges
    assert gauges.endswith("# EOF\n")
    (suite,) = document["suites"]
    (line,) = [line for line in gauges.splitlines() if line.startswith("perfgate_history_suite_anchor_change_ratio")]
    assert line.startswith(f'perfgate_history_suite_anchor_change_ratio{{metric="elapsed",machine_class="{CLASS}"}} ')
    assert float(line.split()[-1]) == pytest.approx(suite["since_anchor"], rel=1e-6)
    assert "suite_anchor" not in shown(capsys, "--format", "openmetrics", "--last", "11")


@pytest.mark.usefixtures("inside")
def test_one_benchmark_is_a_log_and_options_choose(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "train", "--last", "60").count("\n2026-01-0") >= 60
    assert "Worse than 30 sessions back" in shown(capsys, "--anchor", "30", "--since", "2026-01-02")
    assert shown(capsys, "s*", "--metric", "elapsed", "--anchor", "v1.0").startswith("sort")
    for words in ("trian", "--metric nothing", "--class none", "--since 2040-01-01", "--anchor x"):
        assert run(["history", *words.split()]) == 2
        assert "hint:" in capsys.readouterr().err


def test_sessions_are_appended_pushed_and_read(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        started = f"2026-02-0{number + 1}T00:00:00Z"
        write_runs(inside / RUNS, [0.31 + i / 1000 for i in range(5)], tag=f"r{number}", session=f"s{number}",
                   started_at=started)  # fmt: skip
    assert run(["history", "append"]) == 0
    assert capsys.readouterr().out.count("added 2026/02/0") == 3
    assert run(["history", "append", "--push"]) == 0
    assert "pushed 3 records" in capsys.readouterr().out
    assert run(["history", "append", "--push"]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert run(["history", "append", "--push", "nowhere"]) == 2
    assert "hint:" in capsys.readouterr().err
    document = json.loads(shown(capsys, "--format", "json", "--ref", "refs/perfgate/history"))
    assert "3 records of refs/perfgate/history" in document["source"]
    assert {p["session"] for s in document["series"] for p in s["sessions"]} >= {"s0", "s1", "s2"}


@pytest.mark.usefixtures("inside")
def test_the_audit_notes_the_creep_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--fail-on", "error"]) == 0
    found = capsys.readouterr()
    assert "baseline-creep" in found.out + found.err


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("tag", "title", "typed"),
    [
        ("20", "Worse than 20 (", "--base 20"),
        ("main", "Worse than main (", "--base refs/tags/main"),
        ("-x", "Worse than -x (", "--base refs/tags/-x"),
        ("a\u202eb", "Worse than 50 sessions back (", "--base "),
    ],
)
def test_whatever_the_newest_tag_is_called_the_newest_sessions_are_compared(
    tag: str, title: str, typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "tag", "-d", "v1.0"], check=True, stdout=subprocess.DEVNULL)
    commit = subprocess.run(["git", "rev-parse", "HEAD~40"], check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["git", "update-ref", f"refs/tags/{tag}", commit], check=True)
    found = " ".join(shown(capsys).split())
    assert title in found
    assert typed in found


@pytest.mark.usefixtures("inside")
def test_once_all_baselines_are_removed_their_history_is_there_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "rm", "-rq", "baselines"], check=True)
    words = ["-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "-qm", "Remove all"]
    subprocess.run(["git", *words], check=True)
    assert run(["history"]) == 2
    fault = capsys.readouterr().err
    assert "the newest version of the baselines holds no benchmark [history-empty]" in fault
    assert "hint: name one that was removed: encode, load, parse" in fault
    assert shown(capsys, "parse").startswith("parse")
