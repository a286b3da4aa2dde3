"""Where a comment goes: only the trusted event says it."""

from __future__ import annotations

import pytest
from comment_jobs import MARKER, event
from fault_server import BOT, REPO, SHA

from perfgate.core.errors import CannotDecideError
from perfgate.publish.events import Place, is_repository, read_place

OTHER = "b" * 40


def slug(job, **asked) -> str:
    """Return the slug of the one note with which a run ends."""
    done = job.run(**asked)
    assert done.line == ""
    return done.notes[0].slug


def refused(call) -> str:
    with pytest.raises(CannotDecideError) as caught:
        call()
    return caught.value.diagnostics[0].slug


def test_a_fork_s_pull_request_is_found_by_head_and_commit_of_the_event(job, hub):
    job.on("workflow_run", event())
    assert "created" in job.run(place=None).line
    assert hub.comments[0]["issue"] == 7
    assert hub.asked[0] == ("GET", f"/repos/{REPO}/pulls?state=open&head=octo%3Awork&per_page=100")


def test_an_update_after_a_workflow_run_takes_three_requests(job, hub):
    job.on("workflow_run", event())
    hub.add(f"{MARKER}\nold\n")
    job.run(place=None)
    assert [m for m, _ in hub.asked] == ["GET", "GET", "PATCH"]


@pytest.mark.parametrize("branch", ["a#b", "a&state=closed", "a b", "a:b", "grün/ß", "a%2Fb", "?x=1", "\U0001f600"])
def test_a_branch_of_any_name_is_asked_for_as_it_is(job, hub, branch):
    hub.pulls.clear()
    hub.pull(9, head=f"octo:{branch}")
    job.on("workflow_run", event(head_branch=branch))
    job.run(place=None)
    assert [c["issue"] for c in hub.comments] == [9]


def test_a_run_that_was_overtaken_by_a_push_says_nothing(job, hub):
    hub.pulls[0]["head"]["sha"] = OTHER
    job.on("workflow_run", event())
    assert slug(job, place=None) == "comment-stale"
    assert hub.comments == []


@pytest.mark.parametrize(
    ("environ", "by_event", "page"),
    [
        ({}, True, "https://github.com/octo/app/actions/runs/42"),
        ({"GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "o/r"}, True, "https://github.com/octo/app/actions/runs/42"),
        ({"GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "o/r"}, False, "https://github.com/o/r/actions/runs/5"),
        ({"GITHUB_RUN_ID": "5)", "GITHUB_REPOSITORY": "o/r"}, False, ""),
        ({"GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "o/r)"}, False, ""),
        ({"GITHUB_SERVER_URL": "https://git.example.org"}, True, "https://git.example.org/octo/app/actions/runs/42"),
        ({"GITHUB_SERVER_URL": "https://["}, True, "https://github.com/octo/app/actions/runs/42"),
        ({"GITHUB_SERVER_URL": "javascript:x"}, True, "https://github.com/octo/app/actions/runs/42"),
        ({}, False, ""),
    ],
)
def test_the_page_of_the_run_that_measured_is_built_from_what_github_says(job, environ, by_event, page):
    job.environ |= environ
    if by_event:
        job.on("workflow_run", event())
    job.run(**({"place": None} if by_event else {}))
    assert job.page == page


@pytest.mark.parametrize("state", ["closed", "absent", "of another repository"])
def test_without_an_open_pull_request_there_is_no_comment(job, hub, state):
    hub.pulls.clear()
    if state == "closed":
        hub.pull(state="closed")
    if state == "of another repository":
        hub.pull(repo="octo/other")
    job.on("workflow_run", event())
    assert slug(job, place=None) == "comment-no-pull-request"


@pytest.mark.parametrize(("named", "issue"), [([], None), ([8], 8), ([7, 8], None), ([99], None)], ids=str)
def test_of_two_pull_requests_with_one_head_only_the_one_that_the_event_names_is_meant(job, hub, named, issue):
    hub.pull(8)
    job.on("workflow_run", event(pull_requests=[{"number": n} for n in named]))
    done = job.run(place=None)
    assert [c["issue"] for c in hub.comments] == ([issue] if issue else [])
    if not issue:
        assert "#7, #8" in done.notes[0].message


def test_a_fork_that_was_deleted_is_a_note(job, hub):
    job.on("workflow_run", event(head_repository=None))
    assert slug(job, place=None) == "comment-no-pull-request"
    assert hub.asked == []


@pytest.mark.parametrize("inner", ["push", "merge_group", "schedule", "workflow_dispatch"])
def test_a_run_that_no_pull_request_started_is_a_note(job, inner):
    job.on("workflow_run", event(event=inner))
    assert slug(job, place=None) == "comment-no-pull-request"


@pytest.mark.parametrize("name", ["push", "merge_group", "workflow_dispatch", "schedule", ""])
def test_an_event_of_no_pull_request_is_a_note(job, hub, name):
    job.on(name, {"repository": {"full_name": REPO}})
    assert slug(job, place=None) == "comment-no-pull-request"
    assert hub.asked == []


def test_without_an_event_the_error_names_the_other_way(job):
    with pytest.raises(CannotDecideError) as caught:
        job.run(place=None)
    assert caught.value.diagnostics[0].slug == "comment-event"
    assert "--pr" in caught.value.diagnostics[0].hint


@pytest.mark.parametrize("by_hand", [True, False])
def test_pull_request_target_is_refused(job, hub, by_hand):
    job.on("pull_request_target", {})
    place = Place(repository=REPO, number=7) if by_hand else None
    assert refused(lambda: job.run(place=place)) == "comment-target-event"
    job.on("workflow_run", event(event="pull_request_target"))
    assert refused(lambda: job.run(place=None)) == "comment-target-event"
    assert hub.asked == []


def pull_event(number: int = 7, sha: str = SHA) -> dict:
    return {"repository": {"full_name": REPO}, "pull_request": {"number": number, "head": {"sha": sha}}}


def test_an_event_of_a_pull_request_names_it(job, hub):
    job.on("pull_request", pull_event())
    assert "created" in job.run(place=None).line


@pytest.mark.parametrize("place", [None, Place(repository=REPO, number=7)], ids=["--workflow-run", "--pr"])
def test_a_stale_run_in_the_pull_request_s_own_workflow_says_nothing_either(job, place):
    job.on("pull_request", pull_event(sha=OTHER))
    assert slug(job, place=place) == "comment-stale"


def test_a_place_by_hand_that_the_event_does_not_speak_of_is_taken_as_it_is(job):
    job.on("pull_request", pull_event(number=3, sha=OTHER))
    assert "created" in job.run().line


@pytest.mark.parametrize("state", ["closed", "absent"])
def test_a_place_by_hand_must_be_an_open_pull_request(job, hub, state):
    hub.pulls.clear()
    if state == "closed":
        hub.pull(state="closed")
    assert slug(job) == "comment-no-pull-request"


def test_a_token_that_may_not_even_read_the_pull_request_is_a_note(job, hub):
    hub.faults = [("GET", (403, {"message": "Forbidden"}, {}))]
    assert slug(job) == "comment-forbidden"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_token_that_may_only_read_is_a_note_that_names_the_permission(job, hub, method):
    if method == "PATCH":
        hub.add(f"{MARKER}\nold\n", BOT)
    hub.faults = [(method, (403, {"message": "Resource not accessible by integration"}, {}))]
    job.on("workflow_run", event())
    if method != "GET":
        hub.faults = [("GET", None), ("GET", None), *hub.faults]
    done = job.run(place=None)
    assert done.notes[0].slug == "comment-forbidden"
    assert "pull-requests: write" in done.notes[0].hint
    assert "Resource not accessible" in done.notes[0].message


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("workflow_run", []),
        ("workflow_run", {"repository": {"full_name": REPO}}),
        ("workflow_run", event(head_sha="--hostile")),
        ("workflow_run", event(head_sha=None)),
        ("workflow_run", event(id=True)),
        ("workflow_run", event(head_repository={})),
        ("workflow_run", event(head_branch="")),
        ("workflow_run", {**event(), "repository": {"full_name": "../../x"}}),
        ("pull_request", {"repository": {"full_name": REPO}, "pull_request": {"number": -1, "head": {"sha": SHA}}}),
        ("pull_request", {"repository": {"full_name": REPO}, "pull_request": None}),
    ],
)
def test_a_payload_that_github_does_not_send_is_refused(name, payload):
    assert refused(lambda: read_place(name, payload)) == "comment-event"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"NaN"], ids=str)
def test_an_event_file_that_is_no_json_is_refused(job, tmp_path, content):
    job.on("workflow_run", {})
    (tmp_path / "event.json").write_bytes(content)
    assert refused(lambda: job.run(place=None)) == "comment-event"


@pytest.mark.parametrize(
    ("words", "is_one"),
    [("octo/app", True), ("o.c-t_o/a.b", True), ("octo", False), ("octo/app/x", False), ("../app", False),
     ("octo/..", False), ("octo/.", False), ("octo/ap p", False), ("octo/app\n", False), ("/app", False)],
)  # fmt: skip
def test_a_repository_is_an_owner_and_a_name(words, is_one):
    assert is_repository(words) is is_one
