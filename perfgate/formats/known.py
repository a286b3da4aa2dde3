"""The formats that perfgate knows: one row each, the surest first."""

from __future__ import annotations

from perfgate.formats import layouts
from perfgate.formats.table import Format

FORMATS: tuple[Format, ...] = (
    Format(
        name="pytest-benchmark",
        tool="pytest-benchmark",
        keys=("machine_info", "benchmarks[]"),
        reader="pytest_benchmark",
        gives="raw samples (means over the calls of a round)",
        cure="pytest --benchmark-json=bench.json",
    ),
    Format(
        name="hyperfine",
        tool="hyperfine",
        keys=("results[].command", "results[].times|results[].mean"),
        reader="hyperfine",
        gives="raw samples (single runs of the command)",
        cure="hyperfine --export-json bench.json CMD",
    ),
    Format(
        name="github-action-benchmark",
        tool="github-action-benchmark (custom JSON)",
        keys=("[].name", "[].unit", "[].value"),
        reader="custom_json",
        gives="one value a benchmark; --direction says which way is better",
        cure='write [{"name": "train", "unit": "ms", "value": 41.5}]',
    ),
    Format(
        name="bencher-bmf",
        tool="Bencher Metric Format",
        reader="bmf",
        is_asked=True,
        gives="one value a measure; units of latency and throughput only",
        cure='write {"train": {"latency": {"value": 3247.5}}}',
    ),
    Format(
        name="go-bench",
        tool="go test -bench",
        pattern=r"^Benchmark(?![a-z])\S*\s+\d+\s+[-+.\deE]+ \S+|^goos: \w+\s+goarch: \w+"
        r'|^\{(?:"Time":"[^"]*",)?"Action":"[a-z]+","Package":"',
        reader="go_bench",
        gives="raw samples (means over N calls), one a line: ask for several by -count",
        cure="go test -run '^$' -bench . -benchmem -count 10 > bench.txt",
    ),
    Format(
        name="junit",
        tool="JUnit XML",
        pattern=r"\A<(?:[^\0]*<)?(?:\w+:)?testsuites?[\s/>]",
        reader="junit",
        gives="one sample a test case, whole milliseconds",
        cure="pytest --junit-xml=junit.xml -o junit_duration_report=call, and a lower --min-time",
    ),
    Format(
        name="pyperf",
        tool="pyperf",
        keys=("benchmarks[].runs[]", "benchmarks[].runs[].values[]|benchmarks[].runs[].warmups[]"),
        reader="pyperf",
        gives="raw samples (means over the loops of a run)",
        cure="python bench.py -o bench.json",
    ),
    Format(
        name="asv-file",
        tool="asv (one result file)",
        keys=("result_columns[]", "results"),
        reader="asv",
        gives="as asv; units of tracked values are not in it",
        cure="give the folder: .asv/results",
    ),
    Format(
        name="asv",
        tool="asv",
        files=(layouts.ASV, layouts.ASV_MACHINE),
        reader="asv",
        function="parse_folder",
        gives="quartiles; raw samples with --record-samples",
        cure="asv run --record-samples (with an existing environment: --set-commit-hash as well), then .asv/results",
    ),
    Format(
        name="google-benchmark",
        tool="Google Benchmark",
        keys=("context", "benchmarks[]", "context.num_cpus|context.library_build_type|benchmarks[].real_time"),
        reader="google_benchmark",
        gives="raw samples, one a repetition (means over its iterations)",
        cure="./bench --benchmark_out=bench.json --benchmark_out_format=json --benchmark_repetitions=10",
    ),
    Format(
        name="criterion",
        tool="criterion.rs",
        files=(layouts.CRITERION,),
        reader="criterion",
        gives="raw samples (means over a batch)",
        cure="cargo bench, then the folder target/criterion",
    ),
    Format(
        name="cargo-bencher",
        tool="cargo bench (libtest, or --output-format bencher)",
        pattern=r"^(?:test .+ )?bench:\s+[\d,.]+ [^\s/]+/iter",
        reader="bencher_text",
        gives="medians, rounded",
        cure="with criterion give the folder target/criterion, which holds the samples",
    ),
    Format(
        name="jmh",
        tool="JMH",
        keys=("[].benchmark", "[].primaryMetric"),
        reader="jmh",
        gives="raw samples (means over an iteration; single calls with -bm sample)",
        cure="java -jar benchmarks.jar -rf json -rff jmh.json",
    ),
)
"""In the order in which they are tried."""

UNREAD: tuple[Format, ...] = (
    Format(
        name="hyperfine-csv",
        tool="hyperfine --export-csv",
        pattern=r"\Acommand,mean,stddev,median,user,system,min,max",
        cure="it holds no samples: hyperfine --export-json bench.json CMD",
    ),
    Format(
        name="pytest-durations",
        tool="pytest --durations",
        pattern=r"^=+ slowest (?:\d+ )?(?:test )?durations =+",
        cure="it is rounded to 10 ms: pytest --junit-xml=junit.xml, or pytest-benchmark",
    ),
    Format(
        name="pytest-benchmark-csv",
        tool="pytest-benchmark --benchmark-csv",
        pattern=r"\Aname,(?:param:[^,\n]*,)*(?:min|max|mean|stddev|median|iqr|outliers|ops|rounds)\b",
        cure="it holds no samples: pytest --benchmark-json=bench.json",
    ),
    Format(
        name="svg",
        tool="a drawing program, such as pytest-benchmark --benchmark-histogram",
        pattern=r"\A<(?:\?xml[^>]*>\s*<)?svg\b",
        cure="a picture holds no values: pytest --benchmark-json=bench.json",
    ),
    Format(
        name="google-benchmark-csv",
        tool="Google Benchmark in CSV",
        pattern=r"^name,iterations,real_time,cpu_time,time_unit",
        cure="it is cut off where counters differ: --benchmark_out=bench.json --benchmark_out_format=json",
    ),
    Format(
        name="google-benchmark-text",
        tool="Google Benchmark on the screen",
        pattern=r"^Benchmark\s+Time\s+CPU\s+Iterations",
        cure="it holds rounded values: --benchmark_out=bench.json --benchmark_out_format=json",
    ),
    Format(
        name="asv-benchmarks",
        tool="asv: its list of benchmarks",
        pattern=r'^ *"param_names": \[',
        cure="it holds no values: give the folder, .asv/results",
    ),
    Format(
        name="asv-machine",
        tool="asv: its facts of the machine",
        keys=("machine", "cpu", "os", "ram", "version"),
        cure="it holds no values: give the folder, .asv/results",
    ),
    Format(
        name="criterion-sample",
        tool="criterion.rs: one file of it",
        keys=("sampling_mode|median_abs_dev|directory_name", "times[]|median|full_id"),
        cure="it does not say which benchmark it is of: give the folder, target/criterion",
    ),
    Format(
        name="criterion-csv",
        tool="criterion.rs: raw.csv",
        pattern=r"\Agroup,function,value,throughput_num",
        cure="give the folder, target/criterion",
    ),
    Format(
        name="criterion-text",
        tool="criterion.rs on the screen",
        pattern=r"\btime:\s+\[[\d.]+ \S+ [\d.]+ \S+ [\d.]+ \S+\]",
        cure="it holds rounded values: give the folder, target/criterion",
    ),
    Format(
        name="jmh-csv",
        tool="JMH in CSV",
        pattern=r'^"?Benchmark"?[,;]"?Mode"?[,;]"?Threads"?[,;]"?Samples"?[,;]',
        cure="it holds no samples: -rf json -rff jmh.json",
    ),
    Format(
        name="jmh-text",
        tool="JMH on the screen",
        pattern=r"^Benchmark\s.*\bMode\s+(?:Cnt|Samples)\s+Score\b",
        cure="it holds no samples: -rf json -rff jmh.json",
    ),
    Format(
        name="github-action-benchmark-history",
        tool="github-action-benchmark: its history",
        pattern=r'\A(?:window\.BENCHMARK_DATA\s*=\s*)?\{\s*"lastUpdate":',
        cure="give the file that the action is given (output-file-path)",
    ),
    Format(
        name="benchmarkjs-text",
        tool="benchmark.js",
        pattern=r"^.+ x [\d,.]+ ops/sec \xb1[\d.]+% \(\d+ runs? sampled\)",
        cure='it holds no samples: write [{"name": …, "unit": "s", "value": …}] from `stats.sample`',
    ),
)
"""Files that people give by mistake, each with what to give in place of it."""
