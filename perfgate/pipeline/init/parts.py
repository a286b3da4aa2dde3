"""What the ready workflows are made of: where and how a gate runs, and the steps that they share."""

from __future__ import annotations

import json
import re
from textwrap import indent
from typing import Literal

from msgspec import Struct

from perfgate.core.text.origin import requirement

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
PYTHON = "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0"
UPLOAD = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"
DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
_HEAD = """\
name: perf
on:
  pull_request:
%s  merge_group:

permissions: {}

concurrency:
  group: perf-${{ github.event.pull_request.number || github.sha }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}
"""
_PLAIN = re.compile(r"[A-Za-z0-9][\w./-]*", re.ASCII)
"""A label that needs no quotes in YAML."""
RUN = "github.event.workflow_run"
BASE = "${{ github.event.merge_group.base_sha || 'HEAD^1' }}"


class Plan(Struct, frozen=True, kw_only=True):
    """Where and how the gate will run."""

    runner: Literal["hosted", "own"] = "hosted"
    """``hosted``: machines change between jobs, so a job measures old and new; ``own``: own machines, baselines."""
    forks: bool = True
    """Do pull requests come from forks? Then the comment is written by a workflow of its own."""
    suites: tuple[str, ...] = ()
    """Folders of a monorepo, each gated by itself; empty: the whole repository is one."""
    shards: int = 1
    """Jobs of a matrix that measure a part each, on own machines."""
    refresh: str = ""
    """The branch on which each push adds a session to the baselines; empty: none."""
    proposes: bool = False
    """Is a session proposed in a pull request? Else it is committed to the branch."""
    install: str = f'python -m pip install "{requirement()}"'
    """The line that installs perfgate."""
    requirements: str = ""
    """The file with hashes from which the job that comments installs it; empty: by `install`, dependencies unpinned."""

    label: str = ""
    """The label that a pull request carries to be measured, as `with_label` allows it; empty: each one is."""
    keeps_watch: bool = False
    """Is there a weekly workflow that shows the history, and measures today's code beside the last release?"""

    def is_sharded(self) -> bool:
        """Do several jobs measure, and another one decide?"""
        return self.shards > 1


def head(plan: Plan) -> str:
    """Return the beginning of the workflow that gates, up to its jobs; a label starts it like a push does."""
    return _HEAD % ("    types: [opened, synchronize, reopened, labeled]\n" if plan.label else "")


def condition(plan: Plan, *, also: str = "") -> str:
    """Return the line with the condition of a job; empty: it has none.

    Which label was added is no part of it: a job that is skipped for another label would take the
    place of a failure of the same commit.

    Args:
        plan: with or without a label.
        also: another condition.
    """
    if not plan.label:
        return f"    if: ${{{{ {also} }}}}" if also else ""
    quoted = plan.label.replace("'", "''")
    words = f"contains(github.event.pull_request.labels.*.name, '{quoted}')"
    words = f"${{{{ {also} && {words} }}}}" if also else words
    value = words if _PLAIN.fullmatch(plan.label) else json.dumps(words, ensure_ascii=False)
    return f"    if: {value}{'' if also else ' # else it is skipped, which a required check accepts'}"


def join_suites(plan: Plan) -> str:
    """Return the job that reports for all suites under one name; empty: no label is needed, or there is one suite.

    GitHub does not expand the matrix of a job that it skips, so that the checks of suites would be awaited for ever.
    """
    if not (plan.label and plan.suites):
        return ""
    return """\
  all:
    name: performance of all suites # require this one: it is skipped with them, or as they end
    needs: gate
    if: ${{ always() && needs.gate.result != 'skipped' }}
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {}
    steps:
      - run: test "$RESULT" = success
        env:
          RESULT: ${{ needs.gate.result }}
"""


def prepare(plan: Plan, depth: str) -> list[str]:
    """Return the steps before measuring: the code, Python, perfgate."""
    return [
        f"- uses: {CHECKOUT}\n  with:\n{f'    {depth}{chr(10)}' if depth else ''}    persist-credentials: false\n",
        f'- uses: {PYTHON}\n  with:\n    python-version: "3.12"\n',
        f"- run: {plan.install} # the version; then what your program needs\n",
    ]


def measure(plan: Plan) -> list[str]:
    """Return the steps that measure and decide."""
    place = place_of(plan)
    if plan.runner == "hosted":
        return [
            f"""\
- run: perfgate ab --color always --base "$BASE" -- python job.py # the command to measure
  env:
    BASE: {BASE}
{place}"""
        ]
    return [
        f"- run: perfgate run -n 10 -- python job.py # the command to measure\n{place}",
        f"- id: gate\n  run: perfgate check --color always --baseline-ref auto\n{place}",
        f"""\
- if: ${{{{ steps.gate.outputs.confirmations > 0 }}}} # something is suspected: held against the base, measured here
  run: perfgate ab --color always --base "$BASE" -- python job.py # the same command
  env:
    BASE: {BASE}
{place}""",
    ]


def measure_shards(plan: Plan, *, is_gate: bool = False) -> str:
    """Return the job in which each shard measures its part, as a benchmark of its own, and hands on its runs.

    Args:
        plan: with shards.
        is_gate: is it part of the workflow that gates, which a label may start?
    """
    steps = [
        *prepare(plan, ""),
        f"""\
- run: perfgate run -n 10 --benchmark "job-$PERFGATE_SHARD" -- python job.py "$PERFGATE_SHARD" # the command to measure
  env:
    PERFGATE_SHARD: ${{{{ matrix.shard }}}}/{plan.shards} # the part; in the name, so that each is held against itself
""",
        f"""\
- uses: {UPLOAD}
  with:
    name: perfgate-runs-${{{{ matrix.shard }}}}
    path: outputs/model_runs/
    if-no-files-found: error
""",
    ]
    numbers = ", ".join(str(i + 1) for i in range(plan.shards))
    return f"""\
  measure:
    name: measure
{f"{condition(plan)}{chr(10)}" if is_gate and plan.label else ""}    strategy:
      fail-fast: false
      matrix:
        shard: [{numbers}]
    runs-on: {runner(plan)}
    timeout-minutes: 30
    permissions:
      contents: read # to check out the code
    steps:
{indent("".join(steps), "      ")}"""


def settle_shards(plan: Plan) -> str:
    """Return the step that holds each part against the base in turn, when something is suspected in any."""
    numbers = " ".join(str(i + 1) for i in range(plan.shards))
    return f"""\
- if: ${{{{ steps.gate.outputs.confirmations > 0 }}}} # something is suspected: held against the base, measured here
  run: |
    for shard in {numbers}; do
      perfgate ab --color always --base "$BASE" --benchmark "job-$shard/{plan.shards}" \\
        -- python job.py "$shard/{plan.shards}"
    done
  env:
    BASE: {BASE}
"""


def fetch_shards(*, needs_all: bool) -> str:
    """Return the step that downloads the runs of all shards into one folder."""
    tolerance = "" if needs_all else "  continue-on-error: true # the check reports what is missing\n"
    return f"""\
- uses: {DOWNLOAD}
{tolerance}  with:
    pattern: perfgate-runs-*
    path: outputs/model_runs
    merge-multiple: true
"""


def upload(plan: Plan, name: str) -> str:
    """Return the step that uploads the report, whatever the verdict."""
    return f"""\
- if: ${{{{ !cancelled() }}}}
  uses: {UPLOAD}
  with:
    name: {name}
    path: {folder_of(plan)}perfgate-report/
"""


def comment_beside(plan: Plan) -> str:
    """Return the step that comments in the job that measures: only where no pull request comes from a fork."""
    option, variable = id_option(plan)
    return f"""\
- if: ${{{{ !cancelled() && github.event_name == 'pull_request' }}}}
  run: perfgate comment perfgate-report/report.json --repo "$GITHUB_REPOSITORY" --pr "$PR"{option}
  env:
    GITHUB_TOKEN: ${{{{ github.token }}}}
    PR: ${{{{ github.event.pull_request.number }}}}
{variable}{place_of(plan)}"""


def id_option(plan: Plan) -> tuple[str, str]:
    """Return the option that gives each suite a comment of its own, and the variable that it needs."""
    return (' --id "$SUITE"', "    SUITE: ${{ matrix.suite }}\n") if plan.suites else ("", "")


def matrix(plan: Plan) -> str:
    """Return the lines that give each suite a job of its own; empty for one."""
    if not plan.suites:
        return ""
    pairs = "".join(f"          - suite: {suite_name(f)}\n            folder: {f}\n" for f in plan.suites)
    return f"    strategy:\n      fail-fast: false\n      matrix:\n        include:\n{pairs}"


def suite_name(folder: str) -> str:
    """Return the name of a folder's artifacts and comment: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")[:40]


def runner(plan: Plan) -> str:
    """Return the machine."""
    if plan.runner == "hosted":
        return "ubuntu-24.04"
    return "[self-hosted, linux] # zizmor: ignore[self-hosted-runner] it runs pull requests: approve those of strangers"


def place_of(plan: Plan) -> str:
    """Return the line that enters a suite's folder; empty for one."""
    return "  working-directory: ${{ matrix.folder }}\n" if plan.suites else ""


def folder_of(plan: Plan) -> str:
    """Return what stands before a path in a suite's folder; empty for one."""
    return "${{ matrix.folder }}/" if plan.suites else ""
