"""Files that load generators wrote yield exactly what they say; their reports for people name a better file."""

from __future__ import annotations

import pytest
from cases import DATA, assert_case

from perfgate.core.errors import CannotDecideError
from perfgate.formats.detect import detect
from perfgate.formats.parsing.source import Source

FILES = (
    "locust/stats.json",
    "locust/run_stats.csv",
    "k6/summary_export.json",
    "k6/handle_summary.json",
    "k6/machine_readable_v2.json",
    "k6/points.ndjson",
    "jmeter/samples.csv",
    "jmeter/samples.xml",
    "hey/requests.csv",
    "ab/gnuplot.tsv",
    "ab/percentiles.csv",
)
UNREAD = {
    "locust/run_stats_history.csv": "PREFIX_stats.csv",
    "locust/run_failures.csv": "PREFIX_stats.csv",
    "ab/report.txt": "-e load.csv",
    "hey/summary.txt": "hey -o csv",
    "wrk/latency.txt": "hey -o csv",
    "autocannon/result.json": "hey -o csv",
}


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_yields_exactly_what_it_says(file: str) -> None:
    assert_case(DATA / file)


@pytest.mark.parametrize("file", UNREAD)
def test_a_file_that_is_not_read_names_the_one_to_give_in_its_place(file: str) -> None:
    with pytest.raises(CannotDecideError) as caught:
        detect(Source(str(DATA / file)))
    (reported,) = caught.value.diagnostics
    assert reported.slug == "format-unread"
    assert UNREAD[file] in reported.hint
