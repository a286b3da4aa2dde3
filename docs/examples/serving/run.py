"""The whole example in one command: train, serve, load, judge, and see an alert go pending under a slow version.

``.venv/bin/python run.py`` takes one to two minutes, listens on loopback only, writes below ``build/``, and stops what
it started. It needs what README.md installs: requirements.txt, and the programs ``prometheus`` and ``promtool``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
BUILD = HERE / "build"
PERFGATE = (sys.executable, "-m", "perfgate")
"""Not the program of the PATH, which may be another version's, or none."""
PACKAGES = ("perfgate", "prometheus_client", "fastapi", "locust", "numpy", "uvicorn")
SECONDS = 15
"""Of each load test."""
PATIENCE = 90
"""Seconds to wait for a server, or for an alert."""
PROMETHEUS = """\
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: predictions
    static_configs: [{targets: ["127.0.0.1:SERVICE"]}]
"""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def get(port: int, path: str) -> bytes:
    """Return what a server on loopback answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return bytes(answer.read())


def wait_for(port: int, path: str) -> None:
    """Return when a server answers."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            get(port, path)
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > end:
                raise SystemExit(f"nothing answers on port {port}: {error}") from None
            time.sleep(0.2)
        else:
            return


@contextlib.contextmanager
def running(name: str, *command: str, **environment: str) -> Iterator[None]:
    """Run a server beside the body, with its output in ``build/NAME.log``."""
    with (
        open(BUILD / f"{name}.log", "ab") as log,
        subprocess.Popen(command, cwd=HERE, stdout=log, stderr=log, env={**os.environ, **environment}) as server,
    ):
        try:
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def call(*command: str, output: str | None = None) -> int:
    """Run a command in the example's folder and return its exit code; its output may go to a file in ``build/``."""
    print("$", " ".join(command), flush=True)
    with contextlib.ExitStack() as stack:
        stdout = stack.enter_context(open(BUILD / output, "wb")) if output else None
        return subprocess.run(command, cwd=HERE, stdout=stdout, check=False).returncode


def must(*command: str, output: str | None = None) -> None:
    """Run a command that has to succeed."""
    code = call(*command, output=output)
    if code:
        raise SystemExit(f"that command ended with exit code {code}; its output is above, or in build/{output}")


def load(port: int, name: str, users: int = 40) -> None:
    """Load the service, and keep a scrape from before, one from after, and locust's JSON."""
    (BUILD / f"{name}-before.prom").write_bytes(get(port, "/metrics"))
    host = f"http://127.0.0.1:{port}"
    words = [
        "--headless",
        "-u",
        f"{users}",
        "-r",
        f"{users}",
        "-t",
        f"{SECONDS}s",
        "--host",
        host,
        "--only-summary",
        "--json",
    ]
    must(sys.executable, "-m", "locust", *words, "--skip-log-setup", output=f"{name}-locust.json")
    (BUILD / f"{name}-after.prom").write_bytes(get(port, "/metrics"))


def judge(name: str) -> int:
    """Return the exit code of the check of everything that one load test left."""
    sources = [f"build/{name}-logs/predictions.jsonl", f"build/{name}-locust.json"]
    scrapes = [f"build/{name}-before.prom", f"build/{name}-after.prom"]
    return call(*PERFGATE, "check", *sources, *scrapes, "--report", f"build/{name}-report.md")


def alerts(port: int) -> dict[str, str]:
    """Return the state of each alert of Prometheus that is not silent."""
    found: dict[str, Any] = json.loads(get(port, "/api/v1/alerts"))
    return {alert["labels"]["alertname"]: alert["state"] for alert in found["data"]["alerts"]}


def wait_for_alert(port: int, word: str) -> str:
    """Return the name of the first alert with a word in its name that is pending or firing."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for name, state in alerts(port).items():
            if word in name.lower():
                print(f"alert {name}: {state}")
                return name
        time.sleep(1)
    raise SystemExit(f"no alert with {word} in its name within {PATIENCE} s; there are {alerts(port)}")


def serve(service: int, name: str, **environment: str) -> contextlib.AbstractContextManager[None]:
    """Run the service, with its logs in ``build/NAME-logs``."""
    words = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(service), "--log-level", "warning"]
    return running(name, *words, LOGS=str(BUILD / f"{name}-logs"), **environment)


def require_all(script: str, *needed: str) -> None:
    """Say at once all that a script is missing, before anything is trained or started: packages, and programs."""
    packages = ", ".join(name for name in PACKAGES if find_spec(name) is None)
    programs = ", ".join(name for name in needed if shutil.which(name) is None)
    missing = [f"this Python has no {packages}"] * bool(packages) + [f"not on the PATH: {programs}"] * bool(programs)
    if missing:
        raise SystemExit(f"{'; '.join(missing)}. Install what README.md lists, and run .venv/bin/python {script}")


def main() -> None:
    """Run the example; the exit code is 0 when the good version passes and the slow one fails and alerts."""
    require_all("run.py", "prometheus", "promtool")
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir()
    service, prometheus = free_port(), free_port()
    must(sys.executable, "train.py")
    short = ["--window", "1m", "--min-age", "1m", "--for", "1m"]
    must(*PERFGATE, "alerts", "-o", "build/rules.yml", "--tests", "build/rules_test.yml", *short)
    must("promtool", "check", "rules", "build/rules.yml")
    must("promtool", "test", "rules", "build/rules_test.yml")
    must(*PERFGATE, "dashboard", "--grafana", "11.6", "-o", "build/dashboard.json")
    (BUILD / "prometheus.yml").write_text(PROMETHEUS.replace("SERVICE", str(service)))
    words = [f"--web.listen-address=127.0.0.1:{prometheus}", "--storage.tsdb.path=build/data"]
    with running("prometheus", "prometheus", "--config.file=build/prometheus.yml", *words):
        wait_for(prometheus, "/-/ready")
        with serve(service, "good"):
            wait_for(service, "/health")
            load(service, "good")
            good = judge("good")
        with serve(service, "slow", SLOW_MS="130"):
            wait_for(service, "/health")
            load(service, "slow")
            slow = judge("slow")
            wait_for_alert(prometheus, "latency")
    if (good, slow) != (0, 1):
        raise SystemExit(f"expected exit codes 0 and 1, not {good} and {slow}; see build/")
    print("the good version passed, the slow one failed, and its alert is pending; the reports are in build/")


if __name__ == "__main__":
    main()
