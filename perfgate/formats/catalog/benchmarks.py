"""The formats that perfgate knows: one row each, the surest first."""

from __future__ import annotations

from perfgate.formats.catalog import layouts
from perfgate.formats.catalog.format import Format
from perfgate.formats.catalog.load_tests import LOAD
from perfgate.formats.catalog.logs import LOGS
from perfgate.formats.catalog.tools import REST

FORMATS: tuple[Format, ...] = (
    Format(
        name="pytest-benchmark",
        tool="pytest-benchmark",
        keys=("machine_info", "benchmarks[]"),
        reader="pytest_benchmark",
        provides="raw samples (means over the calls of a round)",
        hint="pytest --benchmark-json=bench.json",
    ),
    Format(
        name="hyperfine",
        tool="hyperfine",
        keys=("results[].command", "results[].times|results[].mean"),
        reader="hyperfine",
        provides="raw samples (single runs of the command)",
        hint="hyperfine --export-json bench.json CMD",
    ),
    Format(
        name="github-action-benchmark",
        tool="github-action-benchmark (custom JSON)",
        keys=("[].name", "[].unit", "[].value"),
        reader="custom_json",
        provides="one value a benchmark; --direction says which way is better",
        hint='write [{"name": "train", "unit": "ms", "value": 41.5}]',
    ),
    Format(
        name="bencher-bmf",
        tool="Bencher Metric Format",
        reader="bmf",
        only_on_request=True,
        provides="one value a measure; units of latency and throughput only",
        hint='write {"train": {"latency": {"value": 3247.5}}}',
    ),
    Format(
        name="go-bench",
        tool="go test -bench",
        pattern=r"^Benchmark(?![a-z])\S*\s+\d+\s+[-+.\deE]+ \S+|^goos: \w+\s+goarch: \w+"
        r'|^\{(?=[^\n]*"Action":\s*"(?:start|run|pause|cont|pass|bench|fail|output|skip)")[^\n]*"Package":\s*"',
        reader="go_bench",
        provides="raw samples (means over N calls), one a line: ask for several by -count",
        hint="go test -run '^$' -bench . -benchmem -count 10 > bench.txt",
    ),
    Format(
        name="junit",
        tool="JUnit XML",
        pattern=r"\A<(?:[^\0]*<)?(?:\w+:)?testsuites?[\s/>]",
        reader="junit",
        provides="one sample a test case, whole milliseconds",
        hint="pytest --junit-xml=junit.xml -o junit_duration_report=call, and a lower --min-time",
    ),
    Format(
        name="pyperf",
        tool="pyperf",
        keys=("benchmarks[].runs[]", "benchmarks[].runs[].values[]|benchmarks[].runs[].warmups[]"),
        reader="pyperf",
        provides="raw samples (means over the loops of a run)",
        hint="python bench.py -o bench.json",
    ),
    Format(
        name="asv-file",
        tool="asv (one result file)",
        keys=("results", "result_columns[]|commit_hash", "result_columns[]|params.machine|requirements|profiles"),
        reader="asv",
        provides="as asv; units of tracked values are not in it",
        hint="give the folder: .asv/results",
    ),
    Format(
        name="asv",
        tool="asv",
        files=(layouts.ASV, layouts.ASV_MACHINE),
        reader="asv",
        function="parse_folder",
        provides="quartiles; raw samples with --record-samples",
        hint="asv run --record-samples (with an existing environment: --set-commit-hash as well), then .asv/results",
    ),
    Format(
        name="google-benchmark",
        tool="Google Benchmark",
        keys=("context", "benchmarks[]", "context.num_cpus|context.library_build_type|benchmarks[].real_time"),
        reader="google_benchmark",
        provides="raw samples, one a repetition (means over its iterations)",
        hint="./bench --benchmark_out=bench.json --benchmark_out_format=json --benchmark_repetitions=10",
    ),
    Format(
        name="criterion",
        tool="criterion.rs",
        files=(layouts.CRITERION,),
        reader="criterion",
        provides="raw samples (means over a batch)",
        hint="cargo bench, then the folder target/criterion",
    ),
    Format(
        name="cargo-bencher",
        tool="cargo bench (libtest, or --output-format bencher)",
        pattern=r"^(?:test .+ )?bench:\s+[\d,.]+ [^\s/]+/iter",
        reader="bencher_text",
        provides="medians, rounded",
        hint="with criterion give the folder target/criterion, which holds the samples",
    ),
    Format(
        name="jmh",
        tool="JMH",
        keys=("[].benchmark", "[].primaryMetric"),
        reader="jmh",
        provides="raw samples (means over an iteration; single calls with -bm sample)",
        hint="java -jar benchmarks.jar -rf json -rff jmh.json",
    ),
    Format(
        name="otlp-json",
        tool="OpenTelemetry (OTLP as JSON lines)",
        keys=("resourceSpans[]|resourceMetrics[]",),
        reader="otlp",
        provides="raw samples (spans), buckets (metrics)",
        hint="the OTLP JSON file exporter of the SDK, or the file exporter of the collector",
    ),
    Format(
        name="prometheus-text",
        tool="Prometheus (text exposition, OpenMetrics)",
        pattern=(
            r"^# TYPE \S+ (?:counter|gauge|gaugehistogram|histogram|info|stateset|summary|unknown|untyped)\s*$"
            r"|^[A-Za-z_:][\w:]*_bucket\{(?:[^\n]*,\s*)?le=\"[^\"\n]*\""
        ),
        reader="prometheus_text",
        between="between",
        provides="buckets or quantiles since the start; of two scrapes, what came between",
        hint="curl -s localhost:8000/metrics > after.prom",
    ),
    Format(
        name="prometheus-api",
        tool="Prometheus (HTTP API)",
        keys=("status", "data.resultType|errorType"),
        reader="prometheus_api",
        provides="values over time (query_range), one value or buckets (query)",
        hint="curl -s localhost:9090/api/v1/query_range ... > answer.json",
    ),
    *LOGS,
    *LOAD,
    *REST,
)
"""In the order in which they are tried."""
