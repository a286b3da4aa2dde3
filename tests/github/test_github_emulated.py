"""The client against an emulated GitHub: real requests, real state, readers of others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from itertools import count

import emulator
import pytest
from comment_jobs import MARKER, Job, event
from fault_server import BOT

from perfgate.publish.api import ApiError, Client
from perfgate.publish.events import Place, read_place

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(bool(emulator.missing()), reason=emulator.missing() or "-"),
]

_branches = count(1)
WRITE = {"issues": "write", "pull_requests": "write", "metadata": "read"}
EXAMPLES = emulator.PARTS / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    """Both servers, started once."""
    started = emulator.Emulator(tmp_path_factory.mktemp("emulator"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def token(github):
    """The token of a workflow that may write."""
    return github.mint(**WRITE)


@pytest.fixture
def fork(github, token, tmp_path):
    """The commenting job of a new pull request from the fork; no request may break GitHub's own rules."""
    made = Job(tmp_path, github)
    branch = f"work-{next(_branches)}"
    made.number, made.sha = github.pull(branch)
    made.opener = emulator.Recorder()
    made.environ["GITHUB_TOKEN"] = token
    owner = {"login": "mallory"}
    made.event = event(head_branch=branch, head_sha=made.sha, head_repository={"owner": owner})
    made.on("workflow_run", made.event)
    yield made
    assert made.opener.violations == []


def test_first_comment_update_and_nothing_to_do(fork, github):
    assert "created" in fork.run("one", place=None).line
    fork.opener.asked.clear()
    assert "updated" in fork.run("two", place=None).line
    assert [m for m, _ in fork.opener.asked] == ["GET", "GET", "PATCH"]
    fork.opener.asked.clear()
    assert "unchanged" in fork.run("two", place=None).line
    assert [m for m, _ in fork.opener.asked] == ["GET", "GET"]
    assert [(c["user"]["login"], c["body"]) for c in github.comments(fork.number)] == [(BOT, f"{MARKER}\ntwo\n")]


def test_of_jobs_that_race_one_comment_remains(fork, github, tmp_path):
    ready = threading.Barrier(4)
    faults = []

    def race(i: int) -> None:
        folder = tmp_path / str(i)
        folder.mkdir()
        other = Job(folder, github)
        other.environ["GITHUB_TOKEN"] = fork.environ["GITHUB_TOKEN"]
        ready.wait()
        try:
            other.run("the same", place=Place(repository="octo/app", number=fork.number))
        except Exception as caught:  # noqa: BLE001 - told by the assertion
            faults.append(caught)

    racers = [threading.Thread(target=race, args=(i,)) for i in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert faults == []
    assert [c["body"] for c in github.comments(fork.number)] == [f"{MARKER}\nthe same\n"]


def test_the_comment_is_found_behind_250_others_and_a_pasted_marker_is_left_alone(fork, github):
    path = f"/repos/octo/app/issues/{fork.number}/comments"
    github.ask("POST", path, emulator.FORKER, {"body": f"{MARKER}\npasted"})
    for i in range(125):
        github.ask("POST", path, emulator.FORKER, {"body": f"word {i}"})
    fork.run("one", place=None)
    for i in range(125):
        github.ask("POST", path, emulator.FORKER, {"body": f"word {i}"})
    fork.opener.asked.clear()
    assert "updated" in fork.run("two", place=None).line
    assert [m for m, _ in fork.opener.asked] == ["GET"] * 4 + ["PATCH"]
    assert [c["body"] for c in github.comments(fork.number) if c["body"].startswith(MARKER)] == [
        f"{MARKER}\npasted",
        f"{MARKER}\ntwo\n",
    ]


@pytest.mark.parametrize("permissions", [{"issues": "read", "pull_requests": "read", "metadata": "read"}])
def test_the_read_only_token_of_a_fork_is_a_note(fork, github, permissions):
    fork.environ["GITHUB_TOKEN"] = github.mint(**permissions)
    done = fork.run(place=None)
    assert [n.slug for n in done.notes] == ["comment-forbidden"]
    assert github.comments(fork.number) == []


def test_the_run_of_an_older_commit_says_nothing(fork, github):
    older = github.ask("GET", "/repos/mallory/app/git/ref/heads/main", emulator.FORKER)["object"]["sha"]
    assert older != fork.sha
    fork.event["workflow_run"]["head_sha"] = older
    fork.on("workflow_run", fork.event)
    assert [n.slug for n in fork.run(place=None).notes] == ["comment-stale"]
    assert github.comments(fork.number) == []


def test_a_closed_pull_request_gets_no_comment(fork, github):
    github.ask("PATCH", f"/repos/octo/app/pulls/{fork.number}", emulator.OWNER, {"state": "closed"})
    assert [n.slug for n in fork.run(place=None).notes] == ["comment-no-pull-request"]
    done = fork.run(place=Place(repository="octo/app", number=fork.number))
    assert [n.slug for n in done.notes] == ["comment-no-pull-request"]


def test_a_personal_token_keeps_one_comment_too(fork, github):
    fork.environ["GITHUB_TOKEN"] = emulator.OWNER
    for words in ("one", "two"):
        fork.run(words, place=None)
    assert [(c["user"]["login"], c["body"]) for c in github.comments(fork.number)] == [("octo", f"{MARKER}\ntwo\n")]


def test_a_duplicate_is_removed(fork, github, token):
    for words in ("old", "older"):
        github.ask("POST", f"/repos/octo/app/issues/{fork.number}/comments", token, {"body": f"{MARKER}\n{words}"})
    assert "removed 1 duplicate" in fork.run(place=None).line
    assert [c["body"] for c in github.comments(fork.number)] == [f"{MARKER}\nslower\n"]


@pytest.mark.skipif(not shutil.which("gh"), reason="gh is not installed")
def test_gh_reads_what_we_wrote(fork, github, tmp_path):
    body = "`a|b` \U0001f600 <!-- not ours --> & \\ \u202e"
    fork.run(body, place=None)
    host = github.url.removeprefix("http://")
    done = subprocess.run(
        ["gh", "api", "--paginate", f"{github.upstream}/repos/octo/app/issues/{fork.number}/comments"],
        capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GH_HOST": host, "GH_ENTERPRISE_TOKEN": emulator.OWNER},
    )  # fmt: skip
    assert [c["body"] for c in json.loads(done.stdout)] == [f"{MARKER}\n{body}\n"]


def test_pygithub_reads_what_we_wrote(fork, github):
    fork.run("words", place=None)
    code = (
        "import sys, json, github\n"
        "hub = github.Github(base_url=sys.argv[1], auth=github.Auth.Token(sys.argv[2]))\n"
        "found = hub.get_repo('octo/app').get_pull(int(sys.argv[3])).get_issue_comments()\n"
        "print(json.dumps([(c.user.login, c.user.type, c.body) for c in found]))"
    )
    there = github.upstream.replace("127.0.0.1", "localhost")  # it goes to no other host than the named one
    done = subprocess.run(
        [emulator.PYTHON, "-W", "ignore", "-c", code, there, emulator.OWNER, str(fork.number)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == [[BOT, "Bot", f"{MARKER}\nwords\n"]]


def test_a_real_process_comments_on_the_fork_s_pull_request(fork, github, project):
    (project.root / "report.json").write_text((fork.folder / "report.json").read_text())
    done = project.cli("comment", "report.json", "--workflow-run", env=fork.environ)
    assert done.code == 0, str(done)
    assert [c["body"].partition("\n")[0] for c in github.comments(fork.number)] == [MARKER]


def test_a_request_that_breaks_githubs_rules_is_noticed(github, token):
    recorder = emulator.Recorder()
    client = Client(
        url=github.url, token=token, agent="test", opener=recorder(github.url), now=time.time, sleep=time.sleep
    )
    with pytest.raises(ApiError):
        client.send("POST", "/repos/octo/app/issues/1/comments", {"text": "no body"})
    assert [v["code"] for v in recorder.violations] == ["required"]


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the example payloads are not installed")
def test_every_example_payload_of_github_is_understood():
    events = {e["name"]: e["examples"] for e in json.loads(EXAMPLES.read_text(encoding="utf-8"))}
    for payload in events["pull_request"]:
        place = read_place("pull_request", payload)
        assert place.number == payload["number"]
        assert place.repository == payload["repository"]["full_name"]
    for payload in events["workflow_run"]:
        run = payload["workflow_run"]
        run["event"] = "pull_request"
        place = read_place("workflow_run", payload)
        assert (place.sha, place.run) == (run["head_sha"], run["id"])
    for name in ("push", "merge_group", "workflow_dispatch"):
        assert all(read_place(name, p).slug == "comment-no-pull-request" for p in events[name])
