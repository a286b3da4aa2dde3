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
        name="locust-json",
        tool="locust --json",
        pattern=r'"num_requests"\s*:[\s\S]{0,4000}?"response_times"\s*:\s*\{|^Type +Name +# reqs ',
        reader="locust",
        gives="raw samples (single requests, rounded to whole milliseconds)",
        cure="locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="locust-csv",
        tool="locust --csv (PREFIX_stats.csv)",
        pattern=r'\A"?Type"?,"?Name"?,"?(?:Request Count|# requests)"?,',
        reader="locust",
        function="parse_csv",
        gives="percentiles in whole milliseconds, without the end of the run",
        cure="locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="k6-points",
        tool="k6 --out json",
        keys=("metric", "type", "data", "data.value|data.contains"),
        pattern=r'"type"\s*:\s*"(?:Metric|Point)"',
        reader="k6_points",
        gives="raw samples (single requests); failed ones are left out",
        cure="k6 run --out json=points.ndjson script.js",
    ),
    Format(
        name="k6-summary",
        tool="k6 summary",
        keys=(
            "metrics|results.metrics[]|results.checks|config.script",
            "root_group|metadata.k6_version|config.execution|metrics.iterations|metrics.iteration_duration",
        ),
        reader="k6",
        gives="percentiles, the rate of requests, the share that failed",
        cure="k6 run --summary-trend-stats 'med,p(90),p(95),p(99),count' --summary-export summary.json script.js",
    ),
    Format(
        name="jmeter-jtl",
        tool="JMeter",
        pattern=r'\A(?:"?timeStamp"?[,;\t|])?"?elapsed"?[,;\t|][^\n]*\b(?:label|responseCode|success)\b'
        r"|\A\d{10,16}([,;\t|])\d+\1(?:[^\n]*\1)?(?:true|false)\1"
        r"|\A<(?:\?xml[^>]*>\s*<)?(?:[!?][^>]*>\s*<)*testResults[\s/>]",
        reader="jmeter",
        gives="raw samples (single requests, whole milliseconds); failed ones are left out",
        cure="jmeter -n -t plan.jmx -l samples.jtl -Jjmeter.save.saveservice.print_field_names=true",
    ),
    Format(
        name="hey-csv",
        tool="hey -o csv",
        pattern=r"\Aresponse-time,DNS\+dialup,",
        reader="request_rows",
        function="parse_hey",
        gives="raw samples (single requests, tenths of a millisecond); failed ones are left out",
        cure="hey -o csv URL > load.csv",
    ),
    Format(
        name="ab-gnuplot",
        tool="ab -g",
        pattern=r"\Astarttime\tseconds\tctime\tdtime\tttime\twait",
        reader="request_rows",
        function="parse_ab_tsv",
        gives="raw samples (single requests, whole milliseconds); failures are not in it",
        cure="ab -n 1000 -g load.tsv URL",
    ),
    Format(
        name="ab-csv",
        tool="ab -e",
        pattern=r"\APercentage served,Time in ms",
        reader="request_rows",
        function="parse_ab_csv",
        gives="percentiles in microseconds; failures are not in it",
        cure="ab -n 1000 -e load.csv URL",
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
        name="locust-history",
        tool="locust --csv-full-history (PREFIX_stats_history.csv)",
        pattern=r'\A"?Timestamp"?,"?User Count"?,"?Type"?,"?Name"?',
        cure="it holds the run second by second: give PREFIX_stats.csv, "
        "or locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="locust-failures",
        tool="locust --csv (PREFIX_failures.csv)",
        pattern=r'\A"?Method"?,"?Name"?,"?Error"?,"?Occurrences"?',
        cure="it holds no times: give PREFIX_stats.csv, or locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="locust-exceptions",
        tool="locust --csv (PREFIX_exceptions.csv)",
        pattern=r'\A"?Count"?,"?Message"?,"?Traceback"?',
        cure="it holds no times: give PREFIX_stats.csv, or locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="k6-csv",
        tool="k6 --out csv",
        pattern=r"\Ametric_name,timestamp,metric_value,",
        cure="k6 run --out json=points.ndjson script.js",
    ),
    Format(
        name="ab-text",
        tool="ab",
        pattern=r"\AThis is ApacheBench|^Percentage of the requests served within a certain time \(ms\)",
        cure="its times are whole milliseconds: ab -n 1000 -e load.csv URL, or -g load.tsv for single requests",
    ),
    Format(
        name="hey-text",
        tool="hey",
        pattern=r"\ASummary:\s*\n\s*Total:\s",
        cure="it holds no samples: hey -o csv URL > load.csv",
    ),
    Format(
        name="wrk",
        tool="wrk",
        pattern=r"^Running .+ test @ ",
        cure="it holds no p95: use hey -o csv URL > load.csv, or write one request a line and name its columns "
        "in a field map",
    ),
    Format(
        name="autocannon",
        tool="autocannon",
        keys=("latency.p97_5|latency.p99_999", "non2xx", "connections"),
        cure="it holds no p95 and whole milliseconds: use hey -o csv URL > load.csv, or write one request a line "
        "and name its columns in a field map",
    ),
)
"""Files that people give by mistake, each with what to give in place of it."""
