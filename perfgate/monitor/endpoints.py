"""`metrics_app` and `health_app`: the two endpoints of a measured service, as plain ASGI applications."""

from __future__ import annotations

import asyncio
import json
import os
import time
from threading import Lock
from typing import TYPE_CHECKING, Any

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from perfgate.core.sources.exposed import HTTP_REQUESTS, PROCESS, SCRAPED_AT
from perfgate.monitor.workers import shared_folder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping

    from prometheus_client import Metric

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON = "application/json"
_NUMBER = int.from_bytes(os.urandom(6), "big")
"""Of this start; workers that were forked from it differ by their process ids."""


class Endpoint:
    """An ASGI application that answers GET and HEAD with one body. `MetricsMiddleware` does not count its requests.

    An instance and not a function, so that `add_route` of Starlette and FastAPI takes it as it is.
    """

    __slots__ = ("_answer", "_is_long")
    is_unmeasured = True
    """Probes and scrapes would make an idle service look measured."""

    def __init__(self, answer: Callable[[str], tuple[str, bytes]], *, is_long: bool = False) -> None:
        """Keep what gives the answer.

        Args:
            answer: gives content type and body for an ``Accept`` header.
            is_long: True answers in a thread, since the service must go on meanwhile.
        """
        self._answer = answer
        self._is_long = is_long

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, kind, body = 200, "text/plain", b"only GET and HEAD\n"
        if scope["method"] in ("GET", "HEAD"):
            accept = _accept(scope)
            is_beside = self._is_long and _has_asyncio()
            kind, body = await asyncio.to_thread(self._answer, accept) if is_beside else self._answer(accept)
        else:
            status = 405
        length = str(len(body)).encode()
        headers = [(b"content-type", kind.encode()), (b"content-length", length), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def metrics_app(registry: CollectorRegistry = REGISTRY, *, json: bool = False) -> Endpoint:
    """Return the endpoint that states the metrics; give it to ``app.add_route``.

    Where ``PROMETHEUS_MULTIPROC_DIR`` was set before the start, the metrics of all workers are added up. Several
    workers without it answer in turn, each with its own counts: a warning of the logger ``perfgate.monitor`` says so.
    The text is made in a thread: that of 60,000 time series takes most of a second.

    Args:
        registry: whose metrics.
        json: True answers ``{"request_count": n, "routes": {...}}`` in place of Prometheus' text.

    Raises:
        ValueError: ``PROMETHEUS_MULTIPROC_DIR`` names no folder.
    """
    shared_folder()  # what is wrong is said at the start
    turn = Lock()  # each thread that makes a text takes the interpreter away from the service

    def answer(accept: str) -> tuple[str, bytes]:
        with turn:
            folder = shared_folder()
            found = _merged(folder) if folder else registry
            if json:
                return _JSON, _as_json(found)
            encode, kind = choose_encoder(accept)
            return kind, encode(_Scrape(found, is_merged=bool(folder)))

    return Endpoint(answer, is_long=True)


class _Scrape(Collector):
    """A registry as it is now, with the time at which it was asked: two scrapes then say how much time lies between."""

    def __init__(self, registry: CollectorRegistry, *, is_merged: bool) -> None:
        """Keep the registry, and whether it holds the counts of all workers."""
        self._registry = registry
        self._is_merged = is_merged

    def collect(self) -> Iterator[Metric]:
        """Yield its metrics, then the time."""
        yield from self._registry.collect()
        yield GaugeMetricFamily(SCRAPED_AT, "When this was scraped, in seconds since 1970.", time.time())
        if not self._is_merged:
            yield GaugeMetricFamily(
                PROCESS, "Number of the process that was scraped, new at each start.", _NUMBER + os.getpid()
            )


def health_app() -> Endpoint:
    """Return the endpoint that says that the service runs; give it to ``app.add_route``."""
    return Endpoint(lambda _: (_JSON, b'{"status":"ok"}'))


def _merged(folder: str) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def _as_json(registry: CollectorRegistry) -> bytes:
    """Return how many requests there were, in all and by route and status."""
    routes: dict[str, dict[str, int]] = {}
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == HTTP_REQUESTS and sample.value:
                route = f"{sample.labels['method']} {sample.labels['route']}"
                by_status = routes.setdefault(route, {})
                status = sample.labels["status"]
                by_status[status] = by_status.get(status, 0) + int(sample.value)
    total = sum(sum(by_status.values()) for by_status in routes.values())
    return json.dumps({"request_count": total, "routes": routes}).encode()


def _accept(scope: Scope) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"accept")


def _has_asyncio() -> bool:
    """Does asyncio run the service, and not trio?"""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
