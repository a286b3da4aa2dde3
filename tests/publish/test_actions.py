"""Workflow commands and environment files: escaped as GitHub's own tool does, bounded, and never in the way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from perfgate.publish import actions

# What @actions/core 3.0.1 made of these: (property, message) -> line.
RECORDED = [
    ("plain", "words", "::error title=plain::words"),
    ("a:b", "a:b", "::error title=a%3Ab::a:b"),
    ("a,b", "a,b", "::error title=a%2Cb::a,b"),
    ("50%", "50%", "::error title=50%25::50%25"),
    ("a\nb", "a\nb", "::error title=a%0Ab::a%0Ab"),
    ("a\r\nb", "a\r\nb", "::error title=a%0D%0Ab::a%0D%0Ab"),
    ("%0A", "%0A", "::error title=%250A::%250A"),
    ("::x::", "::x::", "::error title=%3A%3Ax%3A%3A::::x::"),
    ("π", "π", "::error title=π::π"),
]


@pytest.mark.parametrize(("title", "message", "line"), RECORDED)
def test_a_command_is_escaped_as_github_does(title, message, line):
    assert actions.command("error", {"title": title}, message) == line


def test_properties_without_a_value_are_left_out():
    assert actions.command("error", {"title": "a", "file": ""}, "m") == "::error title=a::m"
    assert actions.command("notice", {"file": ""}, "m") == "::notice::m"


def test_a_quiet_text_ends_with_its_token():
    token = actions.new_token()
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert token != actions.new_token()
    for text in ("::error::x", "::error::x\n"):
        quiet = actions.without_commands(text, token=token)
        assert quiet == f"::stop-commands::{token}\n::error::x\n::{token}::\n"


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ("::error::x\n", ": :error::x\n"),
        ("a\n \t::error::x\n", "a\n \t: :error::x\n"),
        ("a\r::error::x\n", "a\r: :error::x\n"),
        ("a::b\nstd::sort 1 ms\n", "a::b\nstd::sort 1 ms\n"),
        (":::x\n", ": ::x\n"),
        ("name ##[error]x\n", "name # #[error]x\n"),
        ("name ##vso[task.complete]x\n", "name # #vso[task.complete]x\n"),
        ("##teamcity[x] ###[y]\n", "# #teamcity[x] ## #[y]\n"),
        ("## Heading [x]\n# [y]\n", "## Heading [x]\n# [y]\n"),
    ],
    ids=ascii,
)
def test_a_defused_text_gives_no_runner_a_command_and_is_else_as_it_was(text, defused):
    assert actions.defuse(text) == defused
    assert actions.defuse(defused) == defused


def test_a_text_for_programs_writes_the_sign_as_its_format_does():
    assert actions.defuse('{"name": "##[error]x"}\n', "\\u0023") == '{"name": "\\u0023#[error]x"}\n'


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False), (None, False)])
def test_only_a_runner_reads_commands(value, expected):
    assert actions.runs_in_actions({} if value is None else {"GITHUB_ACTIONS": value}) is expected


def test_a_summary_is_added_to_what_is_there(tmp_path):
    path = tmp_path / "summary"
    path.write_text("before\n")
    assert actions.append_summary(str(path), ["mine\n"]) == ""
    assert path.read_text() == "before\n\n\nmine\n"


@pytest.mark.parametrize(("held", "written"), [(0, "long"), (900 * 1024, "short"), (actions.SUMMARY_LIMIT - 3, "")])
def test_a_summary_never_grows_beyond_what_github_shows(tmp_path, held, written):
    path = tmp_path / "summary"
    path.write_bytes(b"x" * held)
    texts = {"long": "é" * (500 * 1024), "short": "short"}
    why = actions.append_summary(str(path), list(texts.values()))
    assert path.stat().st_size <= actions.SUMMARY_LIMIT
    assert path.read_text().removeprefix("x" * held).strip() == texts.get(written, "")
    assert bool(why) is (not written)


def test_outputs_are_read_back_as_they_were(tmp_path):
    path = tmp_path / "output"
    values = {"verdict": "pass", "report-dir": "a\nverdict=evil\nb"}
    assert actions.set_outputs(str(path), values, "t0ken") == ""
    text = path.read_text()
    found = re.findall(r"^(.+?)<<ghadelimiter_t0ken\n(.*?)\nghadelimiter_t0ken$", text, re.MULTILINE | re.DOTALL)
    assert dict(found) == values


def test_a_value_that_holds_the_delimiter_is_refused(tmp_path):
    path = tmp_path / "output"
    assert "delimiter" in actions.set_outputs(str(path), {"a": "b\nghadelimiter_t0ken\nc"}, "t0ken")
    assert not path.exists()


@pytest.mark.parametrize("kind", ["folder", "absent-folder", "pipe", "null-byte"])
def test_a_file_that_cannot_be_written_is_told_and_nothing_hangs(tmp_path, kind):
    path = {"folder": tmp_path, "absent-folder": tmp_path / "no" / "file", "null-byte": "a\0b"}.get(kind)
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    assert actions.append_summary(str(path), ["x"])
    assert actions.set_outputs(str(path), {"a": "b"}, "t")


def test_speaking_to_github_takes_the_standard_library_only():
    program = "import sys, json, perfgate.publish.actions; print(json.dumps(sorted(sys.modules)))"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=root, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded - sys.stdlib_module_names <= {"__main__", "perfgate", "_distutils_hack", "a1_coverage", "coverage"}
