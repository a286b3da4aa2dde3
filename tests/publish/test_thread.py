"""The comments of one gate, with a fake client: which requests are sent, and what is said to be done."""

from __future__ import annotations

from typing import Any

import pytest

from perfgate.publish.api import ApiError
from perfgate.publish.comments import ACTIONS, Thread
from perfgate.publish.events import Place, read_place

MARKER = "<!-- gate -->"
BODY = f"{MARKER}\nslower\n"


class Client:
    """Keeps comments as GitHub does."""

    def __init__(self, *bodies, author=ACTIONS, viewer=""):
        self.kept = {i: {"id": i, "body": b, "user": {"login": author}} for i, b in enumerate(bodies, start=1)}
        self.sent, self._viewer, self.refused = [], viewer, {}

    def viewer(self):
        return self._viewer

    def get(self, path, **query):
        first = (query["page"] - 1) * query["per_page"]
        return list(self.kept.values())[first : first + query["per_page"]]

    def send(self, method, path, document: Any = None, **_):
        self.sent.append((method, path))
        number = int(last) if (last := path.rpartition("/")[2]).isdecimal() else len(self.kept) + 1
        if (method, number) in self.refused:
            raise self.refused[method, number]
        if method == "DELETE":
            del self.kept[number]
            return {}
        self.kept[number] = {"id": number, "body": document["body"], "user": {"login": ACTIONS}}
        return self.kept[number]


def publish(client, *, dry=False, create=True):
    done = Thread(client=client, repository="o/r", number=7, dry=dry).publish(BODY, create=create)
    return done.action, done.comment, done.removed


def test_the_oldest_of_several_says_it_and_the_others_go():
    client = Client("other words", f"{MARKER}\nold", f"{MARKER}\nolder", f"{MARKER}\noldest")
    assert publish(client) == ("updated", 2, 2)
    assert [c["body"] for c in client.kept.values()] == ["other words", BODY]
    path = "/repos/o/r/issues/comments"
    assert client.sent == [("PATCH", f"{path}/2"), ("DELETE", f"{path}/3"), ("DELETE", f"{path}/4")]


def test_a_dry_run_says_what_would_be_done_and_removes_nothing():
    client = Client(f"{MARKER}\nold", f"{MARKER}\nolder")
    assert publish(client, dry=True) == ("updated", 1, 0)
    assert publish(Client(BODY), dry=True) == ("unchanged", 1, 0)
    assert publish(Client(), dry=True) == ("created", None, 0)
    assert client.sent == []


def test_a_comment_is_created_only_where_it_is_worth_one():
    client = Client("other words")
    assert publish(client, create=False) == ("skipped", None, 0)
    assert publish(client) == ("created", 2, 0)
    assert publish(client, create=False) == ("unchanged", 2, 0)


@pytest.mark.parametrize(("status", "end"), [(404, ("updated", 2, 0)), (410, ("updated", 2, 0)), (403, None)])
def test_where_the_oldest_is_gone_the_next_one_says_it(status, end):
    client = Client(f"{MARKER}\nold", f"{MARKER}\nnewer")
    client.refused["PATCH", 1] = ApiError(status, "no")
    if end is None:
        with pytest.raises(ApiError):
            publish(client)
    else:
        assert publish(client) == end


@pytest.mark.parametrize(
    ("fault", "removed"),
    [
        pytest.param(ApiError(404, "gone"), 0, id="gone"),
        pytest.param(ApiError(403, "no"), 0, id="forbidden"),
        pytest.param(ApiError(403, "no", limited=True), None, id="a-limit"),
        pytest.param(ApiError(500, "no"), None, id="a-fault"),
    ],
)
def test_a_duplicate_that_cannot_be_removed_is_not_counted(fault, removed):
    client = Client(BODY, f"{MARKER}\nnewer")
    client.refused["DELETE", 2] = fault
    if removed is None:
        with pytest.raises(ApiError):
            publish(client)
    else:
        assert publish(client) == ("unchanged", 1, removed)


@pytest.mark.parametrize(("count", "number"), [(99, 100), (100, 101), (200, 201)])
def test_all_pages_are_read_before_a_comment_is_created(count, number):
    client = Client(*["other words"] * count)
    assert publish(client) == ("created", number, 0)
    assert publish(client) == ("unchanged", number, 0)


def test_a_run_names_its_pull_requests_as_far_as_they_are_some():
    run = {
        "event": "pull_request", "head_repository": {"owner": {"login": "me"}}, "head_branch": "b", "id": 4,
        "head_sha": "a" * 40, "pull_requests": ["odd", {"number": 3}, None, {"number": 5}], "conclusion": "failure",
    }  # fmt: skip
    place = read_place("workflow_run", {"repository": {"full_name": "o/r"}, "workflow_run": run})
    assert place == Place(
        repository="o/r", number=None, head="me:b", sha="a" * 40, numbers=(3, 5), run=4, conclusion="failure"
    )
    run |= {"pull_requests": None, "conclusion": 5}
    place = read_place("workflow_run", {"repository": {"full_name": "o/r"}, "workflow_run": run})
    assert (place.numbers, place.conclusion) == ((), "")
