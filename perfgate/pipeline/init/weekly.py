"""The weekly workflow: the history of the values as a page, and today's code measured beside the last release."""

from __future__ import annotations

from textwrap import indent

from perfgate.core.policy import LEDGER
from perfgate.pipeline.init.parts import UPLOAD, Plan, folder_of, matrix, place_of, prepare, runner, upload

_DEPTH = "fetch-depth: 0 # all versions of the baselines, and the tags"
_FIND_ANCHOR = """\
- id: anchor
  run: | # the newest tag below this commit; without one the commit 50 before it
    anchor="$(git describe --tags --abbrev=0 --first-parent 'HEAD^' 2>/dev/null ||
      git rev-parse --verify --quiet 'HEAD~50' || true)"
    if [ -z "$anchor" ]; then
      echo "::notice title=perfgate::There is no tag, and no commit 50 before this one: nothing is compared."
    fi
    echo "commit=$anchor" >> "$GITHUB_OUTPUT"
"""
_IS_FOUND = "${{ steps.anchor.outputs.commit != '' }}"
_BASE = "${{ steps.anchor.outputs.commit }}"


_FETCH_LEDGER = f"""\
- id: ledger
  run: | # the ledger, if there is one: no checkout fetches it
    found="$(git -c credential.helper='!gh auth git-credential' ls-remote origin "$LEDGER")"
    if [ -n "$found" ]; then
      git -c credential.helper='!gh auth git-credential' fetch --quiet origin "$LEDGER:$LEDGER"
    fi
    echo "found=${{found:+true}}" >> "$GITHUB_OUTPUT"
  env:
    GH_TOKEN: ${{{{ github.token }}}}
    LEDGER: {LEDGER} # or the `ref` of [history] in the configuration
"""


def keep_watch(plan: Plan) -> str:
    """Return the workflow: one job draws what git holds, the other measures both versions. Both may only read."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    code, python, _ = prepare(plan, _DEPTH)
    history = [code, python, f"- run: {plan.install} # the version\n", _FETCH_LEDGER, *_draw(plan, suite)]
    creep = [*prepare(plan, _DEPTH), _FIND_ANCHOR, _measure(plan), upload(plan, f"perfgate-creep{suite}")]
    return f"""\
name: perf-history
on:
  schedule:
    - cron: "23 4 * * 1" # Mondays, in UTC
  workflow_dispatch:

permissions: {{}}

concurrency:
  group: perf-history
  cancel-in-progress: false

jobs:
  history:
    name: history
{matrix(plan)}    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read # to check out the code
    steps:
{indent("".join(history), "      ")}
  creep:
    name: creep since the last release
{matrix(plan)}    runs-on: {runner(plan)}
    timeout-minutes: 60
    permissions:
      contents: read # to check out the code
    steps:
{indent("".join(creep), "      ")}"""


def _draw(plan: Plan, suite: str) -> list[str]:
    """Return the steps that draw the history, once there are baselines or a ledger."""
    baselines = "'baselines/**/*.json'"
    if plan.suites:
        baselines = "format('{0}/baselines/**/*.json', matrix.folder)"
    condition = f"${{{{ hashFiles({baselines}) != '' || steps.ledger.outputs.found != '' }}}}"
    return [
        f"""\
- if: {condition} # else there is no history
  run: |
    mkdir -p perfgate-history
    perfgate history --format html > perfgate-history/history.html
    perfgate history --format markdown >> "$GITHUB_STEP_SUMMARY"
{place_of(plan)}""",
        f"""\
- if: {condition}
  uses: {UPLOAD}
  with:
    name: perfgate-history{suite}
    path: {folder_of(plan)}perfgate-history/
    if-no-files-found: error
""",
    ]


def _measure(plan: Plan) -> str:
    """Return the step that measures the anchor and today's code side by side; where that is worse it fails."""
    compare = 'perfgate ab --color always --base "$BASE"'
    if not plan.is_sharded():
        script = f"run: {compare} -- python job.py # the command to measure\n"
    else:
        numbers = " ".join(str(i + 1) for i in range(plan.shards))
        script = f"""\
run: |
    failed=0
    for shard in {numbers}; do
      {compare} --benchmark "job-$shard/{plan.shards}" \\
        -- python job.py "$shard/{plan.shards}" || failed=$? # the command to measure
    done
    exit "$failed"
"""
    return f"""\
- if: {_IS_FOUND}
  {script}  env:
    BASE: {_BASE}
{place_of(plan)}"""
