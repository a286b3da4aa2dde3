"""The formats that perfgate knows: one row each, the surest first."""

from __future__ import annotations

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
)
"""In the order in which they are tried."""

UNREAD: tuple[Format, ...] = (
    Format(
        name="hyperfine-csv",
        tool="hyperfine --export-csv",
        pattern=r"\Acommand,mean,stddev,median,user,system,min,max",
        cure="it holds no samples: hyperfine --export-json bench.json CMD",
    ),
)
"""Files that people give by mistake, each with what to give in place of it."""
