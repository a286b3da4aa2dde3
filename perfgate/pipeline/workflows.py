"""Ready workflows for GitHub and GitLab, as text: what `perfgate init --ci` writes and the recipes of the docs show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import indent
from typing import Literal

_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
_PYTHON = "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0"
_UPLOAD = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"
_DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
_RUN = "github.event.workflow_run"
_BASE = "${{ github.event.merge_group.base_sha || 'HEAD^1' }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where and how the gate will run."""

    runner: Literal["hosted", "own"] = "hosted"
    """Machines that change from job to job, so that old and new are measured in one; or your own, with baselines."""
    forks: bool = True
    """Do pull requests come from forks? Then the comment is written by a workflow of its own."""
    suites: tuple[str, ...] = ()
    """Folders of a monorepo, each gated by itself; empty: the whole repository is one."""
    install: str = 'python -m pip install "perfgate"'
    """The line that installs perfgate."""


def github(plan: Plan) -> dict[str, str]:
    """Return the workflows of a repository on GitHub: path -> text."""
    files = {".github/workflows/perf.yml": _gate(plan)}
    if plan.forks:
        files[".github/workflows/perf-comment.yml"] = _comment(plan)
    if plan.runner == "own":
        files[".github/workflows/perf-baseline.yml"] = _refresh(plan)
    return files


def gitlab(plan: Plan) -> dict[str, str]:
    """Return the jobs of a project on GitLab, to be included: path -> text."""
    if plan.runner == "hosted":
        measure = '- perfgate ab --base "$CI_MERGE_REQUEST_DIFF_BASE_SHA" {0} -- python job.py # the command to measure'
    else:
        measure = (
            "- perfgate run -n 10 -- python job.py # the command to measure\n"
            '- perfgate check --baseline-ref "$CI_MERGE_REQUEST_DIFF_BASE_SHA" {0}'
        )
    reports = " ".join(f"--report perfgate-report/{name}" for name in ("report.json", "report.md", "junit.xml"))
    matrix = ""
    if plan.suites:
        matrix = f"  parallel:\n    matrix:\n      - FOLDER: [{', '.join(plan.suites)}]\n"
    enter = ['- cd "$FOLDER"'] if plan.suites else []
    root = "$FOLDER/" if plan.suites else ""
    script = "\n".join([f"- {plan.install} # the version", *enter, measure.format(f"--junit-flavor gitlab {reports}")])
    text = f"""\
# Include it from .gitlab-ci.yml:
#   include:
#     - local: perfgate.gitlab-ci.yml
performance:
  stage: test
  image: python:3.12
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
{matrix}  variables:
    GIT_DEPTH: 0 # so that the commit to compare with is here
  script:
{indent(script, "    ")}
  artifacts:
    when: always
    paths: [{root}perfgate-report]
    reports:
      junit: {root}perfgate-report/junit.xml
"""
    return {"perfgate.gitlab-ci.yml": text}


def _gate(plan: Plan) -> str:
    """Return the workflow that measures and decides; it needs no secret and runs for forks as well."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    depth = "fetch-depth: 2 # the target branch is the first parent of the merge"
    steps = [*_prepare(plan, depth), *_measure(plan), _upload(plan, f"perfgate-report{suite}")]
    if not plan.forks:
        steps.append(_comment_beside(plan))
    return f"""\
name: perf
on:
  pull_request:
  merge_group:

permissions: {{}}

concurrency:
  group: perf-${{{{ github.event.pull_request.number || github.sha }}}}
  cancel-in-progress: ${{{{ github.event_name == 'pull_request' }}}}

jobs:
  gate:
    name: performance
{_matrix(plan)}    runs-on: {_runner(plan)}
    timeout-minutes: 30
    permissions:
      contents: read # to check out the code
{"" if plan.forks else "      pull-requests: write # to comment" + chr(10)}    steps:
{indent("".join(steps), "      ")}"""


def _comment(plan: Plan) -> str:
    """Return the workflow that comments: with a write token, but without the code of the pull request."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    identity, told = _identity(plan)
    steps = [
        f'- uses: {_PYTHON}\n  with:\n    python-version: "3.12"\n',
        f"- run: {plan.install}\n",
        f"""\
- uses: {_DOWNLOAD}
  continue-on-error: true # a run that ended before its report is a notice of the next step
  with:
    name: perfgate-report{suite}
    path: perfgate-report
    run-id: ${{{{ github.event.workflow_run.id }}}}
    github-token: ${{{{ github.token }}}}
""",
        f"""\
- run: perfgate comment perfgate-report/report.json --workflow-run{identity}
  env:
    GITHUB_TOKEN: ${{{{ github.token }}}}
{told}""",
    ]
    return f"""\
name: perf-comment
on:
  workflow_run: # zizmor: ignore[dangerous-triggers] no code of the pull request is run, its report is read as hostile
    workflows: [perf]
    types: [completed]

permissions: {{}}

concurrency:
  group: perf-comment-${{{{ {_RUN}.head_repository.full_name }}}}-${{{{ {_RUN}.head_branch }}}}
  cancel-in-progress: false

jobs:
  comment:
    name: comment
    if: >-
      github.event.workflow_run.event == 'pull_request' &&
      contains(fromJSON('["success", "failure"]'), github.event.workflow_run.conclusion)
{_matrix(plan)}    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      actions: read # to fetch the report
      pull-requests: write # to comment
    steps:
{indent("".join(steps), "      ")}"""


def _refresh(plan: Plan) -> str:
    """Return the workflow that measures a baseline and hands it out as files and as a patch."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    place = _place(plan)
    steps = [
        *_prepare(plan, ""),
        f"- run: perfgate run -n 10 -- python job.py # the command to measure\n{place}",
        f"""\
- run: perfgate baseline refresh --reason "$REASON"
  env:
    REASON: ${{{{ inputs.reason }}}}
{place}""",
        f"""\
- run: |
    git add --intent-to-add baselines
    git diff --binary --relative -- baselines > baselines.patch
{place}""",
        f"""\
- uses: {_UPLOAD}
  with:
    name: baselines{suite}
    path: |
      {_folder(plan)}baselines/
      {_folder(plan)}baselines.patch
""",
    ]
    return f"""\
name: perf-baseline
on:
  workflow_dispatch:
    inputs:
      reason:
        description: Why; wanted when a value gets worse
        type: string
        default: ""

permissions: {{}}

concurrency:
  group: perf-baseline
  cancel-in-progress: false

jobs:
  baseline:
    name: measure a baseline
{_matrix(plan)}    runs-on: {_runner(plan)}
    timeout-minutes: 60
    permissions:
      contents: read # to check out the code
    steps:
{indent("".join(steps), "      ")}"""


def _prepare(plan: Plan, depth: str) -> list[str]:
    return [
        f"- uses: {_CHECKOUT}\n  with:\n{f'    {depth}{chr(10)}' if depth else ''}    persist-credentials: false\n",
        f'- uses: {_PYTHON}\n  with:\n    python-version: "3.12"\n',
        f"- run: {plan.install} # the version; then what your program needs\n",
    ]


def _measure(plan: Plan) -> list[str]:
    """Return the steps that measure and decide."""
    place = _place(plan)
    if plan.runner == "hosted":
        return [
            f"""\
- run: perfgate ab --base "$BASE" -- python job.py # the command to measure
  env:
    BASE: {_BASE}
{place}"""
        ]
    return [
        f"- run: perfgate run -n 10 -- python job.py # the command to measure\n{place}",
        f"- run: perfgate check --baseline-ref auto\n{place}",
    ]


def _upload(plan: Plan, name: str) -> str:
    return f"""\
- if: ${{{{ !cancelled() }}}}
  uses: {_UPLOAD}
  with:
    name: {name}
    path: {_folder(plan)}perfgate-report/
"""


def _comment_beside(plan: Plan) -> str:
    """Return the step that comments in the job that measures: only where no pull request comes from a fork."""
    identity, told = _identity(plan)
    return f"""\
- if: ${{{{ !cancelled() && github.event_name == 'pull_request' }}}}
  run: perfgate comment perfgate-report/report.json --repo "$GITHUB_REPOSITORY" --pr "$PR"{identity}
  env:
    GITHUB_TOKEN: ${{{{ github.token }}}}
    PR: ${{{{ github.event.pull_request.number }}}}
{told}{_place(plan)}"""


def _identity(plan: Plan) -> tuple[str, str]:
    """Return the words that tell the suites' comments apart, and the variable that they need."""
    return (' --id "$SUITE"', "    SUITE: ${{ matrix.suite }}\n") if plan.suites else ("", "")


def _matrix(plan: Plan) -> str:
    if not plan.suites:
        return ""
    pairs = "".join(f"          - suite: {suite_name(f)}\n            folder: {f}\n" for f in plan.suites)
    return f"    strategy:\n      fail-fast: false\n      matrix:\n        include:\n{pairs}"


def suite_name(folder: str) -> str:
    """Return what a folder's artifacts and comment are called: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")[:40]


def _runner(plan: Plan) -> str:
    if plan.runner == "hosted":
        return "ubuntu-24.04"
    return "[self-hosted, linux] # zizmor: ignore[self-hosted-runner] it runs pull requests: approve those of strangers"


def _place(plan: Plan) -> str:
    return "  working-directory: ${{ matrix.folder }}\n" if plan.suites else ""


def _folder(plan: Plan) -> str:
    return "${{ matrix.folder }}/" if plan.suites else ""
