"""Links between the folders of the sides: code that both would share is refused, what git ignores is said."""

from __future__ import annotations

import shlex

import pytest
from ab_cases import FAST, REPORT, RUN, ab, notes, report, versions
from support import Project, assert_cannot_decide, assert_green


@pytest.fixture
def divided(project: Project) -> Project:
    """Return a repository whose code is in a folder of its own, beside a folder of data that git ignores."""
    versions(project, "sh code/inner/work.sh\n", "sh code/inner/work.sh\n")
    project.write(".gitignore", "data/\n")
    project.write("code/inner/work.sh", FAST)
    project.write("code/other.sh", FAST)
    project.commit("Divide")
    project.write("data/rows.csv", "1\n")
    return project


def on_base(line: str) -> tuple[str, str]:
    """Return the option that runs a line of shell in the folder of the base."""
    return "--setup", shlex.join(["sh", "-c", f'test "$PERFGATE_SIDE" = head || {{ {line}; }}'])


@pytest.mark.parametrize(
    ("line", "link"),
    [
        pytest.param("rm -r code && ln -s {top}/code code", "code", id="a-folder"),
        pytest.param("ln -sf {top}/code/inner/work.sh code/inner/work.sh", "code/inner/work.sh", id="a-file"),
        pytest.param("rm -r code && cp -rs {top}/code code", r"code/inner/work\.sh", id="every-file"),
        pytest.param("ln -s {top} all", "all", id="the-whole-tree"),
        pytest.param("ln -s {top}/code x && ln -s x y", "x", id="a-chain"),
    ],
)
def test_a_link_to_files_that_git_holds_is_refused(divided: Project, line: str, link: str) -> None:
    setup = on_base(line.format(top=shlex.quote(str(divided.root))))
    outcome = ab(divided, *REPORT, *setup, "--base", "HEAD", "--", *RUN)
    assert_cannot_decide(outcome, f"links lead to files of the other side's version.*{link} -> ", "cp -r")
    assert "[sides-linked]" in outcome.stderr
    assert report(divided)["verdict"] == "error"


def test_a_link_from_one_worktree_to_the_other_is_refused(divided: Project) -> None:
    setup = on_base("rm -r code && ln -s ../head/code code")
    outcome = ab(divided, *setup, "--base", "HEAD", "--head", "HEAD", "--", *RUN)
    assert_cannot_decide(outcome, "code -> .*/head/code", "cp -r")


def test_a_link_to_what_git_ignores_is_a_warning(divided: Project) -> None:
    setup = on_base(f"ln -s {shlex.quote(str(divided.root))}/data data")
    assert_green(ab(divided, *REPORT, *setup, "--base", "HEAD", "--", *RUN))
    assert "sides-share" in notes(divided)
    (note,) = (n for n in report(divided)["notes"] if n["slug"] == "sides-share")
    assert "data -> " in note["message"]


def test_links_that_stay_within_a_side_or_lead_elsewhere_say_nothing(divided: Project) -> None:
    line = "ln -s code/inner near && ln -s /usr/bin far && ln -s nowhere broken && ln -s loop loop"
    assert_green(ab(divided, *REPORT, *on_base(line), "--base", "HEAD", "--", *RUN))
    assert "sides-share" not in notes(divided)
