"""The formats of load generators: one row each."""

from __future__ import annotations

from perfgate.formats.catalog.format import Format

LOAD: tuple[Format, ...] = (
    Format(
        name="locust-json",
        tool="locust --json",
        keys=("[].num_requests", "[].response_times"),
        pattern=r'"num_requests"\s*:[\s\S]{0,4000}?"response_times"\s*:\s*\{|^Type +Name +# reqs ',
        is_either=True,
        reader="locust",
        provides="raw samples (single requests, rounded to whole milliseconds)",
        hint="locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="locust-csv",
        tool="locust --csv (PREFIX_stats.csv)",
        pattern=r'\A"?Type"?,"?Name"?,"?(?:Request Count|# requests)"?,',
        reader="locust",
        function="parse_csv",
        provides="percentiles in whole milliseconds, without the end of the run",
        hint="locust --headless --skip-log-setup --json > locust.json",
    ),
    Format(
        name="k6-points",
        tool="k6 --out json",
        keys=("metric", "type", "data", "data.value|data.contains"),
        pattern=r'"type"\s*:\s*"(?:Metric|Point)"',
        reader="k6_points",
        provides="raw samples (single requests); failed ones are left out",
        hint="k6 run --out json=points.ndjson script.js",
    ),
    Format(
        name="k6-summary",
        tool="k6 summary",
        keys=(
            "metrics|results.metrics[]|results.checks|config.script",
            "root_group|metadata.k6_version|config.execution|metrics.iterations|metrics.iteration_duration",
        ),
        reader="k6",
        provides="percentiles, the rate of requests, the share that failed",
        hint="k6 run --summary-trend-stats 'med,p(90),p(95),p(99),count' --summary-export summary.json script.js",
    ),
    Format(
        name="jmeter-jtl",
        tool="JMeter",
        pattern=r'\A(?:"?timeStamp"?[,;\t|])?"?elapsed"?[,;\t|][^\n]*\b(?:label|responseCode|success)\b'
        r"|\A\d{10,16}([,;\t|])\d+\1(?:[^\n]*\1)?(?:true|false)\1"
        r"|\A<(?:\?xml[^>]*>\s*<)?(?:[!?][^>]*>\s*<)*testResults[\s/>]",
        reader="jmeter",
        provides="raw samples (single requests, whole milliseconds); failed ones are left out",
        hint="jmeter -n -t plan.jmx -l samples.jtl -Jjmeter.save.saveservice.print_field_names=true",
    ),
    Format(
        name="hey-csv",
        tool="hey -o csv",
        pattern=r"\Aresponse-time,DNS\+dialup,",
        reader="request_rows",
        function="parse_hey",
        provides="raw samples (single requests, tenths of a millisecond); failed ones are left out",
        hint="hey -o csv URL > load.csv",
    ),
    Format(
        name="ab-gnuplot",
        tool="ab -g",
        pattern=r"\Astarttime\tseconds\tctime\tdtime\tttime\twait",
        reader="request_rows",
        function="parse_ab_tsv",
        provides="raw samples (single requests, whole milliseconds); failures are not in it",
        hint="ab -n 1000 -g load.tsv URL",
    ),
    Format(
        name="ab-csv",
        tool="ab -e",
        pattern=r"\APercentage served,Time in ms",
        reader="request_rows",
        function="parse_ab_csv",
        provides="percentiles in microseconds; failures are not in it",
        hint="ab -n 1000 -e load.csv URL",
    ),
)
"""In the order in which they are tried."""
