"""Formats recognised only to be rejected, each with the file to give instead."""

from __future__ import annotations

from perfgate.formats.catalog import layouts
from perfgate.formats.catalog.format import Format

_MLFLOW = "mlflow experiments csv -x 0 -o runs.csv, then name its columns in a field map"

REJECTED: tuple[Format, ...] = (
    Format(
        name="hyperfine-csv",
        tool="hyperfine --export-csv",
        pattern=r"\Acommand,mean,stddev,median,user,system,min,max",
        hint="it holds no samples: hyperfine --export-json bench.json CMD",
    ),
    Format(
        name="pytest-durations",
        tool="pytest --durations",
        pattern=r"^=+ slowest (?:\d+ )?(?:test )?durations =+",
        hint="it is rounded to 10 ms: pytest --junit-xml=junit.xml, or pytest-benchmark",
    ),
    Format(
        name="pytest-benchmark-csv",
        tool="pytest-benchmark --benchmark-csv",
        pattern=r"\Aname,(?:param:[^,\n]*,)*(?:min|max|mean|stddev|median|iqr|outliers|ops|rounds)\b",
        hint="it holds no samples: pytest --benchmark-json=bench.json",
    ),
    Format(
        name="svg",
        tool="a drawing program, such as pytest-benchmark --benchmark-histogram",
        pattern=r"\A<(?:\?xml[^>]*>\s*<)?svg\b",
        hint="a picture holds no values: pytest --benchmark-json=bench.json",
    ),
    Format(
        name="google-benchmark-csv",
        tool="Google Benchmark in CSV",
        pattern=r"^name,iterations,real_time,cpu_time,time_unit",
        hint="it is cut off where counters differ: --benchmark_out=bench.json --benchmark_out_format=json",
    ),
    Format(
        name="google-benchmark-text",
        tool="Google Benchmark on the screen",
        pattern=r"^Benchmark\s+Time\s+CPU\s+Iterations",
        hint="it holds rounded values: --benchmark_out=bench.json --benchmark_out_format=json",
    ),
    Format(
        name="go-test",
        tool="go test in which no benchmark ran",
        pattern=r"^(?:ok|\?) +\t\S+\t(?:[\d.]+s|\(cached\)|\[no test files\])",
        hint="name benchmarks that are there, in all packages: go test -run '^$' -bench . ./...",
    ),
    Format(
        name="asv-benchmarks",
        tool="asv: its list of benchmarks",
        pattern=r'\A\{[\s\S]*"param_names"\s*:\s*\[',
        hint="it holds no values: give the folder, .asv/results",
    ),
    Format(
        name="asv-machine",
        tool="asv: its facts of the machine",
        keys=("machine", "cpu", "os", "ram", "version"),
        hint="it holds no values: give the folder, .asv/results",
    ),
    Format(
        name="criterion-sample",
        tool="criterion.rs: one file of it",
        keys=("sampling_mode|median_abs_dev|directory_name", "times[]|median|full_id"),
        hint="it does not say which benchmark it is of: give the folder, target/criterion",
    ),
    Format(
        name="criterion-csv",
        tool="criterion.rs: raw.csv",
        pattern=r"\Agroup,function,value,throughput_num",
        hint="give the folder, target/criterion",
    ),
    Format(
        name="criterion-text",
        tool="criterion.rs on the screen",
        pattern=r"\btime:\s+\[[\d.]+ \S+ [\d.]+ \S+ [\d.]+ \S+\]",
        hint="it holds rounded values: give the folder, target/criterion",
    ),
    Format(
        name="jmh-csv",
        tool="JMH in CSV",
        pattern=r'^"?Benchmark"?[,;]"?Mode"?[,;]"?Threads"?[,;]"?Samples"?[,;]',
        hint="it holds no samples: -rf json -rff jmh.json",
    ),
    Format(
        name="jmh-text",
        tool="JMH on the screen",
        pattern=r"^Benchmark\s.*\bMode\s+(?:Cnt|Samples)\s+Score\b",
        hint="it holds no samples: -rf json -rff jmh.json",
    ),
    Format(
        name="github-action-benchmark-history",
        tool="github-action-benchmark: its history",
        keys=("lastUpdate", "repoUrl", "entries"),
        pattern=r'\Awindow\.BENCHMARK_DATA\s*=|\A\{\s*"lastUpdate":',
        is_either=True,
        hint="give the file that the action is given (output-file-path)",
    ),
    Format(
        name="benchmarkjs-text",
        tool="benchmark.js",
        pattern=r"^.+ x [\d,.]+ ops/sec \xb1[\d.]+% \(\d+ runs? sampled\)",
        hint='it holds no samples: write [{"name": …, "unit": "s", "value": …}] from `stats.sample`',
    ),
    Format(
        name="benchmarkjs-dump",
        tool="benchmark.js: its statistics as JSON",
        keys=("hz|[].hz", "stats.rme|[].stats.rme|stats.sample[]|[].stats.sample[]"),
        hint="write each value of `stats.sample` as a line with the name and the seconds, and name these "
        "in a field map",
    ),
    Format(
        name="tinybench-dump",
        tool="tinybench: its results as JSON",
        keys=(
            "[].latency.p75|[].result.latency|tasks[].result.latency|tasks[].latency.p75",
            "[].throughput|[].result.throughput|tasks[].result.throughput|tasks[].throughput",
        ),
        hint="write each of `latency.samples` (retainSamples: true) as a line with the name and the milliseconds, "
        "and name these in a field map",
    ),
    Format(
        name="mitata",
        tool="mitata",
        keys=("layout[]", "benchmarks[].runs[]", "benchmarks[].alias|benchmarks[].kind"),
        hint='it holds no p95: write [{"name": "a", "unit": "ns", "value": 12.5}], the value from `stats.p50`',
    ),
    Format(
        name="otlp-logs",
        tool="OpenTelemetry's log exporter",
        keys=("resourceLogs[]",),
        hint="logs hold no durations: export the spans or the metrics",
    ),
    Format(
        name="otel-console",
        tool="OpenTelemetry's console exporter",
        pattern=r'\A\{\s+"(?:name|resource_metrics|body)":(?s:.*?)"(?:trace_id": "0x|scope_metrics"|resource")',
        hint="it is made for people: use the OTLP JSON file exporter",
    ),
    Format(
        name="exported-trace",
        tool="export_to_json of perfgate.measure",
        keys=("trace_id", "duration_ms", "stage_durations"),
        hint="it states no times of day: set PERFGATE_TRACE_FILE, which writes files that perfgate reads, "
        "and keep this one in another folder",
    ),
    Format(
        name="chrome-trace",
        tool="a tracer that writes Chrome traces",
        keys=("traceEvents[]|[].ph",),
        hint="export the durations of the spans as OTLP JSON lines, or as JSON lines with a field map",
    ),
    Format(
        name="jaeger",
        tool="Jaeger",
        keys=("data[].traceID|data[].spans[]",),
        hint="export the spans as OTLP JSON lines",
    ),
    Format(
        name="mlflow-store",
        tool="MLflow's file store",
        files=(layouts.MLFLOW,),
        hint=_MLFLOW,
    ),
    Format(
        name="mlflow-run",
        tool="MLflow's file store",
        files=("meta.yaml", layouts.MLFLOW_RUN),
        hint=_MLFLOW,
    ),
    Format(
        name="mlflow-metric",
        tool="MLflow's file store",
        pattern=r"\A\d{13} [-+.\da-zA-Z]+ \d+\s*$",
        hint=_MLFLOW,
    ),
    Format(
        name="locust-history",
        tool="locust --csv-full-history (PREFIX_stats_history.csv)",
        pattern=r'\A"?Timestamp"?,"?User Count"?,"?Type"?,"?Name"?',
        hint="it holds the run second by second: give PREFIX_stats.csv, "
        "or locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="locust-failures",
        tool="locust --csv (PREFIX_failures.csv)",
        pattern=r'\A"?Method"?,"?Name"?,"?Error"?,"?Occurrences"?',
        hint="it holds no times: give PREFIX_stats.csv, or locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="locust-exceptions",
        tool="locust --csv (PREFIX_exceptions.csv)",
        pattern=r'\A"?Count"?,"?Message"?,"?Traceback"?',
        hint="it holds no times: give PREFIX_stats.csv, or locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="k6-csv",
        tool="k6 --out csv",
        pattern=r"\Ametric_name,timestamp,metric_value,",
        hint="k6 run --out json=points.ndjson script.js",
    ),
    Format(
        name="ab-text",
        tool="ab",
        pattern=r"\AThis is ApacheBench|^Percentage of the requests served within a certain time \(ms\)",
        hint="its times are whole milliseconds: ab -n 1000 -e load.csv URL, or -g load.tsv for single requests",
    ),
    Format(
        name="hey-text",
        tool="hey",
        pattern=r"\ASummary:[^\S\n]*\n\s*Total:\s",
        hint="it holds no samples: hey -o csv URL > load.csv",
    ),
    Format(
        name="wrk",
        tool="wrk",
        pattern=r"^Running .+ test @ ",
        hint="it holds no p95: use hey -o csv URL > load.csv, or write one request a line and name its columns "
        "in a field map",
    ),
    Format(
        name="autocannon",
        tool="autocannon",
        keys=("latency.p97_5|latency.p99_999", "non2xx", "connections"),
        hint="it holds no p95 and whole milliseconds: use hey -o csv URL > load.csv, or write one request a line "
        "and name its columns in a field map",
    ),
)
"""In the order in which they are tried, after all formats that are read."""
