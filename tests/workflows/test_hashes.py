"""The job that comments may install from a list with hashes: only from one, and only where there is such a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from generate import wheel
from steps import load

from perfgate.core.text.origin import requirement

if TYPE_CHECKING:
    from support import Project

HASH = "--hash=sha256:" + "0a" * 32
LIST = f"# by a tool\nclick==8.1.0 \\\n    {HASH} \\\n    {HASH}\n    # via perfgate\nperfgate==0.1.0 \\\n    {HASH}\n"
WHEEL = LIST.replace("perfgate==0.1.0", wheel())
COMMENT = ".github/workflows/perf-comment.yml"


def init(project: Project, *words: str, path: str = ".github/perfgate.txt"):
    return project.cli("init", "--ci", "github", *words, "--requirements", path)


@pytest.mark.parametrize("pinned", [LIST, WHEEL], ids=["from-an-index", "a-wheel-of-the-release"])
def test_the_job_that_comments_installs_from_the_list_and_nothing_else(project: Project, pinned: str) -> None:
    project.write(".github/perfgate.txt", pinned)
    done = init(project)
    assert done.code == 0, str(done)
    (job,) = load(project.path(COMMENT))["jobs"].values()
    (install,) = [s["run"] for s in job["steps"] if "pip" in s.get("run", "")]
    assert install == "python -I -m pip install --require-hashes --no-deps -r .github/perfgate.txt"
    assert job["permissions"] == {"actions": "read", "contents": "read", "pull-requests": "write"}


@pytest.mark.parametrize(
    ("text", "words", "path"),
    [
        pytest.param(None, (), ".github/perfgate.txt", id="no-file"),
        pytest.param("", (), ".github/perfgate.txt", id="empty"),
        pytest.param("perfgate==0.1.0\n", (), ".github/perfgate.txt", id="no-hash"),
        pytest.param(LIST + "numpy==2.0.0\n", (), ".github/perfgate.txt", id="one-without-a-hash"),
        pytest.param(LIST.replace("perfgate==", "perfgate>="), (), ".github/perfgate.txt", id="no-version"),
        pytest.param(LIST.replace("perfgate==", "perfgates=="), (), ".github/perfgate.txt", id="another-package"),
        pytest.param(LIST, ("--no-forks",), ".github/perfgate.txt", id="no-such-job"),
        pytest.param(WHEEL.replace("https:", "http:"), (), ".github/perfgate.txt", id="unencrypted"),
        pytest.param(LIST.replace("perfgate==0.1.0", requirement()), (), ".github/perfgate.txt", id="no-file-to-hash"),
        pytest.param(LIST, (), "../perfgate.txt", id="outside"),
        pytest.param(LIST, (), "a b.txt", id="needs-quoting"),
        pytest.param(LIST, (), "-e", id="an-option"),
    ],
)
def test_what_is_no_such_list_is_refused_before_anything_is_written(
    project: Project, text: str | None, words: tuple[str, ...], path: str
) -> None:
    if text is not None:
        project.write(".github/perfgate.txt", text)
    done = init(project, *words, path=path)
    assert (done.code, done.stderr.count("cannot decide: --requirements")) == (2, 1), str(done)
    assert not project.path(COMMENT).exists()


def test_on_gitlab_nothing_holds_such_a_token(project: Project) -> None:
    project.write("list.txt", LIST)
    assert project.cli("init", "--ci", "gitlab", "--requirements", "list.txt").code == 2
