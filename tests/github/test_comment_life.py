"""One comment for each gate and pull request, whatever happened before and happens beside."""

from __future__ import annotations

import json

import pytest
from comment_jobs import MARKER, event, report_data

BODY = f"{MARKER}\nslower\n"
COMMENTS = "/repos/octo/app/issues/7/comments"


def test_the_first_comment_is_created_once(job, hub):
    done = job.run()
    assert job.bodies() == [BODY]
    assert done.line == f"created the comment https://github.com/octo/app/pull/7#issuecomment-{hub.comments[0]['id']}"


def test_a_second_run_changes_the_same_comment_in_three_requests(job, hub):
    first = hub.add(f"{MARKER}\nold\n")
    done = job.run()
    assert [(c["id"], c["body"]) for c in hub.comments] == [(first, BODY)]
    assert len(hub.asked) == 3
    assert "updated" in done.line


@pytest.mark.parametrize("kept", [BODY, BODY.replace("\n", "\r\n"), BODY.rstrip()], ids=["same", "crlf", "stripped"])
def test_a_comment_that_says_it_already_is_not_touched(job, hub, kept):
    hub.add(kept)
    assert "unchanged" in job.run().line
    assert [m for m, _ in hub.asked] == ["GET", "GET"]


def test_a_comment_that_was_deleted_meanwhile_is_created_anew(job, hub):
    hub.add(f"{MARKER}\nold\n")
    hub.faults = [("PATCH", hub.comments.clear)]
    assert "created" in job.run().line
    assert job.bodies() == [BODY]


def test_the_comment_is_found_on_page_three_of_250(job, hub):
    for i in range(250):
        hub.add(f"{MARKER}\nold\n" if i == 240 else f"word {i}", "github-actions[bot]" if i % 2 == 0 else "ann")
    assert "updated" in job.run().line
    assert len(hub.comments) == 250
    assert [p for _, p in hub.sent("GET")][1:] == [f"{COMMENTS}?per_page=100&page={n}" for n in (1, 2, 3)]


def test_a_last_page_that_is_full_is_followed_by_one_more(job, hub):
    for i in range(100):
        hub.add(f"word {i}")
    job.run()
    assert job.bodies().count(BODY) == 1
    assert f"{COMMENTS}?per_page=100&page=2" in [p for _, p in hub.asked]


@pytest.mark.parametrize("viewer", [True, False], ids=["login told", "login not told"])
def test_a_marker_that_a_contributor_pasted_is_left_alone_and_keeps_nobody_from_posting(job, hub, viewer):
    hub.viewer = viewer
    pasted = hub.add(BODY, "mallory")
    job.run()
    job.run("faster")
    assert [(c["user"]["login"], c["body"]) for c in hub.comments] == [
        ("mallory", BODY),
        ("github-actions[bot]", f"{MARKER}\nfaster\n"),
    ]
    assert all(not p.endswith(str(pasted)) for _, p in hub.asked)


@pytest.mark.parametrize("me", ["gates[bot]", "robin"], ids=["an App", "a personal token"])
@pytest.mark.parametrize("viewer", [True, False], ids=["login told", "login not told"])
def test_another_author_than_the_bot_of_actions_keeps_one_comment_too(job, hub, me, viewer):
    hub.me, hub.viewer = me, viewer
    hub.add(BODY, "mallory")
    hub.add(f"{MARKER}\nechoed by another App", "translate[bot]")
    for words in ("one", "two", "three"):
        job.run(words)
    own = [c["body"] for c in hub.comments if c["user"]["login"] == me]
    assert own == [f"{MARKER}\nthree\n"]
    assert job.bodies()[:2] == [BODY, f"{MARKER}\nechoed by another App"]


def test_the_comment_of_a_deleted_account_is_left_alone(job, hub):
    hub.add(BODY, None)
    job.run()
    assert job.bodies() == [BODY, BODY]


@pytest.mark.parametrize(
    "body",
    [f" {BODY}", f"> {MARKER}\nslower", f"hello\n{BODY}", f"| `{MARKER}` | slower |", f"{MARKER} slower", MARKER[:-4]],
    ids=["indented", "quoted", "second line", "in a name", "more on the line", "cut"],
)
def test_only_a_first_line_that_equals_the_marker_makes_a_comment_ours(job, hub, body):
    hub.add(body)
    job.run()
    assert job.bodies() == [body, BODY]


def test_two_gates_keep_a_comment_each(job):
    job.run("one", ident="a")
    job.run("two", ident="a-b")
    job.run("three", ident="a")
    assert job.bodies() == ["<!-- perfgate:v1 id=a -->\nthree\n", "<!-- perfgate:v1 id=a-b -->\ntwo\n"]


def test_of_two_jobs_that_post_at_once_one_comment_remains_and_says_the_newest(job, hub):
    hub.faults = [("POST", lambda: hub.add(f"{MARKER}\nof the other job\n") and None)]
    done = job.run()
    assert job.bodies() == [BODY]
    assert "removed 1 duplicate" in done.line


def test_the_other_job_of_a_race_may_remove_the_duplicate_first(job, hub):
    def gone():
        hub.comments.pop()

    hub.faults = [("POST", lambda: hub.add(f"{MARKER}\nof the other job\n") and None), ("PATCH", None)]
    hub.faults += [("DELETE", gone)]
    job.run()
    assert job.bodies() == [BODY]


def test_duplicates_of_an_earlier_race_are_removed_at_the_next_run(job, hub):
    for words in ("old", "slower", "older"):
        hub.add(f"{MARKER}\n{words}\n")
    assert "removed 2 duplicates" in job.run().line
    assert job.bodies() == [BODY]


@pytest.mark.parametrize(
    ("statuses", "when", "created"),
    [
        (["unchanged"], "change", False),
        (["unchanged"], "always", True),
        (["advisory"], "change", False),
        (["suspected"], "change", True),
        (["improved"], "change", True),
        (["new"], "change", True),
        (["waived"], "change", True),
        (["regressed"], "change", True),
        (["missing"], "change", True),
        (["regressed"], "regression", True),
        (["missing"], "regression", True),
        (["suspected", "improved", "new", "waived"], "regression", False),
    ],
    ids=str,
)
@pytest.mark.parametrize("there", [False, True], ids=["no comment yet", "a comment already"])
def test_when_says_what_is_worth_a_comment_and_an_old_one_is_always_updated(
    job, hub, *, statuses, when, created, there
):
    job.report(*statuses)
    if there:
        hub.add(f"{MARKER}\nold\n")
    done = job.run(when=when)
    assert job.bodies() == ([BODY] if created or there else [])
    assert done.line.startswith("no comment" if not (created or there) else "updated" if there else "created")


_EDITED = {"slug": "gate-edited", "level": "warning", "message": "edits the gate", "place": "", "hint": ""}


@pytest.mark.parametrize("told", [{"introduces": True}, {"notes": [_EDITED]}], ids=["brought", "edited"])
def test_a_change_that_brings_or_edits_the_gate_itself_is_worth_a_comment(job, tmp_path, told):
    data = {**report_data("unchanged"), "notes": [], **told}
    (tmp_path / "report.json").write_text(json.dumps(data))
    assert job.run(when="regression").line.startswith("no comment")
    assert job.run().line.startswith("created")


@pytest.mark.parametrize(
    ("before", "told"), [([], "would create"), (["old"], "would update"), (["slower"], "unchanged")]
)
def test_a_dry_run_sends_nothing_but_gets(job, hub, before, told):
    for words in [*before, *before]:
        hub.add(f"{MARKER}\n{words}\n")
    kept = job.bodies()
    done = job.run(dry_run=True)
    assert done.line.startswith(told)
    assert done.body == BODY
    assert {m for m, _ in hub.asked} == {"GET"}
    assert job.bodies() == kept


def test_a_dry_run_does_not_even_ask_who_we_are(job, hub):
    hub.add(BODY, "mallory")
    assert job.run(dry_run=True).line.startswith("would create")
    assert {m for m, _ in hub.asked} == {"GET"}


def test_a_dry_run_needs_no_token_and_then_asks_nothing(job, hub):
    del job.environ["GITHUB_TOKEN"]
    done = job.run(dry_run=True)
    assert done.body == BODY
    assert "octo/app #7" in done.line
    assert hub.asked == []


def skip(job):
    """Write a report of a change that nothing was measured for."""
    data = report_data() | {"verdict": "skipped", "exit_code": 0, "skipped": {"changed": 1, "paths": ["src/**"]}}
    data["samples"] = {"baseline": [], "current": []}
    (job.folder / "report.json").write_text(json.dumps(data))


def test_a_skipped_report_makes_no_comment_and_leaves_a_red_one_with_a_line_more(job, hub):
    skip(job)
    assert "no comment" in job.publish().line
    assert job.bodies() == []
    job.report("regressed")
    job.publish()
    (red,) = job.bodies()
    assert red.split("\n")[1].startswith("## ❌ ")
    skip(job)
    assert "updated" in job.publish().line
    (after,) = job.bodies()
    assert after.split("\n")[1] == red.split("\n")[1]
    assert "> ⏭️ This report is of an earlier commit." in after
    assert "unchanged" in job.publish().line
    assert after in job.publish(dry_run=True).body
    job.report("unchanged")
    job.publish()
    assert job.bodies()[0].split("\n")[1].startswith("## ✅ ")
    skip(job)
    job.publish()
    assert job.bodies()[0].split("\n")[1].startswith("⏭️ perfgate: Not measured: ")


def test_a_skipped_report_of_a_run_that_failed_says_so(job):
    skip(job)
    job.on("workflow_run", event())
    job.publish(place=None)
    (body,) = job.bodies()
    assert "this report says skipped (`report-contradicts-run`)" in body
