"""A small client of GitHub's REST API: patient, bounded, and careful with its token."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode, urljoin, urlsplit

from perfgate.core.errors import cannot_decide, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

API = "https://api.github.com"
TIMEOUT = 10.0
"""Seconds to connect, and between two parts of an answer."""
TRIES = 4
LONGEST_WAIT = 60.0
"""Most seconds before one more try."""
PATIENCE = 90.0
"""Most seconds for one request with all its tries; a limit that is lifted later fails at once."""
LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes; a hundred comments of the greatest length take less than half of it."""
_PART = 1 << 16
_REDIRECTS = frozenset({301, 302, 307, 308})
_MOST_HOPS = 3
_GRAPHQL = "/graphql"
_SERVER_FAULT = 500
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_WORDS = 300


class Opener(Protocol):
    """What opens a request; `urllib.request.OpenerDirector` does."""

    def open(self, fullurl: urllib.request.Request, data: None = None, timeout: float = ...) -> Any:
        """Return the answer, or raise `urllib.error.HTTPError` for a status that is no success."""


class ApiError(Exception):
    """GitHub refused a request, or did not answer it after all tries."""

    def __init__(self, status: int, words: str, *, limited: bool = False) -> None:
        """Take the status and the message, which never holds the token."""
        super().__init__(words)
        self.status = status
        """HTTP status; 0: there was no answer."""
        self.words = words
        """One line for people."""
        self.limited = limited
        """Was a limit on the rate of requests the cause?"""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One token at one API."""

    url: str
    """Base URL, such as ``https://api.github.com`` or ``https://example.org/api/v3``; see `api_url`."""
    token: str = field(repr=False)
    """Sent to that host and to no other; empty: none is sent."""
    agent: str
    """Name and version that the requests carry."""
    opener: Opener
    """Opens requests and follows no redirect; see `make_opener`."""
    now: Callable[[], float]
    """Seconds since the epoch."""
    sleep: Callable[[float], None]
    """Waits some seconds."""

    def get(self, path: str, **query: str | int) -> Any:
        """Return the JSON at a path below the API's base."""
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def viewer(self) -> str:
        """Return the login that this token writes under; empty when GitHub does not name it.

        Asked in GraphQL, since ``GET /user`` refuses the tokens of Apps.
        """
        try:
            answer = self.send("POST", _GRAPHQL, {"query": "query { viewer { login } }"})
            login = answer["data"]["viewer"]["login"]
        except (ApiError, KeyError, TypeError):
            return ""
        return login if isinstance(login, str) else ""

    def send(
        self, method: str, path: str, document: object = None, *, settled: Callable[[], Any] = lambda: None
    ) -> Any:
        """Send a request, again if need be, and return the JSON of the answer.

        Tried again: no answer, a cut-off answer, 5xx, 429, and a 403 that names a limit.

        Args:
            method: HTTP method.
            path: path below the API's base, with its query.
            document: JSON to send.
            settled: asked before each further try; what it returns other than None is
                the answer. A request that must not happen twice looks here whether the
                try before it arrived after all.

        Raises:
            ApiError: refused, or no success within `TRIES` and `PATIENCE`.
        """
        deadline = self.now() + PATIENCE
        for left in range(TRIES - 1, -1, -1):
            fault, wait = self._try(method, path, document, 2.0 ** (TRIES - 1 - left), deadline)
            if not isinstance(fault, ApiError):
                return fault
            if wait is None or not left or wait > LONGEST_WAIT or self.now() + wait > deadline:
                raise fault
            self.sleep(wait)
            answer = settled()
            if answer is not None:
                return answer
        raise AssertionError  # the last try returns or raises

    def _try(self, method: str, path: str, document: object, pause: float, deadline: float) -> tuple[Any, float | None]:
        """Return the JSON, or the fault and the seconds to wait before another try (None: final)."""
        try:
            answer = self._exchange(method, path, document, deadline)
        except (OSError, http.client.HTTPException) as caught:
            reason = getattr(caught, "reason", caught)
            return self._fault(0, f"{method} {_shown(path)}: no answer ({reason or type(caught).__name__})"), pause
        if answer.status < 300:  # noqa: PLR2004 - success
            try:
                return (json.loads(answer.body) if answer.body else {}), None
            except (ValueError, RecursionError):
                return self._fault(0, f"{method} {_shown(path)}: the answer is no JSON"), pause
        wait = self._wait(answer, pause)
        words = f"{method} {_shown(path)}: {answer.status} {_message_of(answer)}"
        return self._fault(answer.status, words, limited=_is_limit(answer)), wait

    def _exchange(self, method: str, path: str, document: object, deadline: float) -> _Answer:
        """Send one request, along redirects within the same host."""
        url = (self.url.removesuffix("/v3") if path == _GRAPHQL else self.url) + path
        for _ in range(_MOST_HOPS + 1):
            answer = self._open(method, url, document, deadline)
            if answer.status not in _REDIRECTS:
                return answer
            target = _resolve_redirect(url, answer.headers.get("location", ""))
            if _origin(target) != _origin(self.url):
                raise self._fault(answer.status, f"{method} {_shown(path)}: redirected to another host; not followed")
            url = target
        raise self._fault(answer.status, f"{method} {_shown(path)}: redirected too often")

    def _open(self, method: str, url: str, document: object, deadline: float) -> _Answer:
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(url, data=data, method=method)  # noqa: S310 - `api_url` checked the scheme
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("User-Agent", self.agent)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            response = self.opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as caught:
            response = caught
        with response:
            body = self._read(response, deadline)
            length = response.headers.get("Content-Length", "")
            if len(body) > LARGEST_ANSWER or (length.isdecimal() and len(body) < int(length)):
                raise http.client.HTTPException("too large" if len(body) > LARGEST_ANSWER else "cut off")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return _Answer(response.status, headers, body)

    def _read(self, response: Any, deadline: float) -> bytes:
        """Return a body as far as it may be large, in parts: one that trickles would never end."""
        read = getattr(response, "read1", response.read)
        parts: list[bytes] = []
        left = LARGEST_ANSWER + 1
        while left > 0 and (part := read(min(left, _PART))):
            parts.append(part)
            left -= len(part)
            if self.now() > deadline:
                raise http.client.HTTPException(f"it took more than {PATIENCE:g} s")
        return b"".join(parts)

    def _wait(self, answer: _Answer, pause: float) -> float | None:
        """Return how long to wait before another try, in seconds; None when another would not help."""
        if answer.status >= _SERVER_FAULT:
            return pause
        if not _is_limit(answer):
            return None
        after = answer.headers.get("retry-after", "")
        if after.isdecimal():
            return float(after[:9])
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return max(float(reset[:15]) - self.now(), 0.0) + 1.0
        return LONGEST_WAIT  # GitHub asks for a minute where it names no time

    def _fault(self, status: int, words: str, *, limited: bool = False) -> ApiError:
        words = words.replace(self.token, "***") if self.token else words
        return ApiError(status, plain(words)[:_LONGEST_WORDS], limited=limited)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Hands every redirect to the client, which knows where its token may go."""

    def http_error_302(self, *_: object) -> None:
        """Follow nothing, and take no look at where it leads."""

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302  # type: ignore[assignment]


def make_opener(url: str) -> Opener:
    """Return an opener for an API: system certificates, the proxy of the environment, no redirects.

    A server on this machine is spoken to directly: without TLS a proxy would read the token.
    """
    local = urlsplit(url).hostname in _LOOPBACK
    return urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({} if local else None))


def api_url(stated: str) -> str:
    """Return the base URL to use: the one stated (``GITHUB_API_URL``), or that of github.com.

    Raises:
        CannotDecideError: it would send the token in the clear, or is no such URL.
    """
    url = stated.strip().rstrip("/") or API
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        sound = safe and parts.port != 0 and parts.hostname and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        sound = False
    if not sound or not url.isascii() or not url.isprintable() or " " in url:
        raise cannot_decide(
            "comment-api-url", "is no https URL", place="GITHUB_API_URL", hint=f"such as {API} or https://HOST/api/v3"
        )
    return url


def escape_segment(part: str) -> str:
    """Return a part of a path with everything escaped that has a meaning there."""
    return quote(part, safe="")


def _resolve_redirect(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port


def _is_limit(answer: _Answer) -> bool:
    if answer.status == 403:  # noqa: PLR2004 - "forbidden", which GitHub also sends for its limits
        return "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
    return answer.status == 429  # noqa: PLR2004 - "too many requests"


def _message_of(answer: _Answer) -> str:
    """Return GitHub's message of a refusal, or the status's standard text."""
    try:
        words = json.loads(answer.body)["message"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return http.client.responses.get(answer.status, "")
    return words if isinstance(words, str) else ""


def _shown(path: str) -> str:
    return path.partition("?")[0]
