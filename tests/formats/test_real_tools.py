"""The tools themselves are run, and what they write is recognised and read back.

They are looked for in the folder that PERFGATE_TEST_TOOLS names, then on the PATH; what
is not there is skipped by name. Nothing outside this machine is asked.
"""

from __future__ import annotations

import http.server
import itertools
import json
import os
import shutil
import statistics
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from cases import contents, values_of

from perfgate.formats.detect import formats

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfgate.formats.parsing.record import Record

pytestmark = pytest.mark.tools

FOLDER = os.environ.get("PERFGATE_TEST_TOOLS", "")


def tool(name: str) -> str:
    """Return the path of a tool; a test that needs one that is not there is skipped."""
    found = shutil.which(name, path=FOLDER) if FOLDER else None
    found = found or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(folder: Path, *command: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a tool in a folder as its users do; return what it printed."""
    path = os.pathsep.join(filter(None, [FOLDER, os.environ["PATH"]]))
    # the Python that runs these tests must not show through to the tool's own
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "COV", "VIRTUAL"))}
    environment |= {"PATH": path, "HOME": str(folder), "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    assert done.returncode in codes, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def by_name(path: Path, metric: str = "time") -> dict[str, Record]:
    """Return what was read, by benchmark; every file must be recognised by its content."""
    return {r.benchmark: r for r in contents(path).records if r.metric == metric}


@pytest.mark.slow
def test_pytest_benchmark_is_read_back(tmp_path: Path) -> None:
    beside = shutil.which("pytest", path=os.path.dirname(tool("pytest-benchmark")))  # a pytest that has the plugin
    if beside is None:
        pytest.skip("pytest-benchmark is installed without a pytest")
    (tmp_path / "test_sum.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [10, 1000])\n"
        "def test_sum(benchmark, n):\n    benchmark.pedantic(sum, (range(n),), rounds=7, iterations=3)\n"
    )
    run(tmp_path, beside, "-q", "-p", "no:cacheprovider", "--benchmark-json=bench.json")
    stated = json.loads((tmp_path / "bench.json").read_text())["benchmarks"]
    found = by_name(tmp_path / "bench.json")
    assert set(found) == {"test_sum.py::test_sum[10]", "test_sum.py::test_sum[1000]"}
    for entry in stated:
        record = found[entry["fullname"]]
        assert (record.payload.kind, record.count, record.is_mean) == ("samples", 7, True)
        assert statistics.median(values_of(record)) == pytest.approx(entry["stats"]["median"])


def test_pyperf_is_read_back(tmp_path: Path) -> None:
    pyperf = tool("pyperf")
    run(
        tmp_path, pyperf, "timeit", "-p", "3", "-n", "4", "-w", "1", "-l", "100", "--name", "sum", "-o", "bench.json",
        "sum(range(100))",
    )  # fmt: skip
    record = by_name(tmp_path / "bench.json")["sum"]
    assert (record.payload.kind, record.count, record.is_mean, record.unit) == ("samples", 12, True, "s")
    dumped = run(tmp_path, pyperf, "stats", "bench.json")
    assert "Total number of values: 12" in dumped
    assert 1e-9 < min(values_of(record)) <= max(values_of(record)) < 1e-2


def test_hyperfine_is_read_back(tmp_path: Path) -> None:
    hyperfine = tool("hyperfine")
    run(
        tmp_path, hyperfine, "--runs", "4", "--export-json", "bench.json", "-n", "nap", "sleep 0.03",
        "-n", 'µ "x"', "true",
    )  # fmt: skip
    stated = {r["command"]: r for r in json.loads((tmp_path / "bench.json").read_text())["results"]}
    found = by_name(tmp_path / "bench.json")
    assert set(found) == set(stated) == {"nap", 'µ "x"'}
    for name, record in found.items():
        assert (record.payload.kind, record.count, record.is_mean) == ("samples", 4, False)
        assert statistics.median(values_of(record)) == pytest.approx(stated[name]["median"], abs=1e-9)
    assert min(values_of(found["nap"])) > 0.02


def test_asv_is_read_back(tmp_path: Path) -> None:
    asv, git = tool("asv"), tool("git")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").write_text("")
    (tmp_path / "benchmarks" / "sums.py").write_text(
        "class Sums:\n    params = [10, 1000]\n    param_names = ['n']\n"
        "    number, repeat, rounds, warmup_time = 50, 6, 1, 0\n"
        "    def time_sum(self, n):\n        sum(range(n))\n"
        "    def time_broken(self, n):\n        1 / 0\n"
    )
    (tmp_path / "asv.conf.json").write_text(json.dumps({
        "version": 1, "project": "sums", "repo": ".", "branches": ["HEAD"], "environment_type": "existing",
        "benchmark_dir": "benchmarks", "results_dir": "results",
    }))  # fmt: skip
    run(tmp_path, git, "init", "-q", ".")
    run(
        tmp_path, git, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "a"
    )
    commit = run(tmp_path, git, "rev-parse", "HEAD").strip()
    run(tmp_path, asv, "machine", "--yes")
    run(tmp_path, asv, "run", "--python=same", "--set-commit-hash", commit, "--record-samples", codes=(0, 2))
    read = contents(tmp_path / "results")
    found = {r.benchmark: r for r in read.records}
    assert set(found) == {"sums.Sums.time_sum(10)", "sums.Sums.time_sum(1000)"}
    assert {(r.payload.kind, r.count, r.unit, r.commit) for r in read.records} == {("samples", 6, "s", commit)}
    assert {s.benchmark.partition("(")[0] for s in read.skipped} == {"sums.Sums.time_broken"}


class _Shop(http.server.BaseHTTPRequestHandler):
    """A page that always answers, and one that fails every third time."""

    protocol_version = "HTTP/1.1"
    calls = itertools.count()

    def do_GET(self) -> None:
        body = b"hello"
        self.send_response(500 if self.path == "/flaky" and next(self.calls) % 3 == 0 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def shop() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif("locust-json" not in {f.name for f in formats()}, reason="locust is not read yet")
def test_locust_is_read_back(tmp_path: Path, shop: str) -> None:
    locust = tool("locust")
    (tmp_path / "locustfile.py").write_text(
        "from locust import HttpUser, task, constant\n"
        "class Buyer(HttpUser):\n    wait_time = constant(0.02)\n"
        "    @task(4)\n    def home(self):\n        self.client.get('/home')\n"
        "    @task(1)\n    def flaky(self):\n        self.client.get('/flaky')\n"
    )
    printed = run(
        tmp_path, locust, "--headless", "-u", "2", "-r", "2", "-t", "5s", "--host", shop, "--json", "--csv", "run",
        codes=(0, 1),
    )  # fmt: skip
    (tmp_path / "stats.json").write_text(printed)
    stated = {f"{e['method']} {e['name']}": e for e in json.loads(printed)}
    times = by_name(tmp_path / "stats.json", "response_time")
    errors = by_name(tmp_path / "stats.json", "error_rate")
    assert set(times) == set(errors) == set(stated) == {"GET /home", "GET /flaky"}
    assert {name: r.count for name, r in times.items()} == {name: e["num_requests"] for name, e in stated.items()}
    assert {name: values_of(r)[0] for name, r in errors.items()} == {
        name: pytest.approx(e["num_failures"] / e["num_requests"]) for name, e in stated.items()
    }
    assert values_of(errors["GET /flaky"])[0] > 0
    assert {"GET /home", "GET /flaky"} <= set(by_name(tmp_path / "run_stats.csv", "response_time"))
