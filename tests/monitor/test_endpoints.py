"""The endpoints say what was counted, by all workers or with a warning that they do not."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from doc_blocks import DOCS, blocks

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


class Slow:
    """A collector that takes as long as the test wants."""

    def __init__(self):
        self.began, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.running = self.most = 0

    def collect(self):
        self.running += 1
        self.most = max(self.most, self.running)
        self.began.set()
        assert self.may_end.wait(30)
        self.running -= 1
        yield prometheus_client.metrics_core.GaugeMetricFamily("slow", "", 1.0)


def test_the_service_goes_on_during_a_long_scrape_and_one_is_made_at_a_time():
    registry, slow = prometheus_client.CollectorRegistry(), Slow()
    registry.register(slow)  # which collects once, for its names
    app = metrics_app(registry)
    sent = []

    async def send(message):
        sent.append(message)

    async def service():
        scope = {"type": "http", "method": "GET", "headers": []}
        scrapes = [asyncio.create_task(app(scope, None, send)) for _ in range(3)]
        await asyncio.to_thread(slow.began.wait)
        slow.may_end.set()  # by the event loop, which a scrape must not hold
        await asyncio.gather(*scrapes)

    slow.began.clear()
    slow.may_end.clear()
    asyncio.run(service())
    assert [b"slow 1.0" in m["body"] for m in sent if "body" in m] == [True] * 3
    assert slow.most == 1


def test_a_server_without_asyncio_gets_its_scrape_too():
    sent = []

    async def send(message):
        sent.append(message)

    app = metrics_app(prometheus_client.CollectorRegistry())
    with pytest.raises(StopIteration):
        app({"type": "http", "method": "GET", "headers": []}, None, send).send(None)
    assert sent[0]["status"] == 200


def test_json_counts_only_requests():
    registry = prometheus_client.CollectorRegistry()
    requests = prometheus_client.Counter(endpoints.HTTP_REQUESTS, "", ("method", "route", "status"), registry=registry)
    requests.labels("GET", "/a", "200").inc(2)
    requests.labels("GET", "/a", "500").inc()
    prometheus_client.Counter("jobs", "Jobs.", registry=registry).inc(3)
    _, headers, body = get(metrics_app(registry, json=True))
    assert headers[b"content-type"] == b"application/json"
    assert body == b'{"request_count": 3, "routes": {"GET /a": {"200": 2, "500": 1}}}'


SERVED = """
import time
from perfgate.monitor import MetricsMiddleware, PredictionMetrics, metrics_app
@app.get('/pid')
async def pid() -> int:
    time.sleep(0.02)  # a worker that is busy leaves the next request to the other one
    return os.getpid()
app.add_middleware(MetricsMiddleware)
app.add_route('/metrics', metrics_app(json=True))
PredictionMetrics().set_active(1)
"""


@pytest.mark.slow
def test_two_workers_as_the_page_starts_them_answer_with_the_counts_of_both(tmp_path):
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    page = blocks(DOCS / "serving.md")
    (start,) = (b.text for b in page if "--workers" in b.text)
    (program,) = (b.text for b in page if "mark_process_dead" in b.text)
    (tmp_path / "service.py").write_text(program + SERVED)
    counts = tmp_path / "counts"
    counts.mkdir()
    (counts / "counter_1.db").write_text("of the last start")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for words, ours in (
        ("/run/predictions", str(counts)),
        ("uvicorn service:app --workers 4", f"exec {sys.executable} -m uvicorn service:app --workers 2 --port {port}"),
    ):
        assert words in start
        start = start.replace(words, ours)
    with subprocess.Popen(["sh", "-c", start], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as server:
        try:
            _wait_for(port)
            pids: list[bytes] = []
            while len(set(pids)) < 2 and len(pids) < 2_000:
                with ThreadPoolExecutor(20) as pool:
                    pids += pool.map(lambda _: ask(port, "/pid"), range(20))
            body = ask(port, "/metrics")
            alive = len(list(counts.glob("gauge_live*.db")))
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert len(set(pids)) == 2, "both workers answered"
    assert f'"request_count": {len(pids)}'.encode() in body
    assert (alive, list(counts.glob("gauge_live*.db"))) == (2, []), "a worker that ended has no model"


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
