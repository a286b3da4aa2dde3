"""The branch that is checked out, as the CI system says: its checkout is on no branch."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

BRANCH_VARIABLES = (
    "GITHUB_HEAD_REF",  # of a pull request, where the other one says 7/merge
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "BUILD_SOURCEBRANCHNAME",
    "CIRCLE_BRANCH",
    "BUILDKITE_BRANCH",
    "TRAVIS_BRANCH",
    "BRANCH_NAME",
)
"""Variables that hold it, the surest first."""
_LONGEST = 250


def find_branch(environ: Mapping[str, str]) -> str:
    """Return the name of the branch; empty: no CI system says it."""
    return next((value[:_LONGEST] for name in BRANCH_VARIABLES if (value := environ.get(name, "").strip())), "")
