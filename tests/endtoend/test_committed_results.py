"""Results that git holds decide nothing in CI, however the attributes of the change let git convert them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import assert_cannot_decide

if TYPE_CHECKING:
    from support import Project

CI = {"CI": "true"}
ATTRIBUTES = {
    "none": "",
    "line-ends": "* text eol=crlf\n",
    "identifier": "* ident\n",
    "a-filter": "* filter=seal\n",
}


def hold(project: Project, attributes: str) -> None:
    """Commit everything of a project, and check it out anew as attributes say, with a filter of the machine."""
    project.write(".gitignore", "log\n")
    project.git("init", "-q", "-b", "main")
    project.change_runs("*", note="$Id$")
    for path in project.runs():  # git converts ends of lines
        path.write_text(path.read_text() + "\n")
    project.commit("Hold results")
    project.write(".gitattributes", f"*.json -text\n{attributes}/baselines/** -text -ident -filter\n")
    project.git("add", ".gitattributes")
    project.git("commit", "-q", "-m", "Convert them")
    project.git("config", "filter.seal.smudge", "sed 's/^{/ {/'")
    project.git("rm", "-q", "-r", "--cached", "outputs", "out")
    project.git("reset", "-q")
    for name in ("outputs", "out"):
        project.command("rm", "-r", name)
        project.git("checkout", "--", name)
    for kind in ("smudge", "clean", "process"):
        project.git("config", f"filter.seal.{kind}", f"touch '{project.path('log')}'; cat")


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_checkout_that_converts_results_makes_no_measurement_of_them(green: Project, name: str) -> None:
    assert green.cli("check", "--report-dir", "out").code == 0
    before = green.runs()[0].read_bytes()
    hold(green, ATTRIBUTES[name])
    assert green.runs()[0].read_bytes() != before
    runs = green.cli("check", env=CI)
    assert_cannot_decide(runs, "committed in git, and not changed since; this job did not measure it", "--runs-from")
    assert "[results-left-behind]" in runs.stderr
    if name == "a-filter":
        return
    report = green.cli("report", "out/report.json", "--exit-code", env=CI)
    assert_cannot_decide(report, "is what git holds", "--report-dir")
    assert not green.path("log").exists()
