"""hey and ApacheBench: one row a request, without a name of the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import DATA, contents, values_of

from perfgate.core.errors import CannotDecideError
from perfgate.formats.options import ForeignOptions

if TYPE_CHECKING:
    from pathlib import Path

HEY = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset"
TSV = "starttime\tseconds\tctime\tdtime\tttime\twait"


def write(folder: Path, *lines: str, end: str = "\n") -> Path:
    path = folder / "load.csv"
    path.write_bytes(end.join([*lines, ""]).encode())
    return path


def hey(time: str, status: str) -> str:
    return f"{time},0.0007,0.0000,0.0001,0.0096,0.0002,{status},0.0003"


def test_answers_that_are_errors_are_left_out_of_the_times_and_counted(tmp_path):
    rows = (hey("0.0107", "200"), hey("0.0002", "503"), hey("0.0111", "302"), hey("0.0001", "404"))
    times, errors, rate = contents(write(tmp_path, HEY, *rows)).records
    assert list(values_of(times)) == [0.0107, 0.0111]
    assert (errors.metric, values_of(errors), errors.count) == ("error_rate", [0.5], 4)
    assert times.benchmark == "load"
    assert (rate.metric, values_of(rate)) == ("throughput", [pytest.approx(2 / 0.0111)])


def test_of_a_server_that_only_fails_the_error_rate_is_kept(tmp_path):
    got = contents(write(tmp_path, HEY, hey("0.0002", "503")))
    assert [(r.metric, values_of(r), r.count) for r in got.records] == [("error_rate", [1.0], 1)]
    assert [(s.metric, s.why) for s in got.skipped] == [("response_time", "every request failed")]


def test_hey_without_the_column_of_offsets_as_older_versions_write_it_is_read(tmp_path):
    path = write(tmp_path, HEY.removesuffix(",offset"), hey("0.0107", "200").removesuffix(",0.0003"), end="\r\n")
    assert list(values_of(contents(path).records[0])) == [0.0107]


@pytest.mark.parametrize("header", [HEY, TSV, "Percentage served,Time in ms"], ids=["hey", "ab -g", "ab -e"])
def test_a_header_alone_holds_nothing_that_was_measured(tmp_path, header):
    with pytest.raises(CannotDecideError, match="nothing that was measured"):
        contents(write(tmp_path, header))


@pytest.mark.parametrize("row", ["0.01", "x,0,0,0,0,0,200,0", "-1,0,0,0,0,0,200,0", "NaN,0,0,0,0,0,200,0"])
def test_a_row_that_is_no_request_is_counted_as_broken(tmp_path, row):
    lines = [HEY, *[hey("0.0107", "200")] * 200, row]
    got = contents(write(tmp_path, *lines))
    assert got.records[0].count == 200
    assert [s.why for s in got.skipped] == ["1 of 202 lines are no requests; the first is line 202"]


def test_times_of_ab_are_told_to_be_rounded_and_zero_is_a_time(tmp_path):
    row = "Sat Nov 21 00:35:18 2026\t1795221318\t0\t0\t{}\t0"
    (record,) = contents(write(tmp_path, TSV, row.format(0), row.format(3))).records
    assert list(values_of(record)) == [0.0, 0.003]
    assert record.flags == ("rounded",)


def test_percentiles_of_ab_that_were_cut_off_are_not_made_up(tmp_path):
    path = write(tmp_path, "Percentage served,Time in ms", "0,4.914", "50,10.5", "9")
    with pytest.raises(CannotDecideError, match="1 of 4 lines are no percentiles"):
        contents(path)
    (record,) = contents(path, options=ForeignOptions(tolerance=0.25)).records
    assert dict(record.payload.points) == pytest.approx({0.0: 0.004914, 0.5: 0.0105})


def test_the_percentiles_are_the_tools_own():
    (record,) = contents(DATA / "ab/percentiles.csv").records
    assert (record.payload.kind, record.count, len(record.payload.points)) == ("quantiles", None, 101)
