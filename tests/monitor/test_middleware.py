"""Each request counts once, under its route's template and the status that its client saw."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress

import pytest

prometheus_client = pytest.importorskip("prometheus_client", reason="the extra `serve` is not installed")
fastapi = pytest.importorskip("fastapi", reason="fastapi is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from starlette.applications import Starlette  # noqa: E402 - after the check for fastapi
from starlette.responses import PlainTextResponse, StreamingResponse  # noqa: E402 - after the check for fastapi
from starlette.routing import Mount, Route  # noqa: E402 - after the check for fastapi
from starlette.staticfiles import StaticFiles  # noqa: E402 - after the check for fastapi

from perfgate.monitor import MetricsMiddleware, RequestLog, health_app, metrics_app, series  # noqa: E402 - likewise


@pytest.fixture
def registry():
    return prometheus_client.CollectorRegistry()


def ask(app, *requests):
    """Return the responses of an application to (method, path) or a path alone."""

    async def all_of() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.request(*(r if isinstance(r, tuple) else ("GET", r))) for r in requests]

    return asyncio.run(all_of())


def counted(registry):
    """Return how often each method, route and status was counted."""
    return {
        (s.labels["method"], s.labels["route"], s.labels["status"]): int(s.value)
        for metric in registry.collect()
        for s in metric.samples
        if s.name == "http_requests_total" and s.value
    }


def timed(registry):
    return {
        (s.labels["method"], s.labels["route"]): int(s.value)
        for metric in registry.collect()
        for s in metric.samples
        if s.name == "http_request_duration_seconds_count"
    }


@pytest.fixture
def app(registry, tmp_path):
    """An application of FastAPI with routers, mounts and endpoints of each kind."""
    app = fastapi.FastAPI()
    router = fastapi.APIRouter(prefix="/api")

    @router.get("/users/{uid}")
    async def user(uid: str) -> str:
        return uid

    app.include_router(router)

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("no")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts():
            yield "a"
            yield "b"

        return StreamingResponse(parts())

    @app.websocket("/socket")
    async def socket(connection: fastapi.WebSocket) -> None:
        await connection.accept()

    inner = fastapi.FastAPI()

    @inner.get("/items/{item}")
    async def item(item: int) -> int:
        return item

    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("a")
    app.mount("/v1", inner)
    app.mount("/of/{tenant}", inner)
    app.mount("/static", StaticFiles(directory=tmp_path / "static"))
    app.add_route("/metrics", metrics_app(registry))
    app.add_route("/count", metrics_app(registry, json=True))
    app.add_route("/health", health_app())
    app.add_middleware(MetricsMiddleware, registry=registry, log=RequestLog(tmp_path / "requests.jsonl"))
    return app


def test_requests_count_by_method_template_and_status(app, registry):
    ask(app, "/api/users/1", "/api/users/2", ("POST", "/api/users/1"), "/boom", "/stream")
    assert counted(registry) == {
        ("GET", "/api/users/{uid}", "200"): 2,
        ("POST", "/api/users/{uid}", "405"): 1,
        ("GET", "/boom", "500"): 1,
        ("GET", "/stream", "200"): 1,
    }
    assert timed(registry) == {
        ("GET", "/api/users/{uid}"): 2, ("POST", "/api/users/{uid}"): 1, ("GET", "/boom"): 1, ("GET", "/stream"): 1,
    }  # fmt: skip


def test_the_first_failure_of_a_route_that_has_answered_is_no_new_series(app, registry):
    ask(app, "/api/users/1", "/wp.php")
    shown = {
        (s.labels["route"], s.labels["status"]): s.value
        for metric in registry.collect()
        for s in metric.samples
        if s.name == "http_requests_total"
    }
    assert shown == {
        ("/api/users/{uid}", "200"): 1,
        ("/api/users/{uid}", "500"): 0,
        ("unmatched", "404"): 1,
        ("unmatched", "500"): 0,
    }


def test_a_scanner_makes_one_series(app, registry):
    ask(app, *(f"/wp-{n}.php" for n in range(200)), "/a/%ff/..%2f", ("BREW", "/pot"))
    assert counted(registry) == {("GET", "unmatched", "404"): 201, ("OTHER", "unmatched", "404"): 1}


def test_a_path_that_is_not_utf_8_has_its_template(app, registry):
    ask(app, "/api/users/%ff", "/of/%ff%fe/items/1", "/%ff")
    assert counted(registry) == {
        ("GET", "/api/users/{uid}", "200"): 1,
        ("GET", "/of/{tenant}/items/{item}", "200"): 1,
        ("GET", "unmatched", "404"): 1,
    }


def test_mounted_applications_keep_their_prefix_and_its_parameters_are_no_values(app, registry):
    ask(app, "/v1/items/3", "/v1/none", "/of/ada/items/4", "/of/bob/items/4", "/static/a.txt", "/static/b.txt")
    assert counted(registry) == {
        ("GET", "/v1/items/{item}", "200"): 1,
        ("GET", "/v1/*", "404"): 1,
        ("GET", "/of/{tenant}/items/{item}", "200"): 2,
        ("GET", "/static/*", "200"): 1,
        ("GET", "/static/*", "404"): 1,
    }


def test_probes_and_scrapes_do_not_count_as_requests(app, registry):
    ask(app, "/health", "/metrics", "/count", "/health")
    assert counted(registry) == {}


def test_the_test_of_the_course_holds(app):
    ask(app, "/api/users/1", "/api/users/2", "/boom")
    (r,) = ask(app, "/count")
    assert r.status_code == 200
    assert "request_count" in r.json()
    assert r.json() == {
        "request_count": 3, "routes": {"GET /api/users/{uid}": {"200": 2}, "GET /boom": {"500": 1}},
    }  # fmt: skip
    (health,) = ask(app, "/health")
    assert health.json() == {"status": "ok"}


def test_each_request_is_a_line_of_the_log_with_its_time(app, tmp_path):
    ask(app, "/api/users/1", "/boom")
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert [(x["method"], x["route"], x["status"]) for x in lines] == [
        ("GET", "/api/users/{uid}", 200), ("GET", "/boom", 500),
    ]  # fmt: skip
    assert all(0 < x["duration_ms"] < 60_000 for x in lines)


def test_an_application_of_starlette_alone_has_its_templates(registry):
    async def hello(request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/hello/{name}", hello), Mount("/in", routes=[Route("/hello/{name}", hello)])])
    app.add_middleware(MetricsMiddleware, registry=registry)
    ask(app, "/hello/ada", "/in/hello/ada", "/none")
    assert counted(registry) == {
        ("GET", "/hello/{name}", "200"): 1, ("GET", "/in/hello/{name}", "200"): 1, ("GET", "unmatched", "404"): 1,
    }  # fmt: skip


def drive(app, *, kind="http", messages=()):
    """Run an application once on a scope of its own, and return what it sent."""
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "method": "GET", "path": "/", "headers": [], "root_path": ""}
    asyncio.run(app(scope, receive, send))
    return sent


def test_a_handler_that_raises_after_its_response_began_failed(registry):
    async def half(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        drive(MetricsMiddleware(half, registry=registry))
    assert counted(registry) == {("GET", "unmatched", "500"): 1}


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_a_client_that_went_away_is_499(registry, is_cancelled):
    async def gone(scope, receive, send):
        if is_cancelled:
            raise asyncio.CancelledError

    app = MetricsMiddleware(gone, registry=registry)
    if is_cancelled:
        with pytest.raises(asyncio.CancelledError):
            drive(app)
    else:
        drive(app)
    assert counted(registry) == {("GET", "unmatched", "499"): 1}


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_request_goes_through_untouched(registry, kind):
    async def say(scope, receive, send):
        await send({"type": f"{kind}.said"})

    assert drive(MetricsMiddleware(say, registry=registry), kind=kind) == [{"type": f"{kind}.said"}]
    assert counted(registry) == {}


def test_a_streamed_response_is_timed_to_its_end_and_goes_out_part_by_part(registry):
    async def parts(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await asyncio.sleep(0.02)
        await send({"type": "http.response.body", "body": b"b"})

    sent = drive(MetricsMiddleware(parts, registry=registry))
    assert [m.get("body") for m in sent] == [None, b"a", b"b"]
    total = registry.get_sample_value("http_request_duration_seconds_sum", {"method": "GET", "route": "unmatched"})
    assert total >= 0.02


def test_routes_beyond_the_bound_count_as_other(registry, monkeypatch):
    monkeypatch.setattr(series, "MOST_SERIES", 2)
    routes = [Route(f"/r{n}", lambda request: PlainTextResponse("x")) for n in range(9)]
    app = Starlette(routes=routes)
    app.add_middleware(MetricsMiddleware, registry=registry)
    ask(app, *(f"/r{n}" for n in range(9)))
    assert counted(registry) == {
        ("GET", "/r0", "200"): 1, ("GET", "/r1", "200"): 1, ("GET", "other", "200"): 7,
    }  # fmt: skip


def test_an_error_beyond_the_bound_keeps_its_status(registry, monkeypatch):
    monkeypatch.setattr(series, "MOST_SERIES", 2)
    routes = [Route(f"/r{n}", lambda request: PlainTextResponse("x")) for n in range(8)]
    routes.append(Route("/broken", lambda request: PlainTextResponse("x", 500)))
    app = Starlette(routes=routes)
    app.add_middleware(MetricsMiddleware, registry=registry)
    ask(app, *(f"/r{n}" for n in range(8)), "/broken")
    assert counted(registry)["GET", "other", "500"] == 1


def test_work_in_the_background_is_no_part_of_the_response(registry):
    app = fastapi.FastAPI()

    async def later() -> None:
        await asyncio.sleep(0.2)
        raise RuntimeError("too late to matter to the client")

    @app.get("/order")
    async def order(tasks: fastapi.BackgroundTasks) -> int:
        tasks.add_task(later)
        return 1

    app.add_middleware(MetricsMiddleware, registry=registry)
    ask(app, "/order")
    assert counted(registry) == {("GET", "/order", "200"): 1}
    assert registry.get_sample_value("http_request_duration_seconds_sum", {"method": "GET", "route": "/order"}) < 0.2


def test_nested_routers_keep_each_their_prefix(registry):
    router = fastapi.APIRouter()

    @router.get("/users/{uid}")
    async def user(uid: str) -> str:
        return uid

    outer = fastapi.APIRouter(prefix="/in")
    outer.include_router(router)
    app = fastapi.FastAPI()
    app.include_router(router, prefix="/v1")
    app.include_router(outer, prefix="/v2")
    app.add_middleware(MetricsMiddleware, registry=registry)
    ask(app, "/v1/users/1", "/v2/in/users/1")
    assert counted(registry) == {("GET", "/v1/users/{uid}", "200"): 1, ("GET", "/v2/in/users/{uid}", "200"): 1}


def test_a_value_never_rewrites_the_name_of_a_mount(registry):
    inner = fastapi.FastAPI()

    @inner.get("/users/{uid}")
    async def user(uid: str) -> str:
        return uid

    app = fastapi.FastAPI()
    app.mount("/shop", inner)
    app.mount("/of/{tenant:int}", inner)
    app.add_middleware(MetricsMiddleware, registry=registry)
    ask(app, "/shop/users/s", "/shop/users/shop", "/of/007/users/x", "/of/0007/users/7")
    assert counted(registry) == {
        ("GET", "/shop/users/{uid}", "200"): 2, ("GET", "/of/{tenant}/users/{uid}", "200"): 2,
    }  # fmt: skip


def test_a_connection_that_breaks_is_no_fault_of_the_handler(registry):
    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def broken(message):
        raise OSError("gone")

    app = MetricsMiddleware(answer, registry=registry)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "root_path": ""}
    with pytest.raises(OSError, match="gone"):
        asyncio.run(app(scope, None, broken))
    assert counted(registry) == {("GET", "unmatched", "499"): 1}


class Uvicorn:
    """One request of uvicorn, as far as a client that leaves is concerned."""

    def __init__(self):
        self.disconnected = False

    async def receive(self):
        return {"type": "http.disconnect"}

    async def send(self, message):
        pass  # to a client that left, nothing goes, and no error comes


class ClientDisconnect(Exception):  # noqa: N818 - the name that Starlette has
    """What a handler gets that reads the body of a client that left."""


START, PART, END = (
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.body", "body": b"a", "more_body": True},
    {"type": "http.response.body", "body": b"b"},
)


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        pytest.param([START, END], 200, id="it stays"),
        pytest.param(["leaves", START, END], 499, id="before the response"),
        pytest.param([START, PART, "leaves", END], 499, id="in the middle, unnoticed"),
        pytest.param([START, PART, "leaves"], 499, id="in the middle, and the stream stops"),
        pytest.param(["leaves"], 499, id="and the application gives up"),
        pytest.param(["leaves", ClientDisconnect()], 499, id="before the body of its request was there"),
        pytest.param(["leaves", RuntimeError()], 500, id="before the handler raised"),
        pytest.param(["leaves", {**START, "status": 503}, END], 503, id="before an error"),
        pytest.param([START, {"type": "http.response.pathsend", "path": "/x"}], 200, id="it gets a file"),
        pytest.param([], 500, id="it stays, and nobody answers"),
        pytest.param([START, PART], 500, id="it stays, and the answer has no end"),
    ],
)
def test_a_client_that_leaves_is_no_request_that_was_served(registry, steps, status):
    request = Uvicorn()

    async def handler(scope, receive, send):
        for step in steps:
            if step == "leaves":
                request.disconnected = True
            elif isinstance(step, Exception):
                raise step
            else:
                await send(step)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "root_path": ""}
    with suppress(ClientDisconnect, RuntimeError):
        asyncio.run(MetricsMiddleware(handler, registry=registry)(scope, request.receive, request.send))
    assert counted(registry) == {("GET", "unmatched", str(status)): 1}


async def until(holds):
    """Return when something holds."""
    for _ in range(3_000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never held")


def test_a_client_of_a_real_uvicorn_that_leaves_is_499(registry):
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    app = fastapi.FastAPI()
    began, may_end = asyncio.Event(), asyncio.Event()

    @app.get("/slow")
    async def slow() -> int:
        began.set()
        await may_end.wait()
        return 1

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts():
            yield "a"
            began.set()
            await may_end.wait()
            yield "b"

        return StreamingResponse(parts())

    app.add_middleware(MetricsMiddleware, registry=registry)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))

    async def ask_uvicorn(port, path, *, leaves):
        began.clear()
        may_end.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        await began.wait()
        if leaves:
            writer.close()
            await until(lambda: not server.server_state.connections)
        may_end.set()
        await until(lambda: not server.server_state.tasks)
        assert leaves or await reader.read()
        writer.close()

    async def all_of():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            served = asyncio.create_task(server.serve(sockets=[listener]))
            for path in ("/slow", "/stream"):
                for leaves in (True, False):
                    await ask_uvicorn(listener.getsockname()[1], path, leaves=leaves)
            server.should_exit = True
            await served

    asyncio.run(all_of())
    assert counted(registry) == {
        ("GET", "/slow", "499"): 1, ("GET", "/slow", "200"): 1,
        ("GET", "/stream", "499"): 1, ("GET", "/stream", "200"): 1,
    }  # fmt: skip
