"""The workflow that keeps baselines fresh: each push to a branch adds a session, unless the branch got worse.

The session is a commit on the branch, or a pull request, of which there is one at most.
"""

from __future__ import annotations

import json
from textwrap import indent

from perfgate.pipeline.init.parts import (
    CHECKOUT,
    DOWNLOAD,
    UPLOAD,
    Plan,
    fetch_shards,
    matrix,
    measure_shards,
    place_of,
    prepare,
    runner,
    upload,
)

_RECORD = """\
- run: |
    find proposed -name baselines.patch -size +0 \\
      -exec git apply --index --include='baselines/*' --include='*/baselines/*' {} +
    if git diff --cached --quiet; then
      echo "The baselines hold these runs already."
      exit 0
    fi
    export GIT_AUTHOR_NAME=perfgate GIT_AUTHOR_EMAIL=perfgate@users.noreply.github.com
    export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL="$GIT_AUTHOR_EMAIL"
    git commit --quiet --message "Add a session to the performance baselines" --message "Measured at $GITHUB_SHA."
    signed() { git -c credential.helper='!f() { echo username=x-access-token; echo "password=$GH_TOKEN"; }; f' "$@"; }
    signed fetch --quiet --depth 1 origin "$GITHUB_REF"
    if [ "$(git rev-parse FETCH_HEAD)" != "$GITHUB_SHA" ]; then
      echo "::notice title=perfgate::The branch has moved on from this commit: nothing is recorded."
      exit 0
    fi
%s  env:
    GH_TOKEN: ${{ github.token }}
"""
_PUSH = """\
    signed push --quiet origin "HEAD:$GITHUB_REF"
"""
_PROPOSE = """\
    base="${GITHUB_REF#refs/heads/}"
    signed push --quiet --force origin "HEAD:refs/heads/perfgate-baselines/$base"
    pull=(--repo "$GITHUB_REPOSITORY" --base "$base" --head "perfgate-baselines/$base")
    own='map(select(.isCrossRepository | not)) | length' # a fork may have a branch of that name
    if [ "$(gh pr list "${pull[@]}" --state open --json isCrossRepository --jq "$own")" = 0 ]; then
      gh pr create "${pull[@]}" --title "Add a session to the performance baselines" \\
        --body "The newest session of $base. Each push to $base replaces it until this is merged."
    fi
"""
_PROPOSES = "      pull-requests: write # to open the pull request\n"


def keep_fresh(plan: Plan) -> str:
    """Return the workflow: one job measures and may only read, another one commits and runs nothing of the program."""
    machine = f"{matrix(plan)}    runs-on: {runner(plan)}\n"
    if plan.is_sharded():  # a shard that failed measured no session: this job is skipped
        machine = "    needs: measure\n    runs-on: ubuntu-24.04\n"
    record = [
        f"- uses: {CHECKOUT}\n  with:\n    persist-credentials: false\n",
        f"- uses: {DOWNLOAD}\n  with:\n    pattern: baselines*\n    path: proposed\n",
        _RECORD % (_PROPOSE if plan.proposes else _PUSH),
    ]
    return f"""\
name: perf-refresh
on:
  push:
    branches: [{json.dumps(plan.refresh)}]
    paths-ignore: ["**/baselines/**"] # its own commits, when another token than GitHub's makes them

permissions: {{}}

concurrency:
  group: perf-refresh
  cancel-in-progress: false

jobs:
{measure_shards(plan) if plan.is_sharded() else ""}  refresh:
    name: measure a session
{machine}    timeout-minutes: 60
    permissions:
      contents: read # to check out the code
    steps:
{indent("".join(_measure(plan)), "      ")}
  record:
    name: record it
    needs: refresh
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: write # to push the commit
{_PROPOSES if plan.proposes else ""}    steps:
{indent("".join(record), "      ")}"""


def _measure(plan: Plan) -> list[str]:
    """Return the steps that measure a session, hold it against the baselines, and hand out what it changes in them."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    folder = "${{ matrix.folder }}/" if plan.suites else ""
    place = place_of(plan)
    measuring = f"- run: perfgate run -n 10 -- python job.py # the command to measure\n{place}"
    shards = ""
    if plan.is_sharded():
        measuring, shards = fetch_shards(needs_all=True), f" --expect-shards {plan.shards}"
    return [
        *prepare(plan, ""),
        measuring,
        f"""\
- run: | # what got worse stops the job at the refresh: nothing is recorded until a person decides
    if [ -z "$(git ls-files 'baselines/*.json')" ]; then
      perfgate baseline refresh # the first session
    else
      rm -rf perfgate-report
      perfgate check{shards} || {{ [ "$?" = 1 ] && grep -q '"exit_code": 1' perfgate-report/report.json; }}
      perfgate baseline refresh --replace-improved perfgate-report/report.json
    fi
    git add --intent-to-add baselines
    git diff --binary -- baselines > baselines.patch
{place}""",
        upload(plan, f"perfgate-report{suite}"),
        f"""\
- uses: {UPLOAD}
  with:
    name: baselines{suite}
    path: {folder}baselines.patch
    if-no-files-found: error
""",
    ]
