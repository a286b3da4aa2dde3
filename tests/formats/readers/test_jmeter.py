"""JMeter: columns by their names or by their usual places, samples inside samples, and files that bite."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest
from cases import DATA, contents, values_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutate import feed, mutated

from perfgate.core.errors import CannotDecideError
from perfgate.formats.contents import read
from perfgate.formats.detect import named
from perfgate.formats.options import ForeignOptions
from perfgate.formats.parsing.source import Source

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes"
GOOD = "1795221493660,92,slow,200,OK,Group 1-2,text,true,,96"
BAD = "1795221493661,1,slow,500,Internal,Group 1-2,text,false,no,96"


def write(folder: Path, *lines: str, end: str = "\n", encoding: str = "utf-8") -> Path:
    path = folder / "load.jtl"
    path.write_bytes(end.join([*lines, ""]).encode(encoding))
    return path


def times(got, name: str = "slow") -> list[float]:
    return list(values_of(next(r for r in got.records if r.benchmark == name and r.metric == "response_time")))


def test_failed_samples_are_left_out_of_the_times_and_counted(tmp_path):
    got = contents(write(tmp_path, HEADER, GOOD, BAD))
    assert times(got) == pytest.approx([0.092])
    assert [(values_of(r), r.count) for r in got.records if r.metric == "error_rate"] == [([0.5], 2)]


def test_of_a_label_under_which_every_sample_failed_the_error_rate_is_kept(tmp_path):
    got = contents(write(tmp_path, HEADER, GOOD, BAD.replace("slow", "broken")))
    assert [(r.metric, values_of(r), r.count) for r in got.records if r.benchmark == "broken"] == [
        ("error_rate", [1.0], 1)
    ]
    assert [(s.benchmark, s.metric) for s in got.skipped] == [("broken", "response_time")]


@pytest.mark.parametrize(("end", "encoding"), [("\n", "utf-8-sig"), ("\r\n", "utf-8"), ("\n", "utf-16")])
def test_marks_and_ends_of_lines_of_other_systems_are_seen_through(tmp_path, end, encoding):
    assert times(contents(write(tmp_path, HEADER, GOOD, end=end, encoding=encoding))) == pytest.approx([0.092])


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_another_delimiter_is_found_by_the_header(tmp_path, sign):
    assert times(contents(write(tmp_path, HEADER.replace(",", sign), GOOD.replace(",", sign)))) == pytest.approx(
        [0.092]
    )


def test_columns_are_found_by_name_wherever_they_stand(tmp_path):
    got = contents(write(tmp_path, "elapsed,success,label", "92,true,slow"))
    assert times(got) == pytest.approx([0.092])


@pytest.mark.parametrize("row", [GOOD, "1795221493660,92,slow,200,OK,Group 1-2,,true,96,2,2,90,52"], ids=["5.x", "2.x"])
def test_without_a_header_the_usual_order_holds(tmp_path, row):
    assert times(contents(write(tmp_path, row, row))) == pytest.approx([0.092, 0.092])


def test_without_a_header_an_order_that_is_not_the_usual_one_is_refused(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        contents(write(tmp_path, "1795221493660,92,slow,true,200"), given="jmeter-jtl")
    assert "print_field_names" in caught.value.diagnostics[0].hint


def test_a_header_in_the_middle_of_joined_files_is_no_sample(tmp_path):
    other = "label,elapsed,success\nslow,7,true"
    assert times(contents(write(tmp_path, HEADER, GOOD, other))) == pytest.approx([0.092, 0.007])


def test_without_the_column_success_the_status_tells_and_without_both_there_is_no_error_rate(tmp_path):
    got = contents(write(tmp_path, "elapsed,label,responseCode", "92,slow,200", "1,slow,Non HTTP response code: X"))
    assert times(got) == pytest.approx([0.092])
    assert [values_of(r) for r in got.records if r.metric == "error_rate"] == [[0.5]]
    got = contents(write(tmp_path, "elapsed,label,Latency", "92,slow,3"))
    assert [r.metric for r in got.records] == ["response_time"]


def test_a_file_without_labels_is_named_after_itself(tmp_path):
    assert times(contents(write(tmp_path, "elapsed,success", "92,true")), "load") == pytest.approx([0.092])


def test_labels_keep_their_quotes_commas_and_ends_of_lines(tmp_path):
    row = GOOD.replace("slow", '"say ""hi"", twice\nor so"')
    assert contents(write(tmp_path, HEADER, row)).records[0].benchmark == 'say "hi", twice\nor so'


def test_three_broken_lines_among_many_are_counted_and_the_first_is_named(tmp_path):
    lines = [HEADER, *[GOOD] * 1000]
    lines[5], lines[9], lines[700] = GOOD[:20], GOOD.replace("92", "-92"), GOOD.replace("true", "perhaps")
    got = contents(write(tmp_path, *lines))
    assert len(times(got)) == 997
    assert [s.why for s in got.skipped] == ["3 of 1,001 lines are no samples; the first is line 6"]


def test_a_quote_that_is_never_closed_spoils_its_own_line_alone(tmp_path):
    lines = [HEADER, *[GOOD] * 1000]
    lines[500] = GOOD.replace("OK", '"OK')
    got = contents(write(tmp_path, *lines))
    assert len(times(got)) == 999
    assert "line 501" in got.skipped[0].why


def test_too_many_broken_lines_are_an_error(tmp_path):
    with pytest.raises(CannotDecideError, match="2 of 4 lines"):
        contents(write(tmp_path, HEADER, GOOD, "x", "y"))
    got = contents(write(tmp_path, HEADER, GOOD, "x", "y"), options=ForeignOptions(tolerance=0.5))
    assert len(times(got)) == 1


ROOT = '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">'


def test_of_samples_inside_samples_the_outermost_counts(tmp_path):
    inner = '<httpSample t="5" s="true" lb="slow-0"/>'
    got = contents(
        write(tmp_path, ROOT, f'<httpSample t="9" s="true" lb="slow">{inner}</httpSample>', "</testResults>")
    )
    assert times(got) == pytest.approx([0.009])
    assert {r.benchmark for r in got.records} == {"slow"}


def test_failed_samples_of_the_xml_are_left_out_and_counted(tmp_path):
    rows = ('<httpSample t="9" s="true" lb="slow"/>', '<sample t="1" s="false" lb="slow"/>')
    got = contents(write(tmp_path, ROOT, *rows, "</testResults>"))
    assert times(got) == pytest.approx([0.009])
    assert [values_of(r) for r in got.records if r.metric == "error_rate"] == [[0.5]]


def test_a_label_of_the_xml_is_unescaped(tmp_path):
    got = contents(write(tmp_path, ROOT, '<sample t="1" s="true" lb="a &lt;b&gt; &amp; &#233;"/>', "</testResults>"))
    assert got.records[0].benchmark == "a <b> & é"


def test_an_xml_is_read_in_its_encoding_without_the_characters_that_xml_does_not_allow(tmp_path):
    root = ROOT.replace("UTF-8", "ISO-8859-1")
    rows = (root, '<sample t="7" s="true" lb="caf\xe9\x1b&#2;"><x>\0</x></sample>', "</testResults>")
    got = contents(write(tmp_path, *rows, encoding="latin-1"))
    assert times(got, "caf\xe9") == [0.007]


def test_an_xml_that_is_not_cut_off_is_not_said_to_be(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        contents(write(tmp_path, ROOT, '<sample t="1" s="true" lb="a" />', "<b></c>", "</testResults>"))
    assert "cut off" not in caught.value.diagnostics[0].hint
    assert "(line 4, column " in caught.value.diagnostics[0].message


def test_an_xml_that_is_cut_off_is_an_error_and_says_so(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        contents(write(tmp_path, ROOT, '<sample t="1" s="true" lb="a"/>'))
    assert "cut off" in caught.value.diagnostics[0].hint


def test_entities_that_grow_are_refused(tmp_path):
    dtd = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    path = write(tmp_path, dtd, '<testResults><sample t="1" s="true" lb="&b;"/></testResults>')
    with pytest.raises(CannotDecideError, match="a DTD is not read"):
        contents(path, given="jmeter-jtl")


def test_a_tag_without_an_end_is_not_kept_in_memory(tmp_path):
    path = write(tmp_path, ROOT, '<sample lb="', *["x" * 500_000] * 12)
    with pytest.raises(CannotDecideError, match="a tag has no end"):
        contents(path)


def test_a_sample_without_a_time_names_the_option(tmp_path):
    with pytest.raises(CannotDecideError) as caught:
        contents(write(tmp_path, ROOT, '<sample s="true" lb="a"/>', "</testResults>"))
    assert "jmeter.save.saveservice.time" in caught.value.diagnostics[0].hint


@settings(max_examples=200, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
def test_a_spoilt_xml_gives_records_or_one_clear_error(random):
    path = DATA / "jmeter/samples.xml"
    feed(named("jmeter-jtl"), path, mutated(random, path.read_bytes()))


def test_throughput_is_that_of_the_samples_that_did_not_fail_from_the_first_begin_to_the_last_end(tmp_path):
    rows = [f"{1795221493000 + 100 * i},50,slow,200,OK,Group 1-2,text,true,,96" for i in (9, 0, 4)]
    failed = "1795221494950,50,slow,500,Internal,Group 1-2,text,false,no,96"
    records = contents(write(tmp_path, HEADER, *rows, failed)).records
    (found,) = [r for r in records if r.metric == "throughput"]
    assert (values_of(found), found.unit, found.better, found.is_derived) == ([1.5], "1/s", "higher", True)


def test_without_the_columns_of_begins_there_is_no_throughput(tmp_path):
    records = contents(write(tmp_path, "elapsed,label,success", "92,slow,true", "95,slow,true")).records
    assert {r.metric for r in records} == {"response_time", "error_rate"}


@pytest.mark.parametrize("stamps", [(0, 0, 0), (1795221493000, 0, 1795221493700), (-1, 1795221493000, 1795221493700)])
def test_where_a_begin_is_no_time_there_is_no_throughput(tmp_path, stamps):
    rows = [f"{stamp},40,brisk,200,OK,Group 1-2,text,true,,96" for stamp in stamps]
    records = contents(write(tmp_path, HEADER, *rows)).records
    assert {r.metric for r in records} == {"response_time", "error_rate"}


def outcome(content):
    source = Source("load.jtl", content=content)
    try:
        found = read(source, named("jmeter-jtl"), ForeignOptions(tolerance=0.9))
    except CannotDecideError as caught:
        return list(map(str, caught.diagnostics))
    return found.records, found.skipped, source.times.periods


def sample(rng, i, rate):
    odd = rng.random() < rate
    stamp = (
        rng.choice(["0", "-5", "", "2026/01/31 10:00:00", "20260131100000000", "x"])
        if odd
        else f"{1795221493660 + i * 50}"
    )
    took = rng.choice(["-1", "", "nan", "1e400", "elapsed", " 7 ", "+5", "1_0"]) if odd else f"{rng.randrange(400)}"
    success = rng.choice(["TRUE", " false ", "yes", ""]) if odd else rng.choice(["true", "true", "false"])
    return f"{stamp},{took},page {i % 3},200,OK,Group 1-{i % 2},text,{success},,96"


@pytest.mark.sampled
@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(n, marks=pytest.mark.heavy) for n in range(12, 40))])
def test_rows_in_columns_say_what_rows_one_by_one_say(seed):
    rng = random.Random(seed)
    rows = [HEADER, GOOD] + [sample(rng, i, 0.05) for i in range(300)]
    later = "\n".join(sample(rng, i, 0.0002 * (seed % 2)) for i in range(12_000))
    content = "\n".join(rows).encode() + b"\n" + later.encode()
    if seed % 4 > 1:
        content = mutated(rng, content)
    # a quote in a row that nobody reads makes all rows near it come one by one
    apart = re.sub(rb",(Group 1-.),", rb',"\1",', content)
    assert outcome(content) == outcome(apart)


def test_a_header_in_the_middle_of_many_rows_names_the_columns_anew(tmp_path):
    other = "elapsed,timeStamp,label,responseCode,x,y,z,success"
    rows = [HEADER, *[GOOD] * 9_000, other, *["7,1795221493660,slow,200,,,,true"] * 9_000]
    assert sorted(set(times(contents(write(tmp_path, *rows))))) == pytest.approx([0.007, 0.092])


def test_many_samples_are_kept_as_counts():
    rows = "\n".join(f"{1795221493660 + i},{i % 977},slow,200,OK,Group 1-2,text,true,,96" for i in range(70_000))
    record = next(r for r in outcome(f"{HEADER}\n{rows}\n".encode())[0] if r.metric == "response_time")
    assert (record.count, len(record.payload.values)) == (70_000, 0)
    assert sum(cell.size for cell in record.payload.cells) == 70_000
