"""The workflow that measures and decides, in one job or in several."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from perfgate.pipeline.init.parts import (
    HEAD,
    comment_beside,
    fetch_shards,
    matrix,
    measure,
    measure_shards,
    prepare,
    runner,
    upload,
)

if TYPE_CHECKING:
    from perfgate.pipeline.init.parts import Plan


def gate(plan: Plan) -> str:
    """Return the workflow that measures and decides; it needs no secret and runs for forks as well."""
    suite = "-${{ matrix.suite }}" if plan.suites else ""
    depth = "fetch-depth: 2 # the target branch is the first parent of the merge"
    steps = [*prepare(plan, depth), *measure(plan), upload(plan, f"perfgate-report{suite}")]
    if not plan.forks:
        steps.append(comment_beside(plan))
    return f"""\
{HEAD}
jobs:
  gate:
    name: performance
{matrix(plan)}    runs-on: {runner(plan)}
    timeout-minutes: 30
    permissions:
      contents: read # to check out the code
{"" if plan.forks else "      pull-requests: write # to comment" + chr(10)}    steps:
{indent("".join(steps), "      ")}"""


def sharded(plan: Plan) -> str:
    """Return the workflow that measures in several jobs, and decides in one that knows how many there must be."""
    depth = "fetch-depth: 2 # the target branch is the first parent of the merge"
    deciding = [
        *prepare(plan, depth),
        fetch_shards(needs_all=False),
        f"- run: perfgate check --baseline-ref auto --expect-shards {plan.shards}\n",
        upload(plan, "perfgate-report"),
        *([] if plan.forks else [comment_beside(plan)]),
    ]
    return f"""\
{HEAD}
jobs:
{measure_shards(plan)}  gate:
    name: performance
    needs: measure
    if: ${{{{ !cancelled() }}}} # also when a job that measures failed: what it lacks is told
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read # to check out the code
{"" if plan.forks else "      pull-requests: write # to comment" + chr(10)}    steps:
{indent("".join(deciding), "      ")}"""
