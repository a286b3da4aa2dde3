"""What a measured program leaves behind may be anything: one clear error or nothing of it, no other file touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support import Project

LEAVES = """
import os, sys
with open(os.environ[{variable!r}], "wb") as file:
    file.write({content!r})
"""


def leaving(project: Project, variable: str, content: bytes, *options: str):
    project.write("job.py", LEAVES.format(variable=variable, content=content))
    return project.cli("run", "-n", "1", "--warmup", "0", *options, "--", "python", "job.py")


@pytest.mark.parametrize(
    "summary",
    [
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b'{"run_id": 5}', id="no-summary"),
        pytest.param(b'{"run_id": "../../x", "elapsed_sec": 1, "rows_used": 1, "peak_memory_mb": 1}', id="a-path"),
        pytest.param(b'{"run_id": "other", "elapsed_sec": 1, "rows_used": 1, "peak_memory_mb": 1}', id="another-name"),
    ],
)
@pytest.mark.parametrize("ends", ["", "sys.exit(1)"], ids=["ends-well", "fails"])
def test_a_file_that_is_no_summary_of_its_run_is_refused_and_stays_as_it_is(project, summary, ends):
    notes = project.write("notes/mine.json", summary)
    project.write("job.py", LEAVES.format(variable="PERFGATE_RECEIPT", content=str(notes).encode() + b"\n") + ends)
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--", "python", "job.py")
    assert outcome.code == 2, str(outcome)
    assert "mine.json" in outcome.cause
    assert "crashed" not in outcome.stderr
    assert [p.name for p in project.path("notes").iterdir()] == ["mine.json"]
    assert notes.read_bytes() == summary


VALID = b'{"run_id": "mine", "elapsed_sec": 1, "rows_used": 1, "peak_memory_mb": 1, "benchmark": "first"}'


@pytest.mark.parametrize("is_link", [False, True], ids=["by-its-path", "through-a-link-in-the-folder"])
def test_a_valid_summary_elsewhere_that_a_failed_command_names_stays_as_it_is(project, is_link):
    mine = project.write("notes/mine.json", VALID)
    named = mine
    if is_link:
        named = project.path("outputs/model_runs/deep/mine.json")
        named.parent.parent.mkdir(parents=True)
        named.parent.symlink_to(mine.parent)
    receipt = LEAVES.format(variable="PERFGATE_RECEIPT", content=str(named).encode() + b"\n")
    project.write("job.py", receipt + "sys.exit(1)")
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--", "python", "job.py")
    assert outcome.code == 2, str(outcome)
    assert "exited with 1" in outcome.cause
    assert mine.read_bytes() == VALID
    assert [p.name for p in mine.parent.iterdir()] == ["mine.json"]
    copy = project.path("outputs/model_runs/mine.json")
    assert json.loads(copy.read_text())["status"] == "failed"


def test_a_link_in_the_folder_is_replaced_and_not_followed_when_its_run_failed(project):
    mine = project.write("notes/mine.json", VALID)
    link = project.path("outputs/model_runs/mine.json")
    link.parent.mkdir(parents=True)
    link.symlink_to(mine)
    receipt = LEAVES.format(variable="PERFGATE_RECEIPT", content=str(link).encode() + b"\n")
    project.write("job.py", receipt + "sys.exit(1)")
    assert project.cli("run", "-n", "1", "--warmup", "0", "--", "python", "job.py").code == 2
    assert mine.read_bytes() == VALID
    assert not link.is_symlink()
    assert json.loads(link.read_text())["status"] == "failed"


@pytest.mark.parametrize(("folder", "is_left"), [("notes", True), ("outputs/model_runs", False)])
def test_a_summary_that_clashes_is_taken_back_from_the_folder_of_the_call_only(project, folder, is_left):
    assert project.cli("run", "-n", "1", "--benchmark", "first", "--", "true").code == 0
    named = project.path(f"{folder}/mine.json")
    named.parent.mkdir(parents=True, exist_ok=True)
    writes = f"""
import json, os
summary = json.loads({VALID!r}) | {{"command": os.environ["PERFGATE_COMMAND"]}}
open({str(named)!r}, "w").write(json.dumps(summary))
"""
    receipt = LEAVES.format(variable="PERFGATE_RECEIPT", content=str(named).encode() + b"\n")
    project.write("job.py", writes + receipt)
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--benchmark", "second", "--", "python", "job.py")
    assert outcome.code == 2, str(outcome)
    assert '"first" was measured with another command' in outcome.cause
    assert named.exists() == is_left


def test_a_command_that_turns_the_folder_into_a_link_gets_no_file_written_there(project):
    project.write("notes/mine.json", VALID)
    project.write("job.py", "import os\nos.makedirs('outputs')\nos.symlink('../notes', 'outputs/model_runs')\n")
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--", "python", "job.py")
    assert outcome.code == 2, str(outcome)
    assert "leads to another place than before the command ran" in outcome.cause
    assert [p.name for p in project.path("notes").iterdir()] == ["mine.json"]


def test_a_receipt_that_names_no_file_is_one_error(project):
    outcome = leaving(project, "PERFGATE_RECEIPT", b"a\0b\n")
    assert outcome.code == 2
    assert "the character NUL" in outcome.cause


@pytest.mark.parametrize(
    "line",
    [
        b"[1]", b"5", b"null", b'"x"', b"{", b"\xff", b'{"traces": [], "stages": 5}',
        b'{"traces": {"count": 1, "deadline_ms": NaN}, "stages": {}}',
        b'{"traces": {"count": 1, "deadline_ms": Infinity, "overhead": 1e999}, "stages": {"tick_total": {}}}',
        b'{"traces": {"count": %d}, "stages": {}}' % 10**400,
        b'{"traces": {"count": 1}, "stages": {"": {"calls": 1}, "\\ud800": {"calls": 1}, "%s": {}}}' % (b"x" * 500),
    ],
    ids=lambda line: line[:40].decode("latin-1"),
)  # fmt: skip
def test_stages_that_are_none_leave_a_run_that_can_be_read(project, line):
    outcome = leaving(project, "PERFGATE_TRACE_STAGES", line + b"\n")
    assert outcome.code == 0, str(outcome)
    assert project.cli("collect").code == 0


@pytest.mark.parametrize(
    "record",
    [
        b"[]", b"{", b'{"run": 5, "profile": {}}', b'{"run": {"labels": [1]}, "profile": {}}',
        b'{"run": null, "profile": {"function_calls": NaN, "fingerprint": "x", "skipped": 0, "functions": []}}',
        b'{"run": null, "profile": {"function_calls": -1, "fingerprint": "x", "skipped": 0, "functions": []}}',
        b'{"run": null, "profile": {"function_calls": 1, "fingerprint": "%s", "functions": []}}' % (b"x" * 10**6),
    ],
    ids=lambda record: record[:60].decode("latin-1"),
)  # fmt: skip
def test_profiles_that_are_none_are_said_to_be_missing(project, record):
    body = LEAVES.format(variable="PERFGATE_PROFILE_FILE", content=record + b"\n")
    project.write("job.py", f"import os\nif 'PERFGATE_PROFILE_FILE' in os.environ:\n    exec({body!r})\n")
    outcome = project.cli("run", "-n", "1", "--warmup", "0", "--profile", "--", "python", "job.py")
    assert outcome.code == 0, str(outcome)
    assert "left no profile" in outcome.stderr
    (run,) = project.path("outputs/model_runs").iterdir()
    assert "profile" not in json.loads(run.read_text())
