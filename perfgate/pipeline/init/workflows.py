"""Ready workflows for GitHub and GitLab, as text: what `perfgate init --ci` writes and the recipes of the docs show."""

from __future__ import annotations

from textwrap import indent

from perfgate.pipeline.init.fresh import keep_fresh
from perfgate.pipeline.init.parts import (
    CHECKOUT,
    DOWNLOAD,
    PYTHON,
    RUN,
    UPLOAD,
    Plan,
    comment_beside,
    condition,
    fetch_shards,
    folder_of,
    head,
    id_option,
    join_suites,
    matrix,
    measure,
    measure_shards,
    place_of,
    prepare,
    runner,
    settle_shards,
    upload,
)
from perfgate.pipeline.init.weekly import keep_watch

_READS_LIST = "      contents: read # to fetch the list\n"


def github(plan: Plan) -> dict[str, str]:
    """Return the workflows of a repository on GitHub: path -> text."""
    files = {".github/workflows/perf.yml": (_sharded_gate if plan.is_sharded() else _gate)(plan)}
    if plan.forks:
        files[".github/workflows/perf-comment.yml"] = _comment(plan)
    if plan.runner == "own":
        files[".github/workflows/perf-baseline.yml"] = _refresh(plan)
    if plan.refresh:
        files[".github/workflows/perf-refresh.yml"] = keep_fresh(plan)
    if plan.keeps_watch:
        files[".github/workflows/perf-history.yml"] = keep_watch(plan)
    return files


def gitlab(plan: Plan) -> dict[str, str]:
    """Return the jobs of a project on GitLab, to be included: path -> text."""
    if plan.runner == "hosted":
        commands = (
            '- perfgate ab --color always --base "$CI_MERGE_REQUEST_DIFF_BASE_SHA" {0}'
            " -- python job.py # the command to measure"
        )
    else:
        commands = (
            "- perfgate run -n 10 -- python job.py # the command to measure\n"
            '- perfgate check --color always --baseline-ref "$CI_MERGE_REQUEST_DIFF_BASE_SHA" {0}'
        )
    reports = " ".join(f"--report perfgate-report/{name}" for name in ("report.json", "report.md", "junit.xml"))
    folders = ""
    if plan.suites:
        folders = f"  parallel:\n    matrix:\n      - FOLDER: [{', '.join(plan.suites)}]\n"
    enter = ['- cd "$FOLDER"'] if plan.suites else []
    root = "$FOLDER/" if plan.suites else ""
    script = "\n".join([f"- {plan.install} # the version", *enter, commands.format(f"--junit-flavor gitlab {reports}")])
    text = f"""\
# Include it from .gitlab-ci.yml:
#   include:
#     - local: perfgate.gitlab-ci.yml
performance:
  stage: test
  image: python:3.12
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
{folders}  variables:
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
    steps = [*prepare(plan, depth), *measure(plan), upload(plan, f"perfgate-report{suite}")]
    if not plan.forks:
        steps.append(comment_beside(plan))
    label = f"{condition(plan)}\n" if plan.label else ""
    return f"""\
{head(plan)}
jobs:
  gate:
    name: performance
{label}{matrix(plan)}    runs-on: {runner(plan)}
    timeout-minutes: 30
    permissions:
      contents: read # to check out the code
{"" if plan.forks else "      pull-requests: write # to comment" + chr(10)}    steps:
{indent("".join(steps), "      ")}{join_suites(plan)}"""


def _sharded_gate(plan: Plan) -> str:
    """Return the workflow that measures in several jobs, and decides in one that knows how many there must be."""
    depth = "fetch-depth: 2 # the target branch is the first parent of the merge"
    deciding = [
        *prepare(plan, depth),
        fetch_shards(needs_all=False),
        f"- id: gate\n  run: perfgate check --color always --baseline-ref auto --expect-shards {plan.shards}\n",
        settle_shards(plan),
        upload(plan, "perfgate-report"),
        *([] if plan.forks else [comment_beside(plan)]),
    ]
    return f"""\
{head(plan)}
jobs:
{measure_shards(plan, is_gate=True)}  gate:
    name: performance
    needs: measure
{condition(plan, also="!cancelled()")} # also when a job that measures failed: its runs are reported as missing
    runs-on: {runner(plan)}
    timeout-minutes: 60 # for what is suspected: the parts are then measured here, one after another
    permissions:
      contents: read # to check out the code
{"" if plan.forks else "      pull-requests: write # to comment" + chr(10)}    steps:
{indent("".join(deciding), "      ")}"""


def _comment(plan: Plan) -> str:
    """Return the workflow that comments: with a write token, but without the code of the pull request."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    option, variable = id_option(plan)
    steps = [
        f'- uses: {PYTHON}\n  with:\n    python-version: "3.12"\n',
        *_install(plan),
        f"""\
- uses: {DOWNLOAD}
  continue-on-error: true # a run that ended before its report is a notice of the next step
  with:
    name: perfgate-report{suite}
    path: perfgate-report
    run-id: ${{{{ github.event.workflow_run.id }}}}
    github-token: ${{{{ github.token }}}}
""",
        f"""\
- run: perfgate comment perfgate-report/report.json --workflow-run{option}
  env:
    GITHUB_TOKEN: ${{{{ github.token }}}}
{variable}""",
    ]
    return f"""\
name: perf-comment
on:
  workflow_run: # zizmor: ignore[dangerous-triggers] no code of the pull request is run, its report is read as hostile
    workflows: [perf]
    types: [completed]

permissions: {{}}

concurrency:
  group: perf-comment-${{{{ {RUN}.head_repository.full_name }}}}-${{{{ {RUN}.head_branch }}}}
  cancel-in-progress: false

jobs:
  comment:
    name: comment
    if: >-
      github.event.workflow_run.event == 'pull_request' &&
      contains(fromJSON('["success", "failure"]'), github.event.workflow_run.conclusion)
{matrix(plan)}    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      actions: read # to fetch the report
{_READS_LIST if plan.requirements else ""}      pull-requests: write # to comment
    steps:
{indent("".join(steps), "      ")}"""


def _install(plan: Plan) -> list[str]:
    """Return the steps that install perfgate beside a token: nothing of a folder or of variables is imported."""
    if not plan.requirements:
        return [f"- run: {plan.install.replace('python -m', 'python -I -m', 1)}\n"]
    return [
        f"""\
- uses: {CHECKOUT}
  with:
    ref: ${{{{ github.event.repository.default_branch }}}} # this one file of it, never that of the pull request
    sparse-checkout: {plan.requirements}
    sparse-checkout-cone-mode: false
    persist-credentials: false
""",
        f"- run: python -I -m pip install --require-hashes --no-deps -r {plan.requirements}\n",
    ]


def _refresh(plan: Plan) -> str:
    """Return the workflow that measures a baseline and hands it out as files and as a patch."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    place = place_of(plan)
    machine = f"{matrix(plan)}    runs-on: {runner(plan)}\n"
    if plan.is_sharded():  # a shard that failed leaves no baseline: this job is skipped
        machine = "    needs: measure\n    runs-on: ubuntu-24.04\n"
    measuring = [f"- run: perfgate run -n 10 -- python job.py # the command to measure\n{place}"]
    steps = [
        *prepare(plan, ""),
        *([fetch_shards(needs_all=True)] if plan.is_sharded() else measuring),
        f"""\
- run: perfgate baseline refresh --reason "$REASON"
  env:
    REASON: ${{{{ inputs.reason }}}}
{place}""",
        f"""\
- run: |
    git add --intent-to-add baselines
    git diff --binary -- baselines > baselines.patch
{place}""",
        f"""\
- uses: {UPLOAD}
  with:
    name: baselines{suite}
    path: |
      {folder_of(plan)}baselines/
      {folder_of(plan)}baselines.patch
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
{measure_shards(plan) if plan.is_sharded() else ""}  baseline:
    name: measure a baseline
{machine}    timeout-minutes: 60
    permissions:
      contents: read # to check out the code
    steps:
{indent("".join(steps), "      ")}"""
