"""Faults of the API: patient where it helps, never longer than told, and the token stays here."""

from __future__ import annotations

import socket
import threading

import pytest
from comment_jobs import MARKER, TOKEN
from fault_server import FaultyGitHub

from perfgate.core.errors import CannotDecideError
from perfgate.publish.api import PATIENCE, api_url

BODY = f"{MARKER}\nslower\n"
LIMITED = (403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "1"})


def failure(job, **asked):
    """Return the one fault with which a run fails."""
    with pytest.raises(CannotDecideError) as caught:
        job.run(**asked)
    (fault,) = caught.value.diagnostics
    assert TOKEN not in "".join(fault.lines())
    return fault


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (502, 1.0),
        (503, 1.0),
        ("drop", 1.0),
        ("cut", 1.0),
        ("empty", 1.0),
        ((200, b'[{"id": 1', {}), 1.0),
        ((429, {"message": "slow down"}, {"Retry-After": "7"}), 7.0),
        ((429, {"message": "slow down"}, {}), 60.0),
        (LIMITED, 1.0),
        ((403, {"message": "API rate limit"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000000020"}), 21.0),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_fault_that_passes_is_waited_for(job, hub, fault, wait, method):
    hub.faults = [(method, fault)] if method == "GET" else [("GET", None), ("GET", None), (method, fault)]
    assert "created" in job.run().line
    assert job.bodies() == [BODY]
    assert job.waits == [wait]


def test_two_faults_in_a_row_are_waited_for_longer_each_time(job, hub):
    hub.faults = [("GET", 502), ("GET", 502)]
    job.run()
    assert job.waits == [1.0, 2.0]
    assert job.bodies() == [BODY]


def test_a_post_that_failed_although_it_was_done_is_not_sent_twice(job, hub):
    hub.faults = [("GET", None), ("GET", None), ("POST", "after")]
    job.run()
    assert job.bodies() == [BODY]
    assert len(hub.sent("POST")) == 1


def test_a_post_that_arrived_late_leaves_one_comment_even_when_nobody_says_who_we_are(job, hub):
    hub.me, hub.viewer = "gates[bot]", False
    hub.faults = [("GET", None), ("GET", None), ("POST", "after")]
    job.run()
    assert job.bodies() == [BODY]


def test_a_fault_that_stays_ends_after_four_tries_with_one_clear_error(job, hub):
    hub.faults = [("GET", 502)] * 9
    fault = failure(job)
    assert fault.slug == "comment-failed"
    assert "502" in fault.message
    assert len(hub.asked) == 4
    assert sum(job.waits) == 7.0


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000003600"},
        {"Retry-After": "3600"},
        {"Retry-After": "61"},
    ],
    ids=["reset far away", "an hour", "more than a minute"],
)
def test_a_limit_that_lifts_much_later_fails_at_once(job, hub, headers):
    hub.faults = [("GET", (403, {"message": "API rate limit exceeded"}, headers))]
    fault = failure(job)
    assert "later" in fault.hint
    assert job.waits == []


def test_all_waits_of_a_request_together_stay_below_the_limit(job, hub):
    hub.faults = [("GET", (429, {}, {"Retry-After": "50"}))] * 9
    failure(job)
    assert sum(job.waits) <= PATIENCE


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_is_final_and_told_in_githubs_words(job, hub, status):
    hub.faults = [("GET", None), ("GET", None), ("POST", (status, {"message": "Body is too long"}, {}))]
    fault = failure(job)
    assert f"{status} Body is too long" in fault.message
    assert job.waits == []


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b"null", b'{"message": 5}', b'{"message": "a\\u001b[31m\\nb"}'], ids=str
)
def test_a_refusal_with_odd_words_is_told_on_one_printable_line(job, hub, body):
    hub.faults = [("GET", (400, body, {}))]
    assert failure(job).message.isprintable()


@pytest.mark.parametrize("answer", [b"{}", b"5", b"null", b'"x"'], ids=str)
def test_a_list_that_is_none_is_an_error(job, hub, answer):
    hub.faults = [("GET", None), ("GET", (200, answer, {}))]
    assert "no list" in failure(job).message


def test_a_post_that_names_no_comment_is_an_error(job, hub):
    hub.faults = [("GET", None), ("GET", None), ("POST", (201, {}, {}))]
    assert "names no comment" in failure(job).message


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_duplicate_that_we_may_not_remove_stays_and_any_other_fault_is_told(job, hub, status):
    for words in ("old", "older"):
        hub.add(f"{MARKER}\n{words}\n")
    hub.faults = [("GET", None), ("GET", None), ("PATCH", None), ("DELETE", (status, {}, {}))]
    if status == 400:
        assert "400" in failure(job).message
    else:
        assert "removed" not in job.run().line
    assert job.bodies() == [BODY, f"{MARKER}\nolder\n"]


def test_comments_of_odd_shape_are_passed_over(job, hub):
    odd = b'[null, 5, {}, {"id": "x"}, {"id": 1, "user": 5, "body": null}, {"id": 2, "user": {"login": 3}}]'
    hub.faults = [("GET", None), ("GET", (200, odd, {}))]
    job.run()
    assert job.bodies() == [BODY]


@pytest.mark.parametrize("to", ["https://[", "//example.org/x", "ftp://127.0.0.1/", "http://127.0.0.1:1/"])
def test_a_redirect_to_an_odd_place_is_not_followed(job, hub, to):
    hub.faults = [("GET", (301, {}, {"Location": to}))]
    assert "another host" in failure(job).message


def test_a_redirect_to_another_host_is_not_followed(job, hub):
    other = FaultyGitHub()
    hub.faults = [("GET", (301, {}, {"Location": f"{other.url}/repos/octo/app/pulls/7"}))]
    try:
        assert "another host" in failure(job).message
        assert other.asked == []
    finally:
        other.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed_as_the_request_was(job, hub, status):
    to = {"Location": "/repos/octo/app/issues/7/comments"}
    hub.faults = [("GET", None), ("GET", None), ("POST", (status, {}, to))]
    job.run()
    assert job.bodies() == [BODY]
    assert set(hub.tokens) == {f"Bearer {TOKEN}"}


def test_redirects_in_a_circle_end(job, hub):
    hub.faults = [("GET", (302, {}, {"Location": "/repos/octo/app/pulls/7"}))] * 99
    assert "too often" in failure(job).message
    assert len(hub.asked) == 4


def test_a_server_of_ones_own_has_its_base_path_in_each_request(job):
    hub = FaultyGitHub("/api/v3")
    hub.pull()
    hub.me = "gates[bot]"
    job.hub, job.environ["GITHUB_API_URL"] = hub, hub.url
    job.environ["GITHUB_SERVER_URL"] = "https://git.example.org"
    try:
        hub.add(BODY, "mallory")
        assert "https://git.example.org/octo/app/pull/7#" in job.run().line
        assert {p.split("/repos/")[0] for _, p in hub.asked} == {"/api/v3", "/api/graphql"}
    finally:
        hub.close()


def test_a_proxy_sees_the_host_and_not_the_token(job, monkeypatch):
    seen = []
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def proxy():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                seen.append(peer.recv(65536))
                peer.sendall(b"HTTP/1.1 502 no\r\n\r\n")

    threading.Thread(target=proxy, daemon=True).start()
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    job.environ["GITHUB_API_URL"] = "https://git.example.org/api/v3"
    failure(job)
    listener.close()
    assert seen
    assert all(s.startswith(b"CONNECT git.example.org:443 ") and TOKEN.encode() not in s for s in seen)


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(job, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert "created" in job.run().line


def test_a_server_that_speaks_no_tls_is_one_clear_error(job, hub):
    job.environ["GITHUB_API_URL"] = hub.url.replace("http:", "https:")
    assert "no answer" in failure(job).message


def test_a_server_that_is_not_there_is_one_clear_error(job, hub):
    job.environ["GITHUB_API_URL"] = "http://127.0.0.1:9"
    assert "refused" in failure(job).message


def test_a_server_that_never_answers_is_given_up(job, hub, monkeypatch):
    monkeypatch.setattr("perfgate.publish.api.TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        job.environ["GITHUB_API_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "timed out" in failure(job).message


@pytest.mark.parametrize(
    "url",
    ["http://git.example.org", "ftp://x", "https://", "https://u:p@x", "https://x?y", "https://x:99999", "x", "https://[",
     "https://a b"],
)  # fmt: skip
def test_an_api_that_would_see_the_token_in_the_clear_or_is_none_is_refused(url):
    with pytest.raises(CannotDecideError) as caught:
        api_url(url)
    assert caught.value.diagnostics[0].slug == "comment-api-url"


@pytest.mark.parametrize(
    ("stated", "url"),
    [("", "https://api.github.com"), ("https://x/api/v3/", "https://x/api/v3"), ("http://[::1]:5", "http://[::1]:5")],
)
def test_the_api_is_the_stated_one_or_that_of_github(stated, url):
    assert api_url(stated) == url


@pytest.mark.parametrize("token", ["", "ghs_1\nghs_2", "ghs_1 ghs_2", "gh\u00e4_1"], ids=ascii)
def test_a_token_that_is_missing_or_none_is_one_clear_error(job, hub, token):
    job.environ["GITHUB_TOKEN"] = token
    fault = failure(job)
    assert fault.slug == "comment-no-token"
    assert not token or token not in "".join(fault.lines())
    assert hub.asked == []


def test_the_other_name_of_the_token_and_a_line_break_behind_it_are_taken(job, hub):
    del job.environ["GITHUB_TOKEN"]
    job.environ["GH_TOKEN"] = f"{TOKEN}\n"
    job.run()
    assert set(hub.tokens) == {f"Bearer {TOKEN}"}


def test_words_of_the_server_that_hold_the_token_are_told_without_it(job, hub):
    hub.faults = [("GET", (400, {"message": f"bad {TOKEN}"}, {}))]
    assert "bad ***" in failure(job).message
