"""Several logs of one time are one service: requests add up, shares and quotients have the weight of their counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
MAP = """baselines = "none"

[[map]]
name = "answers"
files = ["*.log"]
benchmark = "{route}"
ok = "status"
time = "at"
values = [{ value = "took_ms" }, { value = "wait_ms", over = "took_ms", metric = "waiting" }]
"""


def write_log(project: Project, name: str, *, begin: float = 0.0, every: float = 0.1, count: int = 601, **row):
    """Write a log with a row each so many seconds."""
    rows = [
        {"route": "home", "status": 200, "took_ms": 10, "wait_ms": 1, **row}
        | {"at": (START + timedelta(seconds=begin + i * every)).isoformat()}
        for i in range(count)
    ]
    project.write(name, "".join(json.dumps(r) + "\n" for r in rows))


def limit(metric: str, text: str, statistic: str = "p50") -> str:
    return f'\n[[budget]]\nbenchmark = "home"\nmetric = "{metric}"\nstatistic = "{statistic}"\nlimit = "{text}"\n'


def judged(project: Project, metric: str, *words: str) -> tuple[int, float]:
    """Return the exit code, and the value that was held to the budget."""
    done = project.cli("check", "--report", "report.json", *words)
    findings = json.loads(project.path("report.json").read_text())["findings"]
    (value,) = {f["current"] for f in findings if f["metric"] == metric and f["method"] == "budget"}
    assert "metric-gaps" not in done.stdout
    return done.code, value


@pytest.mark.parametrize(("text", "code"), [("> 29/s", 0), ("> 31/s", 1)])
def test_the_requests_of_three_workers_add_up(project: Project, text, code):
    project.write("perfgate.toml", MAP + limit("throughput", text))
    for number in range(3):
        write_log(project, f"{number}.log", took_ms=10 + number)
    for words in (("*.log",), ("--same-session", "0.log", "1.log", "2.log")):
        assert judged(project, "throughput", *words) == (code, pytest.approx(30.0))


def test_a_worker_that_ended_early_counts_for_the_time_that_it_took(project: Project):
    project.write("perfgate.toml", MAP + limit("throughput", "> 1/s"))
    write_log(project, "0.log")
    write_log(project, "1.log", count=301)
    assert judged(project, "throughput", "*.log") == (0, pytest.approx(15.0))


def test_logs_one_after_the_other_are_two_measurements_of_one_rate(project: Project):
    project.write("perfgate.toml", MAP + limit("throughput", "> 1/s"))
    write_log(project, "0.log")
    write_log(project, "1.log", begin=100.0, took_ms=11)
    assert judged(project, "throughput", "*.log") == (0, pytest.approx(10.0))


def test_the_share_of_errors_is_that_of_all_requests(project: Project):
    project.write("perfgate.toml", MAP + limit("error_rate", "< 20%"))
    write_log(project, "0.log", status=200)
    write_log(project, "1.log", status=500, count=301)
    rows = project.path("0.log").read_text().splitlines(keepends=True)[:100]
    project.write("1.log", project.path("1.log").read_text() + "".join(rows))
    assert judged(project, "error_rate", "*.log") == (1, pytest.approx(301 / 1002))


def test_a_quotient_of_sums_is_divided_once_for_all_workers(project: Project):
    project.write("perfgate.toml", MAP + limit("waiting", "< 20%"))
    write_log(project, "0.log", wait_ms=1)
    write_log(project, "1.log", wait_ms=9, every=6.0, count=11)
    assert judged(project, "waiting", "*.log") == (0, pytest.approx((601 + 11 * 9) / (612 * 10)))


def test_the_times_of_all_workers_are_one_sample(project: Project):
    project.write("perfgate.toml", MAP + limit("took", "< 15ms", "p95"))
    write_log(project, "0.log", took_ms=10)
    write_log(project, "1.log", took_ms=20, every=1.0, count=61)
    assert judged(project, "took", "*.log") == (1, pytest.approx(0.02))


def test_logs_that_are_named_one_by_one_are_exit_2_until_somebody_says_that_they_are_one_service(project: Project):
    project.write("perfgate.toml", MAP + limit("throughput", "> 19/s"))
    for number in range(2):
        write_log(project, f"{number}.log", took_ms=10 + number)
    done = project.cli("check", "0.log", "1.log")
    assert done.code == 2
    assert "--same-session" in done.stderr
