"""Which CI system runs this process, and what it calls its job: the one home of the names of sessions in CI."""

from __future__ import annotations

from perfgate.measure.variables import OFF_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEMS = (
    # name, the variable that marks it (NAME, or NAME=value), the variables that identify one job, how many of these
    # identify the CI run
    ("gha", "GITHUB_ACTIONS", ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"), 2),
    ("gitlab", "GITLAB_CI", ("CI_PIPELINE_ID", "CI_JOB_ID"), 1),
    ("jenkins", "JENKINS_URL", ("BUILD_TAG",), 1),
    ("azure", "TF_BUILD", ("BUILD_BUILDID", "SYSTEM_JOBID", "SYSTEM_JOBATTEMPT"), 1),
    ("circleci", "CIRCLECI", ("CIRCLE_WORKFLOW_JOB_ID",), 0),
    ("buildkite", "BUILDKITE", ("BUILDKITE_JOB_ID",), 0),
    ("travis", "TRAVIS", ("TRAVIS_JOB_ID",), 0),
    ("teamcity", "TEAMCITY_VERSION", ("TEAMCITY_BUILDCONF_NAME", "BUILD_NUMBER"), 0),
    ("woodpecker", "CI=woodpecker", ("CI_PIPELINE_NUMBER", "CI_WORKFLOW_NAME"), 1),
)
_BASES = {
    # name: the variable that is on for a change under review, those that hold a commit of the base, the one that
    # holds the branch, and whether the merge of the two is checked out
    "gha": ("GITHUB_BASE_REF", (), "GITHUB_BASE_REF", True),
    "gitlab": (
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        False,
    ),
    "jenkins": ("CHANGE_TARGET", (), "CHANGE_TARGET", False),
    "azure": ("SYSTEM_PULLREQUEST_TARGETBRANCH", (), "SYSTEM_PULLREQUEST_TARGETBRANCH", True),
    "buildkite": ("BUILDKITE_PULL_REQUEST", (), "BUILDKITE_PULL_REQUEST_BASE_BRANCH", False),
    "travis": ("TRAVIS_PULL_REQUEST", (), "TRAVIS_BRANCH", True),
    "woodpecker": ("CI_COMMIT_TARGET_BRANCH", (), "CI_COMMIT_TARGET_BRANCH", False),
    "ci": (  # Bitbucket, which no variable of a job marks
        "BITBUCKET_PR_DESTINATION_BRANCH",
        ("BITBUCKET_PR_DESTINATION_COMMIT",),
        "BITBUCKET_PR_DESTINATION_BRANCH",
        False,
    ),
}


_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_BY_HAND = "+"
"""Stands before the part of a session's name that a person gave; no other part holds it."""
MARKERS = frozenset({"CI", *(marker.partition("=")[0] for _, marker, _, _ in _SYSTEMS)})
"""Variables that say a process runs in CI."""


def name_ci(environ: Mapping[str, str]) -> str | None:
    """Return the CI system's short name, ``ci`` for an unknown one (``CI=true``), None outside CI."""
    for name, marker, _, _ in _SYSTEMS:
        if _is_on(environ, marker):
            return name
    return "ci" if _is_on(environ, "CI") else None


def name_session(environ: Mapping[str, str], machine: str) -> str:
    """Return the name of this job's session: system, CI run, job, machine, and what a person calls it.

    A name given by hand (``PERFGATE_SESSION``) is added to what the CI system says, so that runs of another CI run,
    and two legs of a matrix that share the name, are still known apart. Where the system does not say which CI run
    it is, the name stands alone. A program under measure inherits the whole name, with its batch.

    Args:
        environ: the environment variables.
        machine: 8 hex digits, or ``unknown``.

    Returns:
        The name; empty when nothing names the session, so that the terminal has to.
    """
    given = environ.get("PERFGATE_SESSION", "")
    named = clean(given, "/")
    parts = [clean(part) for part in _list_parts(environ)]
    job = "-".join((name_ci(environ) or "", *parts, machine)) if parts else ""
    _, this_run = find_ci_run(environ)
    if not named or not this_run:
        return named or job
    inherited = clean(given, f"/{_BY_HAND}")
    return inherited if inherited.startswith(this_run) else f"{job}{_BY_HAND}{named}"


def find_ci_run(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return how the names of all sessions of the CI system begin, and those of this CI run (`name_session`).

    Both are empty outside CI, and where the CI system does not say which run it is.
    """
    for name, marker, variables, length in _SYSTEMS:
        if _is_on(environ, marker):
            parts = [clean(environ.get(variable, "")) for variable in variables[:length]]
            return (f"{name}-", "-".join((name, *parts, ""))) if parts and all(parts) else ("", "")
    return "", ""


def name_ci_run(environ: Mapping[str, str]) -> str:
    """Return the name of this CI run, ``gha-70-2``; empty where `find_ci_run` knows none."""
    return find_ci_run(environ)[1].rstrip("-")


def locate(session: str) -> tuple[str, str]:
    """Return the CI run that the name of a session states (`name_session`), or "", and its job, not named by hand."""
    for name, _, variables, length in _SYSTEMS:
        if length and session.startswith(f"{name}-"):
            job = session.partition(_BY_HAND)[0]
            parts = job.split("-")
            # The id of a run that is all there is of the job may hold dashes; the machine ends the name.
            return "-".join(parts[: 1 + length] if length < len(variables) else parts[:-1]), job
    return "", session


def clean(text: str, also: str = "") -> str:
    """Return the text with a dash for each character outside ``A-Z a-z 0-9 . _ -`` and those in `also`."""
    return "".join(letter if letter in _ALLOWED or letter in also else "-" for letter in text.strip())


def _list_parts(environ: Mapping[str, str]) -> list[str]:
    """Return what the CI system says of this job (run, attempt, job), as far as it says anything."""
    for _, marker, variables, _ in _SYSTEMS:
        if _is_on(environ, marker):
            return [environ[variable] for variable in variables if environ.get(variable)]
    return []


def find_base(environ: Mapping[str, str]) -> tuple[list[str], str, bool] | None:
    """Return what the CI system says of the base of a change under review; None: it is none, or it does not say it.

    Returns:
        Commits, the surest first; the branch, empty when it is not named; and whether the
        merge of the change into the base is checked out.
    """
    marked, commits, branch, is_merged = _BASES.get(name_ci(environ) or "", ("", (), "", False))
    if not marked or not _is_on(environ, marked):
        return None
    named = [environ[variable].strip() for variable in commits if environ.get(variable, "").strip()]
    return named, environ.get(branch, "").strip().removeprefix("refs/heads/"), is_merged


def _is_on(environ: Mapping[str, str], marker: str) -> bool:
    name, _, wanted = marker.partition("=")
    value = environ.get(name, "").strip().lower()
    return value == wanted if wanted else bool(value) and value not in OFF_WORDS
