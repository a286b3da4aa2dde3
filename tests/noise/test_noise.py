"""The noise collector: a short session end to end, what its arms do, what it keeps of a machine, and the packer."""

from __future__ import annotations

import csv
import getpass
import gzip
import io
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import collect
import machine_facts
import pack
import pytest
from loads import LOADS
from support import ROOT, Outcome, Project, clean_environment

NOISE = ROOT / "tests" / "noise"
SECRETS = {"USER": "zaphod", "LOGNAME": "zaphod", "HOSTNAME": "heartofgold", "GITHUB_ACTOR": "zaphod"}


def run(script: str, *words: str, folder: Path, **variables: str) -> Outcome:
    done = subprocess.run(
        [sys.executable, str(NOISE / script), *words],
        cwd=folder,
        env=clean_environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short session of three loads, recorded by the command itself."""
    folder = tmp_path_factory.mktemp("noise")
    words = ("--target-ms", "1", "--runs", "2", "--pause", "0", "--seed", "7", "--loads", "python,zlib,sleep")
    done = run("collect.py", *words, folder=folder, **SECRETS)
    assert done.code == 0, done.stderr
    (found,) = (folder / "outputs" / "noise").iterdir()
    return found


def summaries(session: Path) -> list[dict]:
    found = [json.loads(path.read_text()) for path in (session / "runs").iterdir()]
    return sorted(found, key=lambda summary: summary["metrics"]["index"]["value"])


def test_a_session_has_each_load_and_arm_in_each_block_and_no_load_twice_in_a_row(session: Path) -> None:
    about, runs = json.loads((session / "session.json").read_text()), summaries(session)
    assert about["seed"] == 7
    assert about["order"] == [f"{run['benchmark'].removeprefix('noise.')}:{run['labels']['arm']}" for run in runs]
    assert Counter((run["benchmark"], run["labels"]["arm"], run["metrics"]["block"]["value"]) for run in runs) == {
        (f"noise.{load}", arm, block): 1
        for load in ("python", "zlib", "sleep")
        for arm in collect.ARMS
        for block in (0, 1)
    }
    assert all(one["benchmark"] != other["benchmark"] for one, other in pairwise(runs))


def test_the_runs_are_summaries_that_perfgate_reads(session: Path, project: Project) -> None:
    done = project.cli("collect", str(session / "runs"), "-o", "profile.json")
    assert done.code == 0, str(done)
    profiles = project.read_json("profile.json")["profiles"]
    assert {(p["benchmark"], p["labels"]["arm"]) for p in profiles} == {
        (f"noise.{load}", arm) for load in ("python", "zlib", "sleep") for arm in collect.ARMS
    }
    assert {run["session"] for run in summaries(session)} == {session.name}


def test_the_same_seed_gives_the_same_order_and_another_one_does_not() -> None:
    names = ("a", "b", "c")
    orders = [collect.order_block(random.Random(seed), names, "a") for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    for seed in range(200):
        for last in ("", *names):
            order = [last, *(name for name, _ in collect.order_block(random.Random(seed), names, last))]
            assert all(one != other for one, other in pairwise(order))


def test_the_arms_do_exactly_5_and_10_percent_more_units(session: Path) -> None:
    for run in summaries(session):
        units, base = run["metrics"]["units"]["value"], run["metrics"]["base_units"]["value"]
        assert units * 100 == base * {"a": 100, "b": 100, "plus5": 105, "plus10": 110}[run["labels"]["arm"]]


def test_the_loads_are_asked_for_the_units_that_the_summaries_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERFGATE_SESSION", "")  # it is set by the session, and restored here
    asked: dict[str, list[int]] = {"one": [], "other": []}

    def counting(name: str):
        def work(units: int) -> int:
            asked[name].append(units)
            return sum(1 for _ in range(units))

        return work

    about = collect.record_session(
        {name: counting(name) for name in asked}, tmp_path, runs=3, target=1e-4, pause=0.0, seed=1
    )
    for name, units in asked.items():
        base = about["units"][name]
        assert Counter(units[-12:]) == {base: 6, base * 105 // 100: 3, base * 110 // 100: 3}


def test_a_load_that_does_less_than_it_should_ends_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERFGATE_SESSION", "")
    with pytest.raises(SystemExit, match="units in place of"):
        collect.record_session(
            {"lazy": lambda units: units - 1, "b": int}, tmp_path, runs=1, target=1e-4, pause=0.0, seed=1
        )


@pytest.mark.parametrize("name", LOADS)
def test_a_load_does_the_units_that_it_is_given(name: str, tmp_path: Path) -> None:
    load = LOADS[name](tmp_path)
    assert [load(units) for units in (3, 1, 2)] == [3, 1, 2]


def test_work_and_not_the_call_grows_with_the_units_of_a_load(tmp_path: Path) -> None:
    load = LOADS["python"](tmp_path)
    lines = []
    for units in (20, 21, 22):
        count = 0

        def trace(frame, event, argument):
            nonlocal count
            count += 1
            return trace

        before = sys.gettrace()  # of coverage
        sys.settrace(trace)
        try:
            load(units)
        finally:
            sys.settrace(before)
        lines.append(count)
    assert lines[1] - lines[0] == lines[2] - lines[1] > 0
    assert lines[0] == pytest.approx(20 * (lines[1] - lines[0]), rel=0.02)


def test_a_calibrated_run_takes_its_target_in_units_that_have_exact_shares() -> None:
    units = collect.calibrate(lambda n: sum(range(n * 500)) and n, 0.01)
    assert units % collect.STEP == 0 < units
    assert [collect.count_units(20, arm) for arm in collect.ARMS] == [20, 20, 21, 22]
    with pytest.raises(ValueError, match="no exact share"):
        collect.count_units(30, "plus5")


def test_nothing_of_the_person_the_host_or_the_folder_is_kept(session: Path) -> None:
    text = "".join(path.read_text() for path in sorted(session.rglob("*.json")))
    names = {"zaphod", "heartofgold", socket.gethostname(), str(session.parents[2]), str(Path.home()), str(ROOT)}
    names |= {getpass.getuser()} if len(getpass.getuser()) > 4 else set()
    assert [name for name in names if len(name) > 2 and name in text] == []
    assert not re.search(r"\b(\d{1,3}\.){3}\d{1,3}\b|([0-9a-f]{2}:){5}|/home/|/root/|/tmp/|\\\\|@", text)
    machine = json.loads((session / "session.json").read_text())["machine"]
    assert {"os", "arch", "cpus", "kernel", "numpy", "python"} <= set(machine)
    assert set(machine) <= set(pack.MACHINE)


FILES = {
    "/proc/cpuinfo": "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd49\nmicrocode : 0x1\ncpu MHz : 2600.5\n",
    "/proc/stat": "cpu  10 0 20 300 4 0 5 250 0 0\ncpu0 1 2 3\n",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "3100000\n",
}


def test_facts_and_state_are_read_where_the_system_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_facts, "read_start", lambda path, limit=4096: FILES.get(path, ""))
    monkeypatch.setattr(machine_facts, "environment", lambda: {"os": "linux", "cpus": "4", "machine": "1a2b3c4d"})
    monkeypatch.setattr(machine_facts, "TICKS", 100)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("ImageVersion", "20260101.1; rm -rf /")
    facts = machine_facts.describe_machine()
    assert (facts["cpu_model"], facts["microcode"]) == ("implementer 0x41 part 0xd49", "0x1")
    assert facts["image"] == "20260101.1 rm -rf"
    assert "machine" not in facts
    state = machine_facts.read_state()
    assert (state["steal"], state["frequency"]) == ((2.5, "s"), (3.1e9, "Hz"))
    monkeypatch.delitem(FILES, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq")
    assert machine_facts.read_state()["frequency"] == (2_600_500_000.0, "Hz")
    monkeypatch.setattr(machine_facts, "read_start", lambda path, limit=4096: "")
    assert set(machine_facts.read_state()) <= {"load_average"}


def test_it_leaves_nothing_but_the_session(session: Path) -> None:
    assert [path.name for path in session.parent.iterdir()] == [session.name]
    assert {path.name for path in session.iterdir()} == {"runs", "session.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("--loads", "python,disk"), "unknown load 'disk'", id="unknown"),
        pytest.param(("--loads", "python,python"), "name two loads at least", id="one"),
        pytest.param(("--runs", "0"), "--runs must be", id="runs"),
        pytest.param(("--target-ms", "nan"), "--target-ms must be", id="nan"),
        pytest.param(("--pause", "-1"), "--pause 0 to", id="pause"),
    ],
)
def test_a_wrong_call_is_one_error(
    words: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        collect.main(["--out", str(tmp_path / "out"), *words])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(content).decode())))


def test_sessions_become_one_table_in_the_order_of_their_runs(session: Path, tmp_path: Path) -> None:
    done = run("pack.py", str(session.parent), "-o", "all.csv.gz", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "all.csv.gz: 24 runs" in done.stdout
    content = (tmp_path / "all.csv.gz").read_bytes()
    rows = read(content)
    assert tuple(rows[0]) == pack.COLUMNS
    assert [int(row["index"]) for row in rows] == list(range(24))
    for row, summary in zip(rows, summaries(session), strict=True):
        assert float(row["value"]) == pytest.approx(summary["elapsed_ns"] / 1e9 / int(row["base_units"]), rel=1e-5)
        assert (row["unit"], row["direction"], row["load"]) == ("s", "lower", summary["benchmark"][6:])
    assert pack.pack([session.parent], "hosted-noise")[0] == content, "the same sessions give the same bytes"
    assert session.name not in gzip.decompress(content).decode()


def test_more_sessions_move_no_row_to_another_part(session: Path, tmp_path: Path) -> None:
    another = tmp_path / "another"
    shutil.copytree(session, another)
    about = json.loads((another / "session.json").read_text())
    about |= {"session": "noise-20250101T000000Z-00000000", "started_at": "2025-01-14T00:00:00.000000Z"}
    (another / "session.json").write_text(json.dumps(about))
    alone = pack.pack([session], "d")[1]
    both = pack.pack([tmp_path, session], "d")[1]
    assert both[24:] == alone
    assert {row["week"] for row in both[:24]} == {"2025-W03"}
    assert {row["part"] for row in both[:24]} == {"held-out"}


@pytest.mark.parametrize(
    ("load", "week", "part"),
    [("python", 1, "train"), ("python", 3, "held-out"), ("sqlite", 1, "held-out"), ("hashing", 3, "held-out")],
)
def test_a_load_or_a_week_is_held_out(load: str, week: int, part: str) -> None:
    assert pack.choose_part(load, week) == part


def test_both_parts_of_the_loads_exist() -> None:
    assert set(pack.HELD_OUT_LOADS) < set(LOADS)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda s: (s / "session.json").write_text("{"), "no JSON", id="cut"),
        pytest.param(lambda s: (s / "session.json").write_text("[]"), "no JSON object", id="list"),
        pytest.param(lambda s: (s / "session.json").write_text('{"schema": "x"}'), "is unknown", id="version"),
        pytest.param(lambda s: next((s / "runs").iterdir()).unlink(), "23 runs in place of 24", id="lost"),
        pytest.param(lambda s: (s / "session.json").unlink(), "no session.json", id="none"),
        pytest.param(lambda s: (s / "session.json").write_text(" " * 2_000_000), "larger than", id="large"),
        pytest.param(lambda s: shutil.copytree(s, s / "twice"), "is there twice", id="twice"),
    ],
)
def test_a_broken_session_is_one_error_and_no_file(session: Path, tmp_path: Path, damage, message: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(session, broken)
    damage(broken)
    done = run("pack.py", "broken", "-o", "all.csv.gz", folder=tmp_path)
    assert done.code == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "all.csv.gz").exists()


def test_the_first_file_has_the_columns_of_the_packer_and_its_true_arms() -> None:
    file = ROOT / "tests" / "data" / "noise" / "sessions_own.csv.gz"
    assert file.stat().st_size < 200_000
    rows = read(file.read_bytes())
    assert tuple(rows[0]) == pack.COLUMNS
    assert {row["load"] for row in rows} == set(LOADS)
    share = {"a": 100, "b": 100, "plus5": 105, "plus10": 110}
    assert all(int(r["units"]) * 100 == int(r["base_units"]) * share[r["arm"]] for r in rows)
    assert len({row["session"] for row in rows}) >= 3


def test_the_data_card_names_every_column_and_load() -> None:
    card = (NOISE / "README.md").read_text(encoding="utf-8")
    missing = [name for name in (*pack.COLUMNS, *LOADS, *collect.ARMS) if f"`{name}`" not in card]
    assert missing == []
    assert os.fspath(ROOT) not in card
