"""Requests to an API, with a fake in place of the network: what they carry, and how long they are tried."""

from __future__ import annotations

import http.client
import json

import pytest

from perfgate.publish import api
from perfgate.publish.api import ApiError, Client

URL = "https://api.example.org"
TOKEN = "secret"  # noqa: S105 - of no server


class Response:
    """An answer, whose headers may state another length than it has."""

    def __init__(self, status=200, body=b"{}", **headers):
        self.status, self.body, self.headers = status, body, {k.replace("_", "-"): v for k, v in headers.items()}

        self.place = 0

    def __enter__(self):
        self.place = 0
        return self

    def __exit__(self, *_):
        return None

    def read(self, most):
        part = self.body[self.place : self.place + most]
        self.place += len(part)
        return part


class Network:
    """Answers in order, the last one again and again; knows the time that was slept."""

    def __init__(self, *answers):
        self.answers, self.asked, self.waits, self.time = list(answers), [], [], 1000.0

    def open(self, request, timeout):
        self.asked.append((request, timeout))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.time += seconds

    def client(self, token=TOKEN, url=URL):
        return Client(url=url, token=token, agent="perfgate/1", opener=self, now=lambda: self.time, sleep=self.sleep)


def test_a_question_carries_no_content_and_a_document_says_that_it_is_json():
    network = Network(Response(body=b'{"a": 1}'))
    assert network.client().get("/x", page=2) == {"a": 1}
    network.client().send("PATCH", "/y", {"b": 2})
    (asked, timeout), (sent, _) = network.asked
    assert (asked.method, asked.full_url, asked.data, timeout) == ("GET", f"{URL}/x?page=2", None, 10.0)
    assert not asked.has_header("Content-type")
    assert (sent.method, sent.get_header("Content-type"), json.loads(sent.data)) == (
        "PATCH", "application/json", {"b": 2},
    )  # fmt: skip
    for request in (asked, sent):
        assert request.get_header("Accept") == "application/vnd.github+json"
        assert request.get_header("X-github-api-version") == "2022-11-28"
        assert request.get_header("User-agent") == "perfgate/1"
        assert request.unredirected_hdrs == {"Authorization": "Bearer secret"}


def test_without_a_token_none_is_sent():
    network = Network(Response())
    network.client(token="").get("/x")
    assert network.asked[0][0].unredirected_hdrs == {}


def test_a_server_that_never_recovers_is_tried_four_times_with_twice_the_pause_each_time():
    network = Network(Response(status=500))
    with pytest.raises(ApiError) as caught:
        network.client().get("/x")
    assert (caught.value.status, len(network.asked), network.waits) == (500, 4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        pytest.param(Response(429, retry_after="60"), [60.0], id="once-a-minute-and-no-more-than-ninety-seconds"),
        pytest.param(Response(429, retry_after="61"), [], id="longer-than-a-minute"),
        pytest.param(Response(429, retry_after="45"), [45.0, 45.0], id="ninety-seconds-together"),
        pytest.param(Response(429, retry_after="46"), [46.0], id="more-than-that-together"),
        pytest.param(
            Response(403, **{"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1010"}), [11.0, 1.0, 1.0], id="reset"
        ),
        pytest.param(Response(403, **{"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1010"}), [], id="no-limit"),
        pytest.param(Response(404), [], id="not-found"),
        pytest.param(Response(499), [], id="no-fault-of-the-server"),
    ],
)
def test_a_limit_is_waited_for_as_it_says_and_never_beyond_what_a_job_bears(answer, waits):
    network = Network(answer)
    with pytest.raises(ApiError):
        network.client().get("/x")
    assert network.waits == waits


def test_what_arrived_after_all_is_not_sent_again():
    network = Network(Response(status=502))
    assert network.client().send("POST", "/x", {}, settled=lambda: {"id": 5}) == {"id": 5}
    assert (len(network.asked), network.waits) == (1, [1.0])


@pytest.mark.parametrize("beyond", [0, 1], ids=["at", "beyond"])
def test_an_answer_is_read_up_to_the_limit_and_refused_beyond(monkeypatch, beyond):
    monkeypatch.setattr(api, "LARGEST_ANSWER", 20)
    body = b'"' + b"x" * (18 + beyond) + b'"'
    network = Network(Response(body=body))
    if beyond:
        with pytest.raises(ApiError, match="too large"):
            network.client().get("/x")
    else:
        assert network.client().get("/x") == "x" * 18


@pytest.mark.parametrize(("length", "is_whole"), [("2", True), ("3", False), ("1", True), ("odd", True)])
def test_an_answer_that_is_shorter_than_it_states_was_cut_off(length, is_whole):
    network = Network(Response(Content_Length=length))
    if is_whole:
        assert network.client().get("/x") == {}
    else:
        with pytest.raises(ApiError, match="cut off"):
            network.client().get("/x")


def test_success_without_a_body_is_an_empty_answer_and_other_words_than_json_are_a_fault():
    assert Network(Response(204, b"")).client().send("DELETE", "/x") == {}
    network = Network(Response(body=b"<html>"))
    with pytest.raises(ApiError, match="the answer is no JSON"):
        network.client().get("/x")
    assert len(network.asked) == 4
    with pytest.raises(ApiError) as caught:
        Network(Response(300)).client().get("/x")
    assert caught.value.status == 300


def test_three_redirects_are_followed_with_the_document_and_a_fourth_is_not():
    hop = Response(307, location="/next")
    network = Network(hop, hop, hop, Response(body=b'"there"'))
    assert network.client().send("POST", "/x", {"b": 2}) == "there"
    assert [r.full_url for r, _ in network.asked] == [f"{URL}/x", *[f"{URL}/next"] * 3]
    assert {r.data for r, _ in network.asked} == {b'{"b": 2}'}
    with pytest.raises(ApiError, match="redirected too often"):
        Network(hop).client().get("/x")


def test_a_fault_says_what_was_asked_without_the_token_or_the_query_in_few_words():
    words = f"secret {'x' * 400}"
    network = Network(Response(404, json.dumps({"message": words}).encode()))
    with pytest.raises(ApiError) as caught:
        network.client().get("/x", page=1)
    assert str(caught.value).startswith("GET /x: 404 *** xxx")
    assert len(str(caught.value)) == 300


@pytest.mark.parametrize(
    ("fault", "words"),
    [(OSError("no route"), "no answer (no route)"), (http.client.BadStatusLine(""), "no answer (")],
    ids=["the-network", "the-server"],
)
def test_no_answer_is_a_fault_that_says_why(fault, words):
    with pytest.raises(ApiError) as caught:
        Network(fault).client().get("/x")
    assert words in str(caught.value)
    assert caught.value.status == 0


@pytest.mark.parametrize(("url", "asked"), [(URL, f"{URL}/graphql"), (f"{URL}/api/v3", f"{URL}/api/graphql")])
def test_who_we_are_is_asked_in_graphql_beside_the_api(url, asked):
    network = Network(Response(body=b'{"data": {"viewer": {"login": "me"}}}'))
    assert network.client(url=url).viewer() == "me"
    assert network.asked[0][0].full_url == asked
    for body in (b"{}", b'{"data": null}', b'{"data": {"viewer": {"login": 5}}}'):
        assert Network(Response(body=body)).client().viewer() == ""


def test_an_answer_that_trickles_ends_with_the_patience_for_the_request():
    class Trickle(Response):
        """Sends a byte every two seconds, for ever."""

        def read(self, most):
            network.time += 2.0
            return b" "

    network = Network(Trickle())
    began = network.time
    with pytest.raises(ApiError, match="it took more than 90 s"):
        network.client().get("/x")
    assert network.time - began < api.PATIENCE + 10
