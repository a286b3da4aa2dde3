"""The branch as CI systems say it."""

from __future__ import annotations

import pytest

from perfgate.measure.machine.branch import find_branch


@pytest.mark.parametrize(
    ("environ", "branch"),
    [
        pytest.param({}, "", id="nowhere"),
        pytest.param({"GITHUB_REF_NAME": "main", "GITHUB_HEAD_REF": ""}, "main", id="a-push"),
        pytest.param({"GITHUB_REF_NAME": "7/merge", "GITHUB_HEAD_REF": "topic"}, "topic", id="a-pull-request"),
        pytest.param({"CI_COMMIT_REF_NAME": "dev"}, "dev", id="another-system"),
        pytest.param({"GITHUB_REF_NAME": "x" * 9_999}, "x" * 250, id="endless"),
    ],
)
def test_the_branch_is_what_the_system_says(environ: dict[str, str], branch: str) -> None:
    assert find_branch(environ) == branch
