"""The formats of single tools: web pages, memory, processes, models; one row each."""

from __future__ import annotations

from perfgate.formats.catalog import layouts
from perfgate.formats.catalog.format import Format

REST: tuple[Format, ...] = (
    Format(
        name="lighthouse",
        tool="Lighthouse",
        keys=(
            "lighthouseVersion|steps[].lhr.lighthouseVersion",
            "requestedUrl|finalUrl|finalDisplayedUrl|audits|steps[].lhr.audits",
        ),
        reader="lighthouse",
        provides="one sample a report",
        hint="lighthouse URL --output=json --output-path=lhr-1.json, several times",
    ),
    Format(
        name="lighthouse-folder",
        tool="Lighthouse (a folder of reports)",
        files=(layouts.LIGHTHOUSE,),
        reader="lighthouse",
        provides="one sample a report",
        hint="lhci collect, then the folder .lighthouseci",
    ),
    Format(
        name="memray-stats",
        tool="memray",
        keys=("total_num_allocations", "total_bytes_allocated"),
        reader="memray",
        provides="one sample a file: peak memory, allocations",
        hint="memray stats --json -o train.json train.bin",
    ),
    Format(
        name="gnu-time",
        tool="GNU time",
        pattern=r"^\s?Command being timed: \"",
        reader="gnu_time",
        provides="one sample a run: times to 10 ms, peak memory",
        hint="/usr/bin/time -v -a -o time.txt CMD, several times",
    ),
    Format(
        name="vitest-bench",
        tool="vitest bench",
        keys=("files[].groups[]", "files[].filepath|files[].groups[].benchmarks[]"),
        reader="vitest",
        provides="median, p75, p99 and beyond; no p95",
        hint="vitest bench --run --outputJson bench.json",
    ),
    Format(
        name="lm-eval",
        tool="lm-evaluation-harness",
        keys=("results", "group_subtasks|lm_eval_version|configs", "configs|n-shot|higher_is_better"),
        reader="lm_eval",
        provides="means over the examples of a task",
        hint="lm_eval run --output_path results ...",
    ),
    Format(
        name="vllm-bench",
        tool="vllm bench serve",
        keys=("model_id", "completed", "request_throughput"),
        reader="vllm",
        provides="median and the percentiles asked for; raw samples with --save-detailed",
        hint="vllm bench serve --save-result --save-detailed --percentile-metrics ttft,tpot,itl,e2el ...",
    ),
)
"""In the order in which they are tried."""
