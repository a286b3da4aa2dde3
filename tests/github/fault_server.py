"""A small stateful GitHub with faults on demand: what an emulator lacks."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
REPO, SHA = "octo/app", "a" * 40


class FaultyGitHub:
    """The state, the faults that are still to come, and what was asked."""

    def __init__(self, base: str = "") -> None:
        self.base, self.me, self.viewer = base, BOT, True
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.tokens: list[str | None] = []
        self.faults: list[tuple[str, Any]] = []  # (method, status or word or call), used up in order
        self.next_id = 1000
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                """Say nothing."""

            def handle_all(self):
                hub.handle(self)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_all  # noqa: N815 - http.server's names

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{base}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def pull(self, number: int = 7, *, sha: str = SHA, repo: str = REPO, state: str = "open", head: str = "octo:work"):
        base = {"repo": {"full_name": repo}}
        self.pulls.append({"number": number, "state": state, "head": {"sha": sha, "label": head}, "base": base})

    def add(self, body: str, author: str | None = BOT, number: int = 7) -> int:
        self.next_id += 1
        user = None if author is None else {"login": author, "type": "Bot" if author.endswith("[bot]") else "User"}
        self.comments.append({"id": self.next_id, "user": user, "body": body, "issue": number})
        return self.next_id

    def sent(self, *methods: str) -> list[tuple[str, str]]:
        return [(m, p) for m, p in self.asked if m in methods]

    def handle(self, to: BaseHTTPRequestHandler) -> None:
        length = int(to.headers.get("Content-Length") or 0)
        document = json.loads(to.rfile.read(length)) if length else None
        self.asked.append((to.command, to.path))
        self.tokens.append(to.headers.get("Authorization"))
        fault = None
        if self.faults and self.faults[0][0] in {to.command, "*"}:
            fault = self.faults.pop(0)[1]
        if callable(fault):
            fault = fault()
        if fault == "after":  # the work is done, the answer is lost
            self.answer(to.command, to.path, document)
            fault = 502
        if fault == "drop":
            to.close_connection = True
            return
        status, body, headers = fault if isinstance(fault, tuple) else (fault, {"message": "fault"}, {})
        if not isinstance(fault, int | tuple):
            status, body, headers = (*self.answer(to.command, to.path, document), {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if status != 204 else b""
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name, value)
        to.send_header("Content-Length", str(len(content) + (50 if fault == "cut" else 0)))
        to.end_headers()
        cut = {"cut": len(content) // 2, "empty": 0}.get(fault if isinstance(fault, str) else "")
        to.wfile.write(content[:cut])
        to.close_connection = cut is not None

    def answer(self, method: str, path: str, document: Any) -> tuple[int, Any]:
        parts = urlsplit(path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        if parts.path == f"{self.base.removesuffix('/v3')}/graphql":
            return (200, {"data": {"viewer": {"login": self.me}}}) if self.viewer else (404, {"message": "Not Found"})
        if not parts.path.startswith(f"{self.base}/repos/{REPO}/"):
            return 404, {"message": "Not Found"}
        rest = parts.path.removeprefix(f"{self.base}/repos/{REPO}/")
        if rest == "pulls":
            return 200, [p for p in self.pulls if p["state"] == query["state"] and p["head"]["label"] == query["head"]]
        if found := re.fullmatch(r"pulls/(\d+)", rest):
            pulls = [p for p in self.pulls if p["number"] == int(found[1])]
            return (200, pulls[0]) if pulls else (404, {"message": "Not Found"})
        if found := re.fullmatch(r"issues/(\d+)/comments", rest):
            if method == "POST":
                self.add(document["body"], self.me, int(found[1]))
                return 201, self.comments[-1]
            size, page = int(query["per_page"]), int(query["page"])
            mine = [c for c in self.comments if c["issue"] == int(found[1])]
            return 200, mine[size * (page - 1) : size * page]
        number = int(rest.removeprefix("issues/comments/"))
        known = [c for c in self.comments if c["id"] == number]
        if not known:
            return 404, {"message": "Not Found"}
        if method == "DELETE":
            self.comments.remove(known[0])
            return 204, None
        known[0]["body"] = document["body"]
        return 200, known[0]
