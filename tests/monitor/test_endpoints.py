"""The endpoints say what was counted, by all workers or with a warning that they do not."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

prometheus_client = pytest.importorskip("prometheus_client", reason="the extra `serve` is not installed")

from perfgate.monitor import endpoints, health_app, metrics_app  # noqa: E402 - after the check for the extra


def get(app, method="GET", accept=""):
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"accept", accept.encode())] if accept else []
    asyncio.run(app({"type": "http", "method": method, "headers": headers}, None, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_a_scrape_is_text_that_prometheus_reads():
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("jobs", "Jobs.", registry=registry).inc(3)
    status, headers, body = get(metrics_app(registry))
    assert status == 200
    assert headers[b"content-type"].startswith(b"text/plain")
    assert headers[b"content-length"] == str(len(body)).encode()
    assert b"jobs_total 3.0" in body
    assert get(metrics_app(registry), accept="application/openmetrics-text")[2].endswith(b"# EOF\n")


def test_two_scrapes_say_how_much_time_lies_between_them():
    from perfgate.formats.readers.prometheus_text import PROCESS, SCRAPED_AT

    assert (endpoints.SCRAPED_AT, endpoints.PROCESS) == (SCRAPED_AT, PROCESS)
    line = next(x for x in get(metrics_app())[2].decode().splitlines() if x.startswith(SCRAPED_AT))
    assert abs(float(line.split()[1]) - time.time()) < 60


def test_head_has_the_length_and_no_body_and_other_methods_are_refused():
    status, headers, body = get(health_app(), "HEAD")
    assert (status, headers[b"content-length"], body) == (200, b"15", b"")
    assert get(health_app(), "POST")[0] == 405


@pytest.mark.parametrize(
    ("argv", "environment"),
    [
        (["uvicorn", "app:app", "--workers", "2"], {}),
        (["gunicorn", "-w", "4"], {}),
        (["uvicorn", "--workers=3"], {}),
        (["uvicorn"], {"WEB_CONCURRENCY": "2"}),
        (["gunicorn"], {"GUNICORN_CMD_ARGS": "--workers=2"}),
    ],
)
def test_workers_that_answer_in_turn_are_reported(argv, environment, monkeypatch, caplog):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    metrics_app()
    assert "set PROMETHEUS_MULTIPROC_DIR to an empty folder" in caplog.text


@pytest.mark.parametrize("argv", [["uvicorn", "app:app"], ["uvicorn", "--workers", "1"], ["uvicorn", "--workers"]])
def test_one_worker_is_not_reported(argv, monkeypatch, caplog):
    monkeypatch.setattr(sys, "argv", argv)
    for name in ("PROMETHEUS_MULTIPROC_DIR", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
        monkeypatch.delenv(name, raising=False)
    metrics_app()
    assert caplog.text == ""


def test_a_folder_that_is_none_is_refused_at_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"PROMETHEUS_MULTIPROC_DIR=.*is no folder"):
        metrics_app()


def test_json_counts_only_requests():
    registry = prometheus_client.CollectorRegistry()
    requests = prometheus_client.Counter(endpoints.HTTP_REQUESTS, "", ("method", "route", "status"), registry=registry)
    requests.labels("GET", "/a", "200").inc(2)
    requests.labels("GET", "/a", "500").inc()
    prometheus_client.Counter("jobs", "Jobs.", registry=registry).inc(3)
    _, headers, body = get(metrics_app(registry, json=True))
    assert headers[b"content-type"] == b"application/json"
    assert body == b'{"request_count": 3, "routes": {"GET /a": {"200": 2, "500": 1}}}'


@pytest.mark.slow
def test_two_workers_of_uvicorn_answer_with_the_counts_of_both(tmp_path):
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    (tmp_path / "served.py").write_text(
        "import os\n"
        "import time\n"
        "from fastapi import FastAPI\n"
        "from perfgate.monitor import MetricsMiddleware, metrics_app\n"
        "app = FastAPI()\n"
        "@app.get('/pid')\n"
        "async def pid() -> int:\n"
        "    time.sleep(0.02)\n"  # a worker that is busy leaves the next request to the other one
        "    return os.getpid()\n"
        "app.add_middleware(MetricsMiddleware)\n"
        "app.add_route('/metrics', metrics_app(json=True))\n"
    )
    (tmp_path / "counts").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "served:app", "--workers", "2", "--port", str(port)]
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts")}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            _wait_for(port)
            pids: list[bytes] = []
            while len(set(pids)) < 2 and len(pids) < 2_000:
                with ThreadPoolExecutor(20) as pool:
                    pids += pool.map(lambda _: ask(port, "/pid"), range(20))
            body = ask(port, "/metrics")
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert len(set(pids)) == 2, "both workers answered"
    assert f'"request_count": {len(pids)}'.encode() in body


def ask(port, path):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n\r\n")[2]


def _wait_for(port):
    for _ in range(200):
        with suppress(OSError):
            ask(port, "/metrics")
            return
        time.sleep(0.1)
    raise AssertionError("the service did not start")


def test_forked_workers_state_different_processes():
    def number():
        lines = get(metrics_app(prometheus_client.CollectorRegistry()))[2].decode().splitlines()
        return next(line for line in lines if line.startswith(endpoints.PROCESS))

    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, number().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    theirs = os.read(reader, 1_000).decode()
    os.close(reader)
    os.close(writer)
    assert theirs.startswith(endpoints.PROCESS)
    assert number() == number() != theirs
