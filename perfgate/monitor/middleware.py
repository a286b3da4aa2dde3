"""`MetricsMiddleware`: counts, response times and statuses by route, for FastAPI and Starlette."""

from __future__ import annotations

import re
from asyncio import CancelledError
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from prometheus_client import REGISTRY, Counter, Histogram

from perfgate.core.sources.exposed import HTTP_DURATION, HTTP_REQUESTS
from perfgate.monitor.prediction_metrics import LIMITS
from perfgate.monitor.series import Series, bucket_edges, metric_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from prometheus_client import CollectorRegistry

    from perfgate.monitor.request_log import RequestLog

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

UNMATCHED = "unmatched"
"""Route of a request for which the application has none: scanners ask for thousands of paths."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_OTHER_METHOD = "OTHER"
_LABELS = ("method", "route")
_ROUTE = _LABELS.index("route")
_PARAMETER = re.compile(r"{([^}:]+)")
_FAILED, _GONE = 500, 499
"""Statuses of a handler that raised, and of a client that left before the end of its response (nginx's number)."""
_FIRST_FAILURE = str(_FAILED)
_BODIES = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})
_LEFT = "ClientDisconnect"
"""What Starlette raises in a handler that reads the body of a client that left."""


class MetricsMiddleware:
    """Measures each HTTP request of an application: ``app.add_middleware(MetricsMiddleware)``.

    Its metrics are ``http_requests_total{method,route,status}`` and ``http_request_duration_seconds{method,route}``,
    from the request to the end of the response. The route is the template, ``/users/{id}``. Websockets go through
    unmeasured, since how long they are open says nothing of the service.
    """

    def __init__(
        self,
        app: App,
        *,
        limits: Iterable[float] = LIMITS,
        log: RequestLog | None = None,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Register the metrics; those that are registered already are shared.

        Args:
            app: the application.
            limits: of the budgets on response times and of their warnings, in seconds: each is the edge of a bucket.
            log: takes a line for each request; None: there is none.
            registry: where the metrics are registered.

        Raises:
            ValueError: a limit is not above 0, or a metric of one of these names is registered by something else.
        """
        self.app = app
        self._log = log
        edges = bucket_edges(limits)
        requests = metric_of(Counter, HTTP_REQUESTS, "Requests.", (*_LABELS, "status"), registry)
        duration = metric_of(Histogram, HTTP_DURATION, "Response times.", _LABELS, registry, buckets=edges)
        self._count = Series(lambda *values: requests.labels(*values).inc, many=_ROUTE)

        def begin(method: str, route: str) -> Callable[[float], None]:
            requests.labels(method, route, _FIRST_FAILURE)  # at 0: `increase` does not see with what a series begins
            return duration.labels(method, route).observe

        self._observe = Series(begin, many=_ROUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and keep its time and its status."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = ended_ns = 0
        is_gone = False

        async def note(message: Message) -> None:
            nonlocal status, ended_ns, is_gone
            try:
                await send(message)
            except OSError:  # of the connection, and not of the handler
                is_gone = True
                raise
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] in _BODIES and not message.get("more_body"):
                ended_ns = perf_counter_ns()  # what follows is work in the background

        root = scope.get("root_path", "")
        failed = 0
        began_ns = perf_counter_ns()
        try:
            await self.app(scope, receive, note)
        except BaseException as error:
            is_left = is_gone or isinstance(error, CancelledError) or type(error).__name__ == _LEFT
            failed = _GONE if is_left else _FAILED
            raise
        finally:
            seconds = ((ended_ns or perf_counter_ns()) - began_ns) / 1e9
            left = _has_left(receive)
            if not ended_ns:  # uvicorn takes an application that answers nothing for broken
                status = failed or (_FAILED if left is False else _GONE)
            elif left and status < _FAILED:
                status = _GONE
            self._keep(scope, root, status, seconds)

    def _keep(self, scope: Scope, root: str, status: int, seconds: float) -> None:
        if getattr(scope.get("endpoint"), "is_unmeasured", False):
            return
        method = scope["method"] if scope["method"] in _METHODS else _OTHER_METHOD
        route = route_of(scope, root)
        self._count.of(method, route, str(status))()
        self._observe.of(method, route)(seconds)
        if self._log is not None:
            self._log.write(method=method, route=route, status=status, duration_ms=round(seconds * 1e3, 6))


def _has_left(receive: Receive) -> bool | None:
    """Did the client leave before the end of its response? None: the server does not say.

    uvicorn drops what is sent to such a client, without an error, and keeps a flag in the object of the request,
    whose method `receive` is. To call `receive` would take a part of the body from the application, or wait.
    """
    left = getattr(getattr(receive, "__self__", None), "disconnected", None)
    return left if isinstance(left, bool) else None


def route_of(scope: Scope, root: str = "") -> str:
    """Return the template of the route that answered, with that of the mounts around it.

    Args:
        scope: of the request, after the application has answered.
        root: root path before the application saw it: what the server is mounted under.
    """
    route = scope.get("route")
    if route is None:
        route = _find_route(scope)
    path = _path_of(scope, route)
    mounts: str = scope.get("root_path", "").removeprefix(root)
    if not mounts:
        return UNMATCHED if path is None else path or "/"
    # A segment that a parameter may have given could be any of many; one that happens to look like it is no loss.
    own = set() if path is None else set(_PARAMETER.findall(path))
    values = {str(v): name for name, v in scope.get("path_params", {}).items() if name not in own}
    numbers = {name for name, v in scope.get("path_params", {}).items() if isinstance(v, int) and name not in own}
    segments = []
    for segment in mounts.split("/"):
        name = values.get(segment)
        if name is None and numbers and segment.isdecimal():  # 007 is 7
            name = min(numbers)
        segments.append(segment if name is None else f"{{{name}}}")
    mounts = "/".join(segments)
    if path is None or hasattr(route, "routes"):  # what is mounted names no route, as static files do
        return f"{mounts}/*"
    return mounts + path


def _path_of(scope: Scope, route: object) -> str | None:
    """Return a route's template with the prefixes of its routers; None: there is none.

    FastAPI 0.165 keeps the route as its router has it, and what is effective beside it.
    """
    effective = getattr((scope.get("fastapi") or {}).get("effective_route_context"), "path", None)
    path = effective if isinstance(effective, str) else getattr(route, "path", None)
    return path if isinstance(path, str) else None


def _find_route(scope: Scope) -> object:
    """Return the route of the handler, where the framework did not name it: Starlette before 1.0."""
    endpoint = scope.get("endpoint")
    if endpoint is None:
        return None
    routes = getattr(scope.get("router"), "routes", ())
    return next((r for r in routes if getattr(r, "endpoint", None) is endpoint), None)
